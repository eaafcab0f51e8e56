"""Reset, error indication, RIC service update and query, E2 node configuration update: both sides of each."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from cadran.wire.causes import Cause, ClosedError, ExpiredError, RefusedError, WireError
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    E2_SERVICE,
    KPM_FUNCTION_ID,
    RC_FUNCTION_ID,
    key_of,
    serialise,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, kpm_pb2
from cadran.wire.link import Lane

from .parties import (
    FACTS,
    FUNCTIONS,
    Counters,
    Node,
    Xapp,
    accepted,
    answers_within,
    associated,
    e2_server,
    node_client,
    ran_function,
    raw,
    running,
    until,
)

BY_HAND = Cause("misc", "om-intervention", "an operator asked for it")
NOT_NOW = Cause("ric_request", "system-not-ready", "not now")


def send_kpm(node: Node) -> None:
    assert node.session is not None
    subscription = next(one for one in node.subscriptions if one.ran_function_id == KPM_FUNCTION_ID)
    node.session.send_kpm(subscription, kpm_pb2.KpmIndicationHeader(), kpm_pb2.KpmIndicationMessage())


# --------------------------------------------------------------------------------------------- reset


@pytest.mark.parametrize("by_node", [False, True])
async def test_a_reset_drops_subscriptions_and_waits_and_keeps_the_association(by_node: bool) -> None:
    async with associated() as (xapp, ric, node, session):
        await ric.subscribe_reports("abc")
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        session.send_report(dapp_pb2.DappReport(rows=b"before"))
        send_kpm(node)
        if not by_node:
            await until(lambda: xapp.reports and xapp.kpm)
        await (session if by_node else ric).reset(BY_HAND)
        await until(lambda: node.resets and xapp.resets)
        assert (xapp.resets, node.resets) == ([BY_HAND], [BY_HAND])
        assert xapp.reports == [b"before"]
        assert not ric.subscriptions
        assert not node.subscriptions
        with pytest.raises(WireError, match="not-stored"):
            session.send_report(dapp_pb2.DappReport(rows=b"lost"))
        assert ric.open
        assert session.open
        assert ric.functions == session.functions == FUNCTIONS
        await ric.subscribe_reports("abc")
        session.send_report(dapp_pb2.DappReport(rows=b"after"))
        await until(lambda: xapp.reports == [b"before", b"after"])
        assert (xapp.closed, xapp.errors, node.errors) == ([], [], [])


async def test_a_reset_ends_the_waits_for_answers() -> None:
    async with associated() as (_, ric, _node, session):
        session._send, sending = lambda *_: None, session._send  # type: ignore[method-assign]
        wait = asyncio.create_task(ric.subscribe_kpm(["RRC.ConnMean"], 100))
        await until(lambda: session._subscriptions.drop_all())
        session._send = sending  # type: ignore[method-assign]
        await ric.reset(BY_HAND)
        with pytest.raises(ClosedError, match="om-intervention"):
            await wait
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)


async def test_indications_under_way_during_a_reset_are_discarded_and_counted() -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, ric, node, _session):
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        reset = asyncio.create_task(ric.reset(BY_HAND))
        await asyncio.sleep(0)
        send_kpm(node)  # before the node has heard of it
        await reset
        label = "protocol/message-not-compatible-with-receiver-state"
        assert counters.seen["refused", "e2", "ric_indication", label] == 1
        assert (xapp.kpm, node.errors) == ([], [])


async def test_two_resets_at_once_are_one() -> None:
    async with associated() as (xapp, ric, node, session):
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        await asyncio.gather(ric.reset(BY_HAND), session.reset(NOT_NOW))
        await until(lambda: xapp.resets and node.resets)
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        assert (len(xapp.resets), len(node.resets)) == (1, 1)
        assert ric.open


async def test_nothing_is_asked_while_a_reset_goes_on() -> None:
    async with associated() as (_, ric, _node, session):
        reset = asyncio.create_task(ric.reset(BY_HAND))
        await asyncio.sleep(0)
        with pytest.raises(ClosedError, match="a reset is going on"):
            await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        with pytest.raises(ClosedError, match="a reset is going on"):
            await ric.reset(BY_HAND)
        await reset
        again = asyncio.create_task(session.reset(BY_HAND))
        await asyncio.sleep(0)
        with pytest.raises(ClosedError, match="a reset is going on"):
            await session.update_configuration(FACTS)
        await again


@pytest.mark.parametrize("by_node", [False, True])
async def test_a_reset_without_an_answer_ends_the_association(by_node: bool) -> None:
    async with associated() as (xapp, ric, _node, session):
        asking, silent = (session, ric) if by_node else (ric, session)
        silent._send = lambda *_: None  # type: ignore[method-assign, attr-defined]
        answers_within(asking, 0.1)
        with pytest.raises(ExpiredError):
            await asking.reset(BY_HAND)
        await until(lambda: xapp.closed and len(xapp.nodes) == 2)  # and it comes back


# ---------------------------------------------------------------------------------- error indication


@pytest.mark.parametrize("by_node", [False, True])
async def test_an_error_indication_ends_the_procedure_that_it_names(by_node: bool) -> None:
    async with associated() as (_, ric, _node, session):
        asking, other = (session, ric) if by_node else (ric, session)
        other._dispatch.pop("reset_request")  # as a peer that knows no reset
        with pytest.raises(RefusedError) as caught:
            await asking.reset(BY_HAND)
        assert caught.value.cause.label == "protocol/message-not-compatible-with-receiver-state"


async def test_an_error_indication_about_no_request_is_for_the_handler() -> None:
    async with associated() as (xapp, ric, node, session):
        about = e2ap_pb2.ErrorIndication(cause=NOT_NOW.to_proto(), transaction_id=77)
        ric._send(Lane.FAST, "error_indication", about)
        session._send(Lane.FAST, "error_indication", about)
        await until(lambda: node.errors and xapp.errors)
        assert node.errors == xapp.errors == [NOT_NOW]


async def test_an_answer_to_nothing_is_an_error_that_ends_no_other_procedure() -> None:
    async with associated() as (_, ric, node, session):
        await ric.reset(BY_HAND)
        number = ric._transaction
        session._send(Lane.FAST, "reset_response", e2ap_pb2.ResetResponse(transaction_id=number))
        await until(lambda: node.errors)
        assert node.errors[0].label == "ric_request/request-id-unknown"
        assert ric.open


# ------------------------------------------------------------------------ RIC service update and query


async def test_functions_come_change_and_go_while_the_association_stays() -> None:
    async with associated() as (xapp, ric, node, session):
        await ric.subscribe_reports("abc")
        kpm = await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        answer = await session.update_service(
            e2ap_pb2.RicServiceUpdate(
                ran_functions_added=[ran_function(99)],
                ran_functions_modified=[ran_function(RC_FUNCTION_ID, 2)],
                ran_functions_deleted=accepted([ran_function(KPM_FUNCTION_ID)]),
            )
        )
        assert list(answer.ran_functions_accepted) == accepted([ran_function(RC_FUNCTION_ID, 2)])
        assert [one.ran_function_id for one in answer.ran_functions_rejected] == [99]
        assert session.functions == (RC_FUNCTION_ID, DAPP_FUNCTION_ID, 99)
        assert ric.functions == (RC_FUNCTION_ID, DAPP_FUNCTION_ID)
        assert key_of(kpm) not in ric.subscriptions
        assert [one.ran_function_id for one in node.subscriptions] == [DAPP_FUNCTION_ID]
        with pytest.raises(RefusedError, match="this node offers"):
            await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        await session.update_service(
            e2ap_pb2.RicServiceUpdate(ran_functions_added=[ran_function(KPM_FUNCTION_ID)])
        )
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        send_kpm(node)
        await until(lambda: xapp.kpm)


async def test_a_control_of_a_function_that_is_not_offered_fails() -> None:
    async with associated() as (_, ric, _node, session):
        gone = accepted([ran_function(RC_FUNCTION_ID)])
        await session.update_service(e2ap_pb2.RicServiceUpdate(ran_functions_deleted=gone))
        with pytest.raises(RefusedError, match="ran-function-id-invalid"):
            await ric.control_slice_quota([])


@pytest.mark.parametrize("procedure", ["service", "configuration"])
async def test_a_refused_update_is_repeated_after_the_time_to_wait(procedure: str) -> None:
    async with associated() as (xapp, ric, _node, session):
        xapp.refuse = NOT_NOW
        began_s = time.monotonic()
        update: Any = (
            session.update_service(e2ap_pb2.RicServiceUpdate())
            if procedure == "service"
            else session.update_configuration(FACTS)
        )
        waiting = asyncio.create_task(update)
        await until(lambda: xapp.updates or xapp.facts)
        xapp.refuse = None
        await waiting
        assert time.monotonic() - began_s >= 1.0  # what the failure asked for
        assert len(xapp.updates or xapp.facts) == 2
        assert ric.open


async def test_an_update_refused_three_times_is_refused() -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, _ric, _node, session):
        xapp.refuse = NOT_NOW
        with pytest.raises(RefusedError, match="not now"):
            await session.update_configuration(FACTS)
        label = "ric_request/system-not-ready"
        assert counters.seen["refused", "e2", "e2_node_configuration_update", label] == 3


@pytest.mark.parametrize(
    ("update", "cause"),
    [
        (
            e2ap_pb2.RicServiceUpdate(ran_functions_added=[ran_function(n) for n in range(10, 264)]),
            "ric_service/excessive-functions",
        ),
        (
            e2ap_pb2.RicServiceUpdate(ran_functions_added=[ran_function(7), ran_function(7)]),
            "protocol/semantic-error",
        ),
        (e2ap_pb2.RicServiceUpdate(ran_functions_added=[ran_function(4096)]), "protocol/semantic-error"),
    ],
)
async def test_impossible_functions_are_refused(update: e2ap_pb2.RicServiceUpdate, cause: str) -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, ric, _node, session):
        session._send(Lane.FAST, "ric_service_update", update)
        await until(lambda: counters.seen.get(("refused", "e2", "ric_service_update", cause)))
        assert xapp.updates == []
        assert ric.functions == FUNCTIONS
    node = Node()
    node.request.ran_functions_added.extend(update.ran_functions_added)
    async with e2_server(Xapp()) as (_, port), running(node_client(port, node)):
        await until(lambda: node.closed)
        assert node.closed[0].label == cause


async def test_a_query_brings_what_the_ric_does_not_know() -> None:
    xapp, node = Xapp(), Node()
    node.request.ran_functions_added.append(ran_function(99))
    async with associated(xapp, node) as (_, ric, _node, session):
        ric._functions.update(  # the RIC has lost one, holds one that is old, and one that never was
            e2ap_pb2.RicServiceUpdate(
                ran_functions_added=[ran_function(17), ran_function(KPM_FUNCTION_ID, 7)],
                ran_functions_deleted=accepted([ran_function(RC_FUNCTION_ID), ran_function(99)]),
            )
        )
        ric.query_service()
        await until(lambda: xapp.updates and ric.functions == FUNCTIONS)
        (update,) = xapp.updates
        assert [one.ran_function_id for one in update.ran_functions_added] == [RC_FUNCTION_ID, 99]
        assert [one.ran_function_id for one in update.ran_functions_modified] == [KPM_FUNCTION_ID]
        assert [one.ran_function_id for one in update.ran_functions_deleted] == [17]
        assert session.functions == (*FUNCTIONS, 99)


# ----------------------------------------------------------------------- E2 node configuration update


async def test_the_ric_takes_new_facts() -> None:
    async with associated() as (xapp, ric, _node, session):
        changed = common_pb2.RanFacts()
        changed.CopyFrom(FACTS)
        changed.total_ues = 7
        await session.update_configuration(changed)
        assert xapp.facts == [changed]
        assert ric.request.ran_facts == changed


# ------------------------------------------------------------------------------- whatever may arrive

KINDS = [field.name for field in e2ap_pb2.E2apPdu.DESCRIPTOR.oneofs_by_name["pdu"].fields]


def _empty(kind: str) -> bytes:
    fields: dict[str, Any] = {kind: {}}
    return serialise(kind, getattr(e2ap_pb2.E2apPdu(**fields), kind))


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_pdu_of_any_kind_leaves_both_ends_alive(kind: str) -> None:
    counters = Counters()
    async with associated(counters=counters) as (xapp, ric, node, session):
        of_this_kind = ("received", "e2", kind)
        before = counters.seen.get(of_this_kind, 0)
        for end in (ric, session):
            end._post(Lane.FAST, kind, _empty(kind))
        await until(lambda: counters.seen.get(of_this_kind, 0) >= before + 2)
        await until(lambda: not (ric._resetting or session._resetting))
        await ric.subscribe_kpm(["RRC.ConnMean"], 100)
        send_kpm(node)
        await until(lambda: xapp.kpm)
        assert (len(xapp.nodes), node.closed) == (1, [])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "e2_setup_request"])
async def test_before_the_setup_every_other_pdu_is_out_of_state(kind: str) -> None:
    counters = Counters()
    async with e2_server(Xapp(), counters) as (_, port), raw(port, E2_SERVICE) as call:
        await call.write(_empty(kind))
        answer = e2ap_pb2.E2apPdu.FromString(await call.read())
        assert answer.error_indication.cause.protocol == 4  # message-not-compatible-with-receiver-state
        label = "protocol/message-not-compatible-with-receiver-state"
        await until(lambda: counters.seen.get(("closed", "e2", label)))
