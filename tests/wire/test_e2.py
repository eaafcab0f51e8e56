"""E2 associations over gRPC on loopback: setup, subscriptions, control with outcome, relay, reconnection."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from cadran.wire.causes import Cause, ClosedError, ExpiredError, QueueFullError, RefusedError, WireError
from cadran.wire.chunks import CHUNK_BYTES, MAX_ARTEFACT_BYTES, Artefact
from cadran.wire.codecs import SLICES, QuotaArrays, quota_to_proto
from cadran.wire.e2_session import DAPP_FUNCTION_ID, E2_SERVICE, KPM_FUNCTION_ID, SN_MODULUS, serialise
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, guard_pb2, kpm_pb2, rc_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import indication_message
from cadran.wire.kpm_window import KpmAccumulator

from .parties import FACTS, Counters, Node, Xapp, answers_within, e2_server, node_client, raw, running, until


def _quota(minimum: list[int], maximum: list[int]) -> list[rc_pb2.RrmPolicyRatio]:
    columns = (np.zeros(3, np.int32), np.array(minimum, np.int32), np.array(maximum, np.int32))
    return quota_to_proto(QuotaArrays(*columns))


def _report(rows: bytes) -> dapp_pb2.DappReport:
    return dapp_pb2.DappReport(du_id=0, schema_fingerprint="abc", row_count=1, rows=rows)


async def test_setup_tells_the_xapp_the_node() -> None:
    xapp, node, counters = Xapp(), Node(du_id=4), Counters()
    async with e2_server(xapp, counters) as (server, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        assert list(server.nodes) == [4]
        assert xapp.nodes[0].request.ran_facts == FACTS
    await until(lambda: xapp.closed)
    assert counters.seen["opened", "e2"] == 1


async def test_setup_defines_the_measurements_of_function_2() -> None:
    xapp, node = Xapp(), Node()
    own = e2ap_pb2.RanFunction(ran_function_id=DAPP_FUNCTION_ID, ran_function_definition=b"own")
    del node.request.ran_functions_added[:]
    node.request.ran_functions_added.extend([e2ap_pb2.RanFunction(ran_function_id=KPM_FUNCTION_ID), own])
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: xapp.nodes)
        kpm, relay = xapp.nodes[0].request.ran_functions_added
    defined = kpm_pb2.KpmRanFunctionDefinition.FromString(kpm.ran_function_definition)
    assert [measurement.meas_name for measurement in defined.measurements] == list(REGISTRY)
    assert relay == own


async def test_a_refused_setup_names_cause_and_time_to_wait() -> None:
    xapp, node = Xapp(), Node()
    xapp.refuse = Cause("ric_request", "system-not-ready", "the store is not there")
    began_s = time.monotonic()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: len(node.closed) >= 2)
        assert node.closed[:2] == [xapp.refuse] * 2
        assert time.monotonic() - began_s >= 1.0  # as the failure asked for; the backoff alone would be 50 ms
        xapp.refuse = None
        await until(lambda: node.session)


async def test_reports_flow_once_subscribed() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        assert node.session is not None
        with pytest.raises(WireError, match="not-stored"):
            node.session.send_report(_report(b"lost"))
        await xapp.nodes[0].subscribe_reports("abc")
        for index in range(50):
            node.session.send_report(_report(b"%d" % index))
        node.session.send_policy_status(dapp_pb2.PolicyStatus(running_version=3))
        await until(lambda: xapp.statuses)
        assert xapp.reports == [b"%d" % index for index in range(50)]
        assert xapp.statuses == [3]


async def test_sequence_numbers_wrap_and_show_gaps() -> None:
    xapp, node, counters = Xapp(), Node(), Counters()
    async with e2_server(xapp, counters) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        assert node.session is not None
        await xapp.nodes[0].subscribe_kpm(["RRU.PrbTotDl"], 100)
        (subscription,) = node.subscriptions
        window = KpmAccumulator(1, 3, 0.01, 1, 100).take()[0]
        message = indication_message(subscription.meas_names, window, SLICES, 100)
        for sequence in (0, 1, 5, 30_000, 60_000, SN_MODULUS - 1, 0, SN_MODULUS - 1, 0, 1):
            subscription.numbers.next = sequence
            node.session.send_kpm(subscription, kpm_pb2.KpmIndicationHeader(), message)
        await until(lambda: len(xapp.kpm) == 10)
        # The late and the doubled one are no gaps.
        assert counters.seen["missed", "e2"] == 3 + (SN_MODULUS - 1 - 6) - 2
        (seen,) = xapp.nodes[0].subscriptions.values()
        assert (seen.received, seen.missed) == (10, counters.seen["missed", "e2"])


@pytest.mark.parametrize(
    ("names", "period_ms", "cause"),
    [
        (["DRB.Unheard"], 100, "ric_request/action-not-supported"),
        ([], 100, "ric_request/action-not-supported"),
        (["RRU.PrbTotDl"], 0, "ric_request/eventTriggerNotSupported"),
    ],
)
async def test_impossible_subscriptions_are_refused(names: list[str], period_ms: int, cause: str) -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        with pytest.raises(RefusedError) as caught:
            await xapp.nodes[0].subscribe_kpm(names, period_ms)
        assert caught.value.cause.label == cause
        with pytest.raises(RefusedError, match="schema-mismatch"):
            await xapp.nodes[0].subscribe_reports("other")
        with pytest.raises(RefusedError, match="ran-function-id-invalid"):
            await xapp.nodes[0].subscribe(17, b"", b"")
        with pytest.raises(RefusedError, match="transfer-syntax-error"):
            await xapp.nodes[0].subscribe(2, b"\xff", b"\xff")
        await xapp.nodes[0].subscribe_kpm(["RRU.PrbTotDl"], 100)


async def test_control_returns_what_was_applied() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        outcome = await xapp.nodes[0].control_slice_quota(_quota([10, 20, 30], [40, 50, 60]))
        applied = [entry.applied.max_prb_policy_ratio for entry in outcome.applied_ratios]
        assert applied == [40, 50, 50]
        assert outcome.applied_ratios[2].requested.max_prb_policy_ratio == 60
        assert outcome.applied_ratios[2].reason == rc_pb2.APPLIED_REASON_CLIPPED
        assert outcome.effective_frame == 12


async def test_an_impossible_control_fails_with_a_cause() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        with pytest.raises(RefusedError, match="sum to 150") as caught:
            await xapp.nodes[0].control_slice_quota(_quota([50, 50, 50], [60, 60, 60]))
        assert caught.value.cause.label == "ric_request/control-message-invalid"


async def test_answers_find_their_requests() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        asked = [xapp.nodes[0].control_slice_quota(_quota([0, 0, 0], [index] * 3)) for index in range(20)]
        outcomes = await asyncio.gather(*asked)
        assert [o.applied_ratios[0].applied.max_prb_policy_ratio for o in outcomes] == list(range(20))


async def test_a_node_that_does_not_answer_expires_the_control() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        assert node.session is not None
        node.session._send = lambda *_: None  # type: ignore[method-assign]  # the answer gets lost
        answers_within(xapp.nodes[0], 0.1)
        with pytest.raises(ExpiredError) as caught:
            await xapp.nodes[0].control_slice_quota(_quota([0, 0, 0], [9, 9, 9]))
        assert caught.value.cause.label == "ric_request/control-timer-expired"


async def test_an_end_of_the_association_ends_the_wait() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        assert node.session is not None
        node.session._send = lambda *_: None  # type: ignore[method-assign]
        wait = asyncio.create_task(xapp.nodes[0].control_slice_quota(_quota([0, 0, 0], [9, 9, 9])))
        await asyncio.sleep(0.02)
        xapp.nodes[0].end(Cause("misc", "om-intervention", "test"))
        with pytest.raises(ClosedError):
            await wait
        with pytest.raises(ClosedError):
            await xapp.nodes[0].subscribe_reports("abc")


async def test_a_policy_arrives_before_the_acknowledgement_sent_after_it() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        xapp.nodes[0].send_policy(Artefact(0, "p", 1, 1, 0, bytes(3 * CHUNK_BYTES)))
        xapp.nodes[0].send_report_ack(
            dapp_pb2.DappReportAck(stored_up_to=dapp_pb2.ReplayCursor(epoch=1, frame=6))
        )
        outcome = await xapp.nodes[0].control_slice_quota(_quota([0, 0, 0], [9, 9, 9]))  # goes before
        assert outcome.effective_frame == 12
        await until(lambda: len(node.events) == 4)
    assert node.events == [("chunk", 0), ("chunk", 1), ("chunk", 2), ("report_ack", 6)]


async def test_a_guard_order_is_answered_by_the_node_itself_over_the_relay() -> None:
    xapp, node = Xapp(), Node()
    order = guard_pb2.GuardOrder(du_id=0, order=4, mode=guard_pb2.GUARD_MODE_BASELINE, report_frames=100)
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        xapp.nodes[0].send_guard_order(order)
        await until(lambda: xapp.errors)  # nobody has subscribed to what the relay brings
        await xapp.nodes[0].subscribe_reports("abc")
        xapp.nodes[0].send_guard_order(order)
        await until(lambda: xapp.guard_reports)
    assert [(one.order, one.mode) for one in xapp.guard_reports] == [(4, guard_pb2.GUARD_MODE_BASELINE)]


async def test_a_policy_that_does_not_fit_is_not_sent_in_part() -> None:
    xapp, node = Xapp(), Node()
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        artefact = Artefact(0, "p", 1, 1, 0, bytes(MAX_ARTEFACT_BYTES // 2 + 1))
        xapp.nodes[0].send_policy(artefact)
        with pytest.raises(QueueFullError):
            xapp.nodes[0].send_policy(artefact)
        count = -(-len(artefact.data) // CHUNK_BYTES)
        await until(lambda: len(node.events) == count)
        assert [event[1] for event in node.events] == list(range(count))


async def test_a_relayed_pdu_that_the_du_refuses_comes_back_as_an_error_indication() -> None:
    xapp, node = Xapp(), Node()
    node.refuse_relayed = Cause("dapp", "not-connected", "DU 0 has no dApp")
    async with e2_server(xapp) as (_, port), running(node_client(port, node)):
        await until(lambda: node.session and xapp.nodes)
        xapp.nodes[0].send_report_ack(dapp_pb2.DappReportAck())
        await until(lambda: xapp.errors)
        assert xapp.errors == [node.refuse_relayed]


async def test_a_node_that_comes_back_replaces_its_old_association() -> None:
    xapp, node = Xapp(), Node(du_id=1)
    async with e2_server(xapp) as (server, port), raw(port, E2_SERVICE) as old:
        await old.write(serialise("e2_setup_request", node.request))
        await until(lambda: xapp.nodes)  # and then silence, as from a host that is gone
        async with running(node_client(port, node)):
            await until(lambda: node.session and len(xapp.nodes) == 2)
            assert [du_id for du_id, _ in xapp.closed] == [1]
            assert server.nodes[1] is xapp.nodes[1]
            await xapp.nodes[1].subscribe_reports("abc")


async def test_the_du_may_start_first_and_the_xapp_may_restart() -> None:
    node = Node()
    async with e2_server(Xapp()) as (_, port):
        pass  # a port that is free now
    async with running(node_client(port, node)):
        await until(lambda: node.closed)
        for _ in range(2):
            xapp = Xapp()
            async with e2_server(xapp, listen=f"127.0.0.1:{port}"):
                await until(lambda xapp=xapp: xapp.nodes)
                await xapp.nodes[0].subscribe_reports("abc")
                assert node.session is not None
                node.session.send_report(_report(b"heard"))
                await until(lambda xapp=xapp: xapp.reports == [b"heard"])
