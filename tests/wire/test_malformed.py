"""Whatever bytes a peer sends, the server answers with a cause, lives, and serves the next client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.wire.causes import Cause, from_proto
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.e2_reports import report_action
from cadran.wire.e2_session import E2_SERVICE
from cadran.wire.e2_session import serialise as e2_bytes
from cadran.wire.e3_session import E3_SERVICE
from cadran.wire.e3_session import serialise as e3_bytes
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.kpm_actions import Condition, KpmAction, UeTest, trigger
from cadran.wire.link import Lane

from .parties import (
    QUICK,
    Counters,
    Dapp,
    Du,
    Node,
    Xapp,
    associated,
    dapp_client,
    e2_server,
    e3_server,
    node_client,
    raw,
    running,
    until,
)

E3_SETUP = e3_bytes(
    1, "setup_request", e3ap_pb2.SetupRequest(dapp_id=1, du_id=3, e3ap_protocol_version="1.0")
)
E2_SETUP = e2_bytes("e2_setup_request", e2ap_pb2.E2SetupRequest(transaction_id=1))
E3_UNEXPECTED = e3_bytes(2, "setup_response", e3ap_pb2.SetupResponse())
E2_UNEXPECTED = e2_bytes("e2_setup_response", e2ap_pb2.E2SetupResponse())


async def _label(call: Any, kind: str) -> str:
    """The cause in the first answer of that kind."""
    model, field = (e3ap_pb2.E3Pdu, "message_ack") if kind == "e3" else (e2ap_pb2.E2apPdu, "error_indication")
    async with asyncio.timeout(60.0):
        while True:
            data = await call.read()
            assert data is not grpc.aio.EOF, "the stream ended without a word"
            pdu = model.FromString(data)
            if pdu.HasField(field):  # type: ignore[arg-type]
                return from_proto(getattr(pdu, field).cause).label


async def _serves_e3(port: int) -> None:
    dapp = Dapp(du_id=3)
    async with running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)


async def _serves_e2(port: int) -> None:
    node, session = Node(), None
    async with running(node_client(port, node)):
        await until(lambda: node.session)
        session = node.session
    assert session is not None


CASES = [
    (b"\xff\xff\xff", "protocol/transfer-syntax-error"),
    (b"", "protocol/abstract-syntax-error-falsely-constructed-message"),
]


@pytest.mark.parametrize(("data", "cause"), CASES)
@pytest.mark.parametrize("after_setup", [False, True])
async def test_malformed_e3_is_answered(data: bytes, cause: str, after_setup: bool) -> None:
    du, counters = Du(), Counters()
    async with e3_server(du, counters) as (_, port):
        async with raw(port, E3_SERVICE) as call:
            if after_setup:
                await call.write(E3_SETUP)
            await call.write(data)
            assert await _label(call, "e3") == cause
            if after_setup:  # and the session goes on
                await call.write(e3_bytes(2, "dapp_control_action", e3ap_pb2.DAppControlAction(frame=8)))
                await until(lambda: ("action", 8) in du.events)
                assert counters.seen["refused", "e3", "malformed", cause] == 1
        await _serves_e3(port)


@pytest.mark.parametrize(("data", "cause"), CASES)
@pytest.mark.parametrize("after_setup", [False, True])
async def test_malformed_e2_is_answered(data: bytes, cause: str, after_setup: bool) -> None:
    xapp, counters = Xapp(), Counters()
    async with e2_server(xapp, counters) as (_, port):
        async with raw(port, E2_SERVICE) as call:
            if after_setup:
                await call.write(E2_SETUP)
            await call.write(data)
            assert await _label(call, "e2") == cause
            if after_setup:
                assert counters.seen["refused", "e2", "malformed", cause] == 1
                assert xapp.nodes[0].open
        await _serves_e2(port)


@pytest.mark.parametrize("after_setup", [False, True])
async def test_a_pdu_out_of_place_is_answered(after_setup: bool) -> None:
    cause = "protocol/message-not-compatible-with-receiver-state"
    async with e3_server(Du()) as (_, port):
        async with raw(port, E3_SERVICE) as call:
            for data in [E3_SETUP] * after_setup + [E3_UNEXPECTED]:
                await call.write(data)
            assert await _label(call, "e3") == cause
        await _serves_e3(port)
    async with e2_server(Xapp()) as (_, port):
        async with raw(port, E2_SERVICE) as call:
            for data in [E2_SETUP] * after_setup + [E2_UNEXPECTED]:
                await call.write(data)
            assert await _label(call, "e2") == cause
        await _serves_e2(port)


async def test_a_client_that_says_nothing_is_let_go() -> None:
    counters = Counters()
    cause = "protocol/message-not-compatible-with-receiver-state"
    impatient = replace(QUICK, setup_timeout_s=0.1)
    async with e3_server(Du(), counters, settings=impatient) as (server, port):
        async with raw(port, E3_SERVICE) as call:
            assert await _label(call, "e3") == cause
        server._settings = QUICK
        await _serves_e3(port)
    assert counters.seen["closed", "e3", cause] == 1


async def test_an_unsubscribed_indication_is_answered_by_its_request_id() -> None:
    indication = e2ap_pb2.RicIndication(
        ric_request_id=e2ap_pb2.RicRequestId(ric_requestor_id=5, ric_instance_id=6), ran_function_id=4
    )
    async with e2_server(Xapp()) as (_, port), raw(port, E2_SERVICE) as call:
        await call.write(E2_SETUP)
        await call.write(e2_bytes("ric_indication", indication))
        await call.read()  # the setup response
        error = e2ap_pb2.E2apPdu.FromString(await call.read()).error_indication
        assert from_proto(error.cause).label == "ric_request/request-id-unknown"
        assert (error.ric_request_id.ric_requestor_id, error.ric_request_id.ric_instance_id) == (5, 6)
        assert error.ran_function_id == 4


async def test_an_unanswerable_answer_is_an_error_and_not_an_exchange_without_end() -> None:
    xapp, counters = Xapp(), Counters()
    async with e2_server(xapp, counters) as (_, port), raw(port, E2_SERVICE) as call:
        await call.write(E2_SETUP)
        request_id = e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=70_000)
        await call.write(e2_bytes("error_indication", e2ap_pb2.ErrorIndication(ric_request_id=request_id)))
        await call.write(e2_bytes("ric_control_acknowledge", e2ap_pb2.RicControlAcknowledge()))
        assert await _label(call, "e2") == "ric_request/request-id-unknown"
        assert counters.seen["refused", "e2", "error_indication", "protocol/semantic-error"] == 1


async def test_a_peer_that_leaves_mid_stream_is_forgotten() -> None:
    du = Du()
    async with e3_server(du) as (server, port):
        async with raw(port, E3_SERVICE) as call:
            await call.write(E3_SETUP)
            await until(lambda: 3 in server.sessions)
        await until(lambda: not server.sessions)
        assert du.kinds() == ["connected", "closed"]


def _mutations(valid: list[bytes]) -> st.SearchStrategy[bytes]:
    """Any bytes, or a valid PDU with a piece replaced."""

    @st.composite
    def mutated(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from(valid))
        start = draw(st.integers(0, len(data)))
        return data[:start] + draw(st.binary(max_size=6)) + data[start + draw(st.integers(0, 4)) :]

    return st.binary(max_size=64) | mutated()


E3_VALID = [
    E3_SETUP,
    e3_bytes(1, "setup_request", e3ap_pb2.SetupRequest(dapp_id=1, du_id=3, supported_versions=["1.1"])),
    e3_bytes(
        2,
        "subscription_request",
        e3ap_pb2.SubscriptionRequest(subscription_id=1, ran_function_id=1, period_frames=1),
    ),
    e3_bytes(2, "subscription_delete", e3ap_pb2.SubscriptionDelete(subscription_id=1)),
    E3_UNEXPECTED,
    e3_bytes(3, "dapp_control_action", e3ap_pb2.DAppControlAction(frame=3)),
    e3_bytes(
        3,
        "dapp_control_action",
        e3ap_pb2.DAppControlAction(
            frame=3,
            user_grants=e3ap_pb2.UserGrants(
                slice_grants_list=[e3ap_pb2.SliceGrants(rbs=[1, 2], power=[0.5, 1.0])]
            ),
        ),
    ),
    e3_bytes(4, "dapp_report", e3ap_pb2.DAppReport(report=dapp_pb2.DappReport(rows=b"rows"))),
]
IDS = e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=1)
CAUSE = Cause("misc", "unspecified", "fuzz").to_proto()
FUNCTION = e2ap_pb2.RanFunction(ran_function_id=4, ran_function_revision=1)
FUNCTION_ID = e2ap_pb2.RanFunctionId(ran_function_id=2, ran_function_revision=7)
E2_VALID = [
    E2_SETUP,
    e2_bytes("reset_request", e2ap_pb2.ResetRequest(transaction_id=3, cause=CAUSE)),
    e2_bytes("reset_response", e2ap_pb2.ResetResponse(transaction_id=3)),
    e2_bytes(
        "ric_service_update",
        e2ap_pb2.RicServiceUpdate(
            transaction_id=4, ran_functions_added=[FUNCTION], ran_functions_deleted=[FUNCTION_ID]
        ),
    ),
    e2_bytes("e2_node_configuration_update", e2ap_pb2.E2NodeConfigurationUpdate(transaction_id=5)),
    e2_bytes(
        "ric_subscription_delete_required",
        e2ap_pb2.RicSubscriptionDeleteRequired(
            ric_subscriptions_to_be_removed=[
                e2ap_pb2.RicSubscriptionToBeRemoved(ric_request_id=IDS, ran_function_id=4, cause=CAUSE)
            ]
        ),
    ),
    e2_bytes(
        "error_indication",
        e2ap_pb2.ErrorIndication(ric_request_id=IDS, transaction_id=3, ran_function_id=4, cause=CAUSE),
    ),
    E2_UNEXPECTED,
    e2_bytes(
        "ric_indication",
        e2ap_pb2.RicIndication(
            ric_request_id=e2ap_pb2.RicRequestId(ric_requestor_id=1, ric_instance_id=1),
            ran_function_id=4,
            ric_indication_message=dapp_pb2.DappRelayIndication(
                report=dapp_pb2.DappReport(rows=b"rows")
            ).SerializeToString(),
        ),
    ),
]


@settings(max_examples=12, deadline=None)
@given(st.lists(_mutations(E3_VALID), min_size=1, max_size=25), st.booleans())
def test_no_bytes_end_the_e3_server(pdus: list[bytes], after_setup: bool) -> None:
    async def scenario() -> None:
        async with e3_server(Du()) as (_, port):
            await _pour(port, E3_SERVICE, [E3_SETUP] * after_setup + pdus)
            await _serves_e3(port)

    asyncio.run(scenario())


@settings(max_examples=12, deadline=None)
@given(st.lists(_mutations(E2_VALID), min_size=1, max_size=25), st.booleans())
def test_no_bytes_end_the_e2_server(pdus: list[bytes], after_setup: bool) -> None:
    async def scenario() -> None:
        async with e2_server(Xapp()) as (_, port):
            await _pour(port, E2_SERVICE, [E2_SETUP] * after_setup + pdus)
            await _serves_e2(port)

    asyncio.run(scenario())


KPM_TRIGGER = trigger(100)
KPM_ACTIONS = [
    KpmAction(1, ("RRU.PrbUsedDl",)),
    KpmAction(5, ("RRU.PrbUsedDl",), ue_ids=(1, 2)),
    KpmAction(3, conditions=(Condition("RRU.PrbUsedDl", (UeTest(slice=SLICES[0]),)),)),
]
TO_NODE = [
    e2_bytes(
        "ric_subscription_request",
        e2ap_pb2.RicSubscriptionRequest(
            ric_request_id=IDS,
            ran_function_id=2,
            ric_event_trigger_definition=KPM_TRIGGER,
            ric_actions_to_be_setup=[
                report_action(number, action.to_proto(100).SerializeToString())
                for number, action in enumerate(KPM_ACTIONS)
            ],
        ),
    ),
    e2_bytes(
        "ric_subscription_delete_request",
        e2ap_pb2.RicSubscriptionDeleteRequest(ric_request_id=IDS, ran_function_id=2),
    ),
    e2_bytes(
        "ric_control_request",
        e2ap_pb2.RicControlRequest(
            ric_request_id=IDS,
            ran_function_id=3,
            ric_control_header=rc_pb2.RcControlHeader(
                ric_style_type=2, ric_control_action_id=6
            ).SerializeToString(),
            ric_control_message=rc_pb2.RcControlMessage(
                rrm_policy_ratio_list=[ratios_to_proto(Ratios(0, 10, 40), SLICES[0])]
            ).SerializeToString(),
        ),
    ),
    e2_bytes(
        "ric_control_request",
        e2ap_pb2.RicControlRequest(
            ric_request_id=IDS,
            ran_function_id=4,
            ric_control_message=dapp_pb2.DappRelayControl(
                policy_chunk=dapp_pb2.PolicyChunk(chunk_count=1, data=b"policy")
            ).SerializeToString(),
        ),
    ),
    e2_bytes("ric_service_query", e2ap_pb2.RicServiceQuery(ran_functions_accepted=[FUNCTION_ID])),
    e2_bytes("ric_service_update_failure", e2ap_pb2.RicServiceUpdateFailure(transaction_id=1, cause=CAUSE)),
    e2_bytes("reset_request", e2ap_pb2.ResetRequest(transaction_id=3, cause=CAUSE)),
]


@settings(max_examples=12, deadline=None)
@given(st.lists(_mutations(TO_NODE), min_size=1, max_size=25))
def test_no_bytes_end_the_e2_node(pdus: list[bytes]) -> None:
    async def scenario() -> None:
        async with associated() as (xapp, ric, node, session):
            ric._instance = 40_000  # what the fuzz asks for is not taken for what is asked for below
            for data in pdus:
                ric._post(Lane.FAST, "fuzz", data)
            await until(lambda: not ric._outbox._fast)
            await until(lambda: not session._updating)  # what a query asked for is told
            await ric.subscribe_kpm(["RRC.ConnMean"], 100)
            await ric.control_slice_quota([ratios_to_proto(Ratios(0, 0, 30), SLICES[0])])
            assert (len(xapp.nodes), node.closed) == (1, [])

    asyncio.run(scenario())


async def _pour(port: int, service: str, pdus: list[bytes]) -> None:
    """Write everything, half-close, and wait until the server has ended the stream."""
    async with raw(port, service) as call:
        try:
            for data in pdus:
                await call.write(data)
            await call.done_writing()
        except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
            return  # the server ended the stream first
        async with asyncio.timeout(60.0):
            while await call.read() is not grpc.aio.EOF:
                pass
