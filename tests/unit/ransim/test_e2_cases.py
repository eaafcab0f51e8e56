"""The E2 node and the RIC together, over real gRPC: what may happen to associations, subscriptions, controls.

The cases are those that an E2 termination is usually tried with: nodes and RICs that restart or go down while
subscribed, identical and invalid subscriptions, their cancellation and deletion, requests without an answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rans import EPOCH, WORLD, ran
from ric_end import Loop, Ric, agents_of, loop, until

from cadran.radio import World
from cadran.wire.causes import Cause, ClosedError, ExpiredError, RefusedError
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.e2_node import E2Node
from cadran.wire.e2_reports import kpm_of, report_action
from cadran.wire.e2_server import E2Server
from cadran.wire.e2_session import DAPP_FUNCTION_ID, KPM_FUNCTION_ID, RC_FUNCTION_ID, key_of
from cadran.wire.gen.e2sm.v1 import dapp_pb2, kpm_pb2
from cadran.wire.kpm_actions import Condition, KpmAction, UeTest, trigger

FRAME_MS = round(1e3 * WORLD.frame_s)
VOLUME, USED = "DRB.RlcSduTransmittedVolumeDL", "RRU.PrbUsedDl"
BY_SLICE = KpmAction(1, (VOLUME, USED))
SIX = World.model_validate({**WORLD.model_dump(), "dus": 6, "ues": 36})


def policies(**maxima: int) -> list[Any]:
    """Quotas for the slices named by SST."""
    slices = {f"sst{one.sst}": one for one in SLICES}
    return [ratios_to_proto(Ratios(0, 0, high), slices[name]) for name, high in maxima.items()]


async def test_every_node_sets_up_and_reports_for_itself() -> None:
    async with loop(SIX) as on:
        assert sorted(on.ric.nodes) == list(range(6))
        taken = [(await on.subscribe(du, FRAME_MS, BY_SLICE))[1] for du in range(6)]
        (result,) = on.play(1)
        await until(lambda: all(taken))
        for du, ((_, message),) in enumerate(taken):
            told = [record.integer for record in message.meas_data if record.meas_name == USED]
            assert told == result.kpis.rb_ttis[du].tolist()


async def test_several_service_models_are_subscribed_to_side_by_side() -> None:
    async with loop(WORLD) as on:
        node = on.ric.nodes[0]
        await node.subscribe_reports("")
        _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
        on.agents.policy_status(0, dapp_pb2.PolicyStatus(du_id=0, running_version=5))
        on.play(3)
        await until(lambda: len(reports) == 3 and on.ric.statuses == [5])
        outcome = await node.control_slice_quota(policies(sst1=40))
        assert outcome.effective_frame == 3
        assert {one.ran_function_id for one in node.subscriptions.values()} == {2, 4}


async def test_several_reports_of_one_request_come_in_every_period() -> None:
    ues = KpmAction(5, (VOLUME,), ue_ids=(0, 1))
    condition = KpmAction(3, conditions=(Condition(VOLUME, (UeTest(slice=SLICES[0]),)),))
    async with loop(WORLD) as on:
        key, reports = await on.subscribe(0, 2 * FRAME_MS, BY_SLICE, ues, condition)
        on.play(4)
        await until(lambda: len(reports) == 6)
        kinds = [
            (header.last_frame, len(m.ue_meas_report_list), len(m.meas_cond_ue_id_list))
            for header, m in reports
        ]
        assert kinds == [(1, 0, 0), (1, 2, 0), (1, 0, 1), (3, 0, 0), (3, 2, 0), (3, 0, 1)]
        assert on.ric.nodes[0].subscriptions[key].missed == 0


@pytest.mark.parametrize("requestors", [(1, 1), (1, 2)])
async def test_identical_subscriptions_of_one_app_or_two_tell_the_same(requestors: tuple[int, int]) -> None:
    async with loop(WORLD) as on:
        taken: list[list[kpm_pb2.KpmIndicationMessage]] = [[], []]
        action = report_action(1, BY_SLICE.to_proto(FRAME_MS).SerializeToString())
        keys = [
            key_of(
                await on.ric.nodes[0].subscribe_actions(
                    KPM_FUNCTION_ID,
                    trigger(FRAME_MS),
                    [action],
                    requestor_id=requestor,
                    sink=lambda got, mine=mine: mine.append(kpm_of(got)[1]),
                )
            )
            for requestor, mine in zip(requestors, taken, strict=True)
        ]
        on.play(3)
        await until(lambda: len(taken[0]) == len(taken[1]) == 3)
        assert taken[0] == taken[1]
        await on.ric.nodes[0].unsubscribe(keys[0])
        on.play(1)
        await until(lambda: len(taken[1]) == 4)
        assert len(taken[0]) == 3


async def test_a_deleted_subscription_costs_the_ran_nothing_and_can_be_made_again() -> None:
    async with loop(WORLD) as on:
        for _ in range(2):
            key, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
            on.play(1)
            await until(lambda reports=reports: reports)
            await on.ric.nodes[0].unsubscribe(key)
            assert on.agents._kpm._groups == {}
            on.play(1)
            await asyncio.sleep(0.02)
            assert len(reports) == 1
        assert on.ric.errors == []


async def test_a_subscription_cancelled_before_its_answer_is_no_subscription() -> None:
    async with loop(WORLD) as on:
        waiting = asyncio.create_task(on.subscribe(0, FRAME_MS, BY_SLICE))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await on.subscribe(1, FRAME_MS, BY_SLICE)
        await until(
            lambda: all(one.du == 1 for group in on.agents._kpm._groups.values() for one in group.subscribers)
        )
        assert not on.ric.nodes[0].subscriptions


INVALID = {
    "an unknown function": (17, b"", b"", "ric_request/ran-function-id-invalid"),
    "a function without reports": (RC_FUNCTION_ID, b"", b"", "ric_request/ran-function-id-invalid"),
    "no trigger": (KPM_FUNCTION_ID, b"", b"", "ric_request/eventTriggerNotSupported"),
    "a broken trigger": (KPM_FUNCTION_ID, b"\xff", b"", "protocol/transfer-syntax-error"),
    "a broken action": (KPM_FUNCTION_ID, trigger(10), b"\xff", "protocol/transfer-syntax-error"),
    "no style": (KPM_FUNCTION_ID, trigger(10), b"", "ric_request/action-not-supported"),
    "an unknown measurement": (
        KPM_FUNCTION_ID,
        trigger(10),
        KpmAction(1, ("DRB.Unheard",)).to_proto(10).SerializeToString(),
        "ric_request/action-not-supported",
    ),
    "a UE that cannot be": (
        KPM_FUNCTION_ID,
        trigger(10),
        KpmAction(5, (VOLUME,), ue_ids=(0, 4000)).to_proto(10).SerializeToString(),
        "ric_request/action-not-supported",
    ),
    "a broken relay action": (DAPP_FUNCTION_ID, b"", b"\xff", "protocol/transfer-syntax-error"),
}


async def test_invalid_subscriptions_fail_with_their_causes_and_leave_nothing() -> None:
    async with loop(WORLD) as on:
        node = on.ric.nodes[0]
        for what, (function, event, definition, cause) in INVALID.items():
            with pytest.raises(RefusedError) as caught:
                await node.subscribe(function, event, definition)
            assert caught.value.cause.label == cause, what
        assert not node.subscriptions
        assert on.agents._kpm._groups == {}
        _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
        on.play(1)
        await until(lambda: reports)


async def test_invalid_controls_fail_with_their_causes_and_change_nothing() -> None:
    async with loop(WORLD) as on:
        node, before = on.ric.nodes[0], on.ran.ladders[0].fallback
        twice = policies(sst1=40) + policies(sst1=50)
        unknown = policies(sst1=40)
        unknown[0].rrm_policy_members[0].s_nssai.sst = 99
        disordered = [ratios_to_proto(Ratios(30, 20, 10), SLICES[0])]
        too_much = [ratios_to_proto(Ratios(0, 90, 90), SLICES[0])]  # with the minima of the others
        causes = []
        for asked in (twice, unknown, disordered, too_much):
            with pytest.raises(RefusedError) as caught:
                await node.control_slice_quota(asked)
            causes.append(caught.value.cause.name)
        assert causes == ["control-message-invalid"] * 3 + ["control-failed-to-execute"]
        assert on.ran.ladders[0].fallback is before


async def test_a_reset_ends_reports_and_keeps_what_controls_have_set() -> None:
    async with loop(WORLD) as on:
        _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
        _, of_the_other = await on.subscribe(1, FRAME_MS, BY_SLICE)
        await on.ric.nodes[0].control_slice_quota(policies(sst1=35))
        await on.ric.nodes[0].reset(Cause("misc", "om-intervention", "test"))
        on.play(1)
        await until(lambda: of_the_other)
        assert reports == []
        assert int(on.ran.ladders[0].fallback.max_percent[0]) == 35
        _, again = await on.subscribe(0, FRAME_MS, BY_SLICE)
        on.play(1)
        await until(lambda: again)


async def test_a_node_that_goes_down_ends_its_subscriptions_and_the_waits_for_it() -> None:
    async with loop(WORLD) as on:
        _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
        node = on.ric.nodes[0]
        session = on.agents._agents[0]._session
        assert session is not None
        session._dispatch["ric_control_request"] = lambda pdu: None
        waiting = asyncio.create_task(node.control_slice_quota(policies(sst1=40)))
        await asyncio.sleep(0.02)
        await on.agents.stop()
        with pytest.raises(ClosedError):
            await waiting
        await until(lambda: sorted(on.ric.closed) == [0, 1])
        assert on.agents._kpm._groups == {}
        with pytest.raises(ClosedError):
            await node.subscribe_kpm((VOLUME,), FRAME_MS)
        on.play(1)
        assert reports == []


async def test_a_node_that_restarts_is_a_new_association_without_subscriptions() -> None:
    ric = Ric()
    server = E2Server("127.0.0.1:0", ric)
    port = await server.start()
    nodes: list[E2Node] = []
    for _ in range(2):
        made = ran()
        agents = agents_of(made, WORLD, port)
        agents.start()
        await until(lambda: len(ric.nodes) == WORLD.dus)
        on = Loop(made, agents, ric)
        nodes.append(ric.nodes[0])
        assert not ric.nodes[0].subscriptions
        _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
        on.play(2)
        await until(lambda reports=reports: len(reports) == 2)
        assert [(header.epoch, header.first_frame) for header, _ in reports] == [(EPOCH, 0), (EPOCH, 1)]
        await agents.stop()
        await until(lambda: not ric.nodes)
    assert nodes[0] is not nodes[1]
    await server.stop()


async def test_a_ric_that_restarts_finds_the_nodes_again_and_they_have_forgotten_the_old_one() -> None:
    made, first = ran(), Ric()
    server = E2Server("127.0.0.1:0", first)
    port = await server.start()
    agents = agents_of(made, WORLD, port)
    agents.start()
    await until(lambda: len(first.nodes) == WORLD.dus)
    before = Loop(made, agents, first)
    await before.subscribe(0, FRAME_MS, BY_SLICE)
    await first.nodes[0].control_slice_quota(policies(sst1=35))
    await server.stop()
    await until(lambda: agents._kpm._groups == {})
    before.play(3)  # the RAN goes on without it
    ric = Ric()
    again = E2Server(f"127.0.0.1:{port}", ric)
    await again.start()
    await until(lambda: len(ric.nodes) == WORLD.dus)
    on = Loop(made, agents, ric)
    assert ric.nodes[0].request.next_frame == 3
    _, reports = await on.subscribe(0, FRAME_MS, BY_SLICE)
    on.play(1)
    await until(lambda: reports)
    assert reports[0][0].first_frame == 3
    assert int(made.ladders[0].fallback.max_percent[0]) == 35  # what was set stays
    await agents.stop()
    await again.stop()


async def test_requests_without_an_answer_expire_and_the_association_goes_on() -> None:
    async with loop(WORLD) as on:
        node, session = on.ric.nodes[0], on.agents._agents[0]._session
        assert session is not None
        heard = dict(session._dispatch)
        for kind in ("ric_subscription_request", "ric_control_request"):
            session._dispatch[kind] = lambda pdu: None
        patient_s, node._pending._timeout_s = node._pending._timeout_s, 0.2
        with pytest.raises(ExpiredError, match="control-timer-expired"):
            await node.subscribe_kpm((VOLUME,), FRAME_MS)
        with pytest.raises(ExpiredError, match="control-timer-expired"):
            await node.control_slice_quota(policies(sst1=40))
        session._dispatch.update(heard)
        node._pending._timeout_s = patient_s
        assert not node.subscriptions
        await on.subscribe(0, FRAME_MS, BY_SLICE)
        assert on.ric.closed == []
