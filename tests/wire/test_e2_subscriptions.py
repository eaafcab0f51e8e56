"""RIC subscriptions on both sides: several actions, deletion by either side, requests that are given up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cadran.wire.causes import Cause, ExpiredError, RefusedError, from_proto
from cadran.wire.e2_client import E2Session
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_pending import Pending
from cadran.wire.e2_reports import kpm_of, report_action
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, key_of, request_id
from cadran.wire.e2_subscriptions import MAX_ADMITTED, Subscription
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2
from cadran.wire.link import Lane

from .parties import Counters, answers_within, associated, until

TRIGGER = kpm_pb2.KpmEventTriggerDefinition(reporting_period_ms=100).SerializeToString()
BUSY = Cause("misc", "control-processing-overload", "too many reports")


def kpm_action(action_id: int, *names: str, style: int = 1) -> e2ap_pb2.RicActionToBeSetup:
    definition = kpm_pb2.KpmActionDefinition(ric_style_type=style, meas_names=names, granul_period_ms=100)
    return report_action(action_id, definition.SerializeToString())


def then(action: e2ap_pb2.RicActionToBeSetup, kind: int) -> e2ap_pb2.RicActionToBeSetup:
    action.ric_subsequent_action.ric_subsequent_action_type = kind  # type: ignore[assignment]
    return action


def send_kpm(session: E2Session, subscription: Subscription, period_ms: int = 100) -> None:
    message = kpm_pb2.KpmIndicationMessage(granul_period_ms=period_ms)
    session.send_kpm(subscription, kpm_pb2.KpmIndicationHeader(), message)


async def subscribe(ric: E2Node, *actions: Any, **choices: Any) -> e2ap_pb2.RicSubscriptionResponse:
    return await ric.subscribe_actions(KPM_FUNCTION_ID, TRIGGER, actions, **choices)


def refusals(response: e2ap_pb2.RicSubscriptionResponse) -> dict[int, str]:
    """The cause of each action that was not admitted."""
    return {entry.ric_action_id: from_proto(entry.cause).label for entry in response.ric_actions_not_admitted}


async def test_of_several_actions_those_possible_are_admitted_and_the_others_named() -> None:
    async with associated() as (_, ric, node, _session):
        actions = [
            kpm_action(1, "RRU.PrbUsedDl"),
            kpm_action(2, "DRB.Unheard"),
            kpm_action(3, "DRB.UEThpDl"),
            kpm_action(3, "RRC.ConnMean"),
            kpm_action(300, "RRC.ConnMean"),
            then(kpm_action(4, "RRC.ConnMean"), e2ap_pb2.RIC_SUBSEQUENT_ACTION_TYPE_WAIT),
            then(kpm_action(5, "RRC.ConnMean"), e2ap_pb2.RIC_SUBSEQUENT_ACTION_TYPE_CONTINUE),
            then(kpm_action(6, "RRC.ConnMean"), e2ap_pb2.RIC_SUBSEQUENT_ACTION_TYPE_UNSPECIFIED),
        ]
        response = await subscribe(ric, *actions)
        assert list(response.ric_actions_admitted) == [1, 3, 5]
        assert refusals(response) == {
            2: "ric_request/action-not-supported",
            3: "ric_request/duplicate-action",
            300: "ric_request/action-not-supported",
            4: "ric_request/inconsistent-action-subsequent-action-sequence",
            6: "ric_request/inconsistent-action-subsequent-action-sequence",
        }
        assert [one.meas_names for one in node.subscriptions] == [
            ("RRU.PrbUsedDl",), ("DRB.UEThpDl",), ("RRC.ConnMean",)
        ]  # fmt: skip


async def test_actions_of_one_request_share_its_sequence_numbers() -> None:
    taken: list[tuple[int, int]] = []
    async with associated() as (xapp, ric, node, session):
        response = await subscribe(
            ric, kpm_action(1, "RRU.PrbUsedDl"), kpm_action(9, "RRC.ConnMean"),
            sink=lambda got: taken.append((got.ric_action_id, got.ric_indication_sn)),
        )  # fmt: skip
        first, second = node.subscriptions
        for one in (first, second, second, first):
            send_kpm(session, one)
        await until(lambda: len(taken) == 4)
        assert taken == [(1, 0), (9, 1), (9, 2), (1, 3)]
        assert ric.subscriptions[key_of(response)].missed == 0
        assert xapp.kpm == []


@pytest.mark.parametrize(
    ("actions", "cause"),
    [
        ([kpm_action(number, "RRC.ConnMean") for number in range(17)], "ric_request/excessive-actions"),
        ([], "protocol/abstract-syntax-error-falsely-constructed-message"),
        ([kpm_action(1, "RRC.ConnMean", style=9)], "ric_request/action-not-supported"),
        ([e2ap_pb2.RicActionToBeSetup(ric_action_id=1)], "ric_request/action-not-supported"),
    ],
)
async def test_a_request_of_which_nothing_is_possible_fails(actions: list[Any], cause: str) -> None:
    counters = Counters()
    async with associated(counters=counters) as (_, ric, node, _session):
        with pytest.raises(RefusedError) as caught:
            await subscribe(ric, *actions)
        assert caught.value.cause.label == cause
        assert counters.seen["refused", "e2", "ric_subscription_request", cause] == 1
        assert not ric.subscriptions
        assert not node.subscriptions


async def test_a_node_admits_so_many_actions_and_no_more() -> None:
    sixteen = [kpm_action(number, "RRC.ConnMean") for number in range(16)]
    async with associated() as (_, ric, node, _session):
        responses = [await subscribe(ric, *sixteen) for _ in range(MAX_ADMITTED // 16)]
        with pytest.raises(RefusedError, match="function-resource-limit"):
            await subscribe(ric, sixteen[0])
        await ric.unsubscribe(key_of(responses[0]))
        await subscribe(ric, *sixteen)
        assert len(node.subscriptions) == MAX_ADMITTED


async def test_a_deleted_subscription_says_nothing_more_and_the_others_go_on() -> None:
    async with associated() as (xapp, ric, node, session):
        await ric.subscribe_reports("abc")
        gone = await ric.subscribe_kpm(["RRU.PrbUsedDl"], 100)
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        _, deleted, kept = node.subscriptions
        send_kpm(session, deleted)
        await ric.unsubscribe(key_of(gone))
        assert len(xapp.kpm) == 1  # the answer came after what was sent before it
        assert node.subscriptions[1:] == [kept]
        send_kpm(session, kept)
        session.send_report(dapp_pb2.DappReport(rows=b"row"))
        await until(lambda: len(xapp.kpm) == 2 and xapp.reports == [b"row"])
        assert xapp.errors == []


async def test_an_answer_to_a_deletion_comes_after_the_reports_before_it() -> None:
    async with associated() as (xapp, ric, node, session):
        response = await ric.subscribe_reports("abc")
        for index in range(200):
            session.send_report(dapp_pb2.DappReport(rows=b"%d" % index))
        await ric.unsubscribe(key_of(response))
        assert len(xapp.reports) == 200
        assert node.errors == []


async def test_a_deletion_of_something_unknown_fails_with_the_cause() -> None:
    counters = Counters()
    async with associated(counters=counters) as (_, ric, _node, session):
        known = key_of(await subscribe(ric, kpm_action(1, "RRC.ConnMean")))
        with pytest.raises(KeyError):
            await ric.unsubscribe((1, 9999))
        session._subscriptions.drop(known)
        with pytest.raises(RefusedError, match="request-id-unknown"):
            await ric.unsubscribe(known)
        other = key_of(await subscribe(ric, kpm_action(1, "RRC.ConnMean")))
        ric.subscriptions[other].ran_function_id = DAPP_FUNCTION_ID
        with pytest.raises(RefusedError, match="ran-function-id-invalid"):
            await ric.unsubscribe(other)
        assert len(session._subscriptions.drop(other)) == 1
        refused = {
            key[-1]
            for key in counters.seen
            if key[:3] == ("refused", "e2", "ric_subscription_delete_request")
        }
        assert refused == {"ric_request/request-id-unknown", "ric_request/ran-function-id-invalid"}


async def test_a_node_can_have_subscriptions_deleted() -> None:
    async with associated() as (xapp, ric, node, session):
        key = key_of(await subscribe(ric, kpm_action(1, "RRC.ConnMean"), kpm_action(2, "RRU.PrbUsedDl")))
        session.require_delete(node.subscriptions, BUSY)
        session.require_delete(node.subscriptions, BUSY)
        await until(lambda: xapp.to_be_removed)
        send_kpm(session, node.subscriptions[0])  # it goes on until it is deleted
        await until(lambda: xapp.kpm)
        assert xapp.to_be_removed == [(key, BUSY)]
        await ric.unsubscribe(key)
        assert node.subscriptions == []
        with pytest.raises(ValueError, match="0 subscriptions"):
            session.require_delete([], BUSY)


async def test_a_node_that_wants_unknown_subscriptions_deleted_is_told() -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, ric, node, session):
        key = key_of(await subscribe(ric, kpm_action(1, "RRC.ConnMean")))
        session.require_delete([*node.subscriptions, Subscription((7, 7), KPM_FUNCTION_ID, 1)], BUSY)
        session._send(Lane.FAST, "ric_subscription_delete_required", e2ap_pb2.RicSubscriptionDeleteRequired())
        await until(lambda: len(node.errors) == 2)
        assert [cause.label for cause in node.errors] == [
            "ric_request/request-id-unknown", "protocol/semantic-error"
        ]  # fmt: skip
        assert xapp.to_be_removed == [(key, BUSY)]


async def test_a_node_cannot_have_deleted_what_it_has_not_admitted() -> None:
    async with associated() as (xapp, ric, node, session):
        sending, session._send = session._send, lambda *_: None  # type: ignore[method-assign]
        wait = asyncio.create_task(subscribe(ric, kpm_action(1, "RRC.ConnMean")))
        await until(lambda: node.subscriptions)
        session._send = sending  # type: ignore[method-assign]
        session.require_delete(node.subscriptions, BUSY)
        await until(lambda: node.errors)
        assert node.errors[0].label == "ric_request/request-id-unknown"
        assert xapp.to_be_removed == []
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)


async def test_a_key_is_asked_by_again_as_soon_as_the_answer_has_come() -> None:
    pending: Pending[int] = Pending(asyncio.get_running_loop().create_future(), 60.0)
    first = asyncio.create_task(pending.ask(1, "one", lambda: None))
    await asyncio.sleep(0)
    pending.answer(1, e2ap_pb2.E2apPdu())
    second = asyncio.create_task(pending.ask(1, "two", lambda: None))
    await first
    await until(lambda: pending.waits(1))
    pending.answer(1, e2ap_pb2.E2apPdu())
    await second


async def test_a_subscription_given_up_before_its_answer_ends_at_the_node() -> None:
    async with associated() as (_xapp, ric, node, _session):
        wait = asyncio.create_task(subscribe(ric, kpm_action(1, "RRC.ConnMean")))
        await asyncio.sleep(0)
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)
        await until(lambda: node.errors)
        assert node.errors[0].label == "ric_request/request-id-unknown"
        assert node.subscriptions == []
        assert not ric.subscriptions
        await subscribe(ric, kpm_action(1, "RRC.ConnMean"))


async def test_a_lost_answer_expires_and_the_node_is_told_with_the_first_indication() -> None:
    async with associated() as (xapp, ric, node, session):
        sending, session._send = session._send, lambda *_: None  # type: ignore[method-assign]
        answers_within(ric, 0.1)
        with pytest.raises(ExpiredError):
            await subscribe(ric, kpm_action(1, "RRC.ConnMean"))
        await until(lambda: node.subscriptions)
        session._send = sending  # type: ignore[method-assign]
        send_kpm(session, node.subscriptions[0])
        await until(lambda: not node.subscriptions)
        assert xapp.kpm == []


async def test_identical_subscriptions_of_one_app_and_of_two_are_served_alike_and_apart() -> None:
    taken: dict[int, list[int]] = {0: [], 1: [], 2: []}
    async with associated() as (_, ric, node, session):
        responses = [
            await subscribe(
                ric, kpm_action(1, "RRC.ConnMean"), requestor_id=requestor,
                sink=lambda got, app=app: taken[app].append(kpm_of(got)[1].granul_period_ms),
            )
            for app, requestor in enumerate((1, 1, 2))
        ]  # fmt: skip
        assert len({key_of(response) for response in responses}) == 3
        for subscription in tuple(node.subscriptions):
            send_kpm(session, subscription, 50)
        await until(lambda: taken == {0: [50], 1: [50], 2: [50]})
        await ric.unsubscribe(key_of(responses[1]))
        for subscription in tuple(node.subscriptions):
            send_kpm(session, subscription, 60)
        await until(lambda: taken == {0: [50, 60], 1: [50], 2: [50, 60]})


async def test_an_indication_that_does_not_fit_its_subscription_is_refused() -> None:
    async with associated() as (xapp, ric, node, session):
        await subscribe(ric, kpm_action(1, "RRC.ConnMean"))
        (subscription,) = node.subscriptions
        wrong = [
            Subscription(subscription.key, KPM_FUNCTION_ID, 2),
            Subscription(subscription.key, DAPP_FUNCTION_ID, 1),
        ]
        for one in wrong:
            send_kpm(session, one)
        await until(lambda: len(node.errors) == 2)
        assert [cause.label for cause in node.errors] == [
            "ric_request/action-not-supported", "ric_request/ran-function-id-invalid"
        ]  # fmt: skip
        assert xapp.kpm == []


async def test_a_request_that_arrives_twice_is_one_subscription_that_goes_on() -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, ric, node, session):
        sending = ric._send

        def twice(lane: Lane, kind: str, message: Any) -> None:
            for _ in range(2):
                sending(lane, kind, message)

        ric._send = twice  # type: ignore[method-assign]
        await subscribe(ric, kpm_action(1, "RRC.ConnMean"))
        ric._send = sending  # type: ignore[method-assign]
        key = node.subscriptions[0].key
        again = e2ap_pb2.RicSubscriptionResponse(ric_request_id=request_id(key), ran_function_id=2)
        session._send(Lane.FAST, "ric_subscription_response", again)
        label = "ric_request/duplicate-ric-request-id"
        await until(lambda: counters.seen.get(("refused", "e2", "ric_subscription_response", label)))
        send_kpm(session, node.subscriptions[0])
        await until(lambda: xapp.kpm)
        assert node.errors == []
