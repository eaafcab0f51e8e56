"""A side that is slow grows no queue: old indications are dropped and counted, the newest is decided."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import QueueFullError
from cadran.wire.e3_client import E3ClientSession
from cadran.wire.e3_session import E3_SERVICE, parse, serialise
from cadran.wire.gen.e2sm.v1 import dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.lateness import Lateness
from cadran.wire.link import NoCounters

from .parties import FACTS, QUICK, Counters, Dapp, Du, dapp_client, e3_server, raw, running, until

FRAME_NS = round(FACTS.frame_s * 1e9)
WITH_USERS = measurements_pb2.Measurements(ue_rate_bps=[1.0] * 72, ue_delay_s=[1.0] * 72)


async def test_a_dapp_that_stops_reading_grows_no_queue_at_its_du() -> None:
    counters = Counters()
    frames, limit = 20_000, QUICK.fast_limit
    async with (
        e3_server(Du(heartbeat_period_ms=60_000), counters) as (server, port),
        raw(port, E3_SERVICE) as call,
    ):
        await call.write(
            serialise(1, "setup_request", e3ap_pb2.SetupRequest(e3ap_protocol_version="1.0", dapp_id=1))
        )
        await until(lambda: 0 in server.sessions)
        session = server.sessions[0]
        tracemalloc.start()
        for frame in range(frames):
            session.send_indication(e3ap_pb2.IndicationMessage(frame=frame, outcome=WITH_USERS))
            assert len(session._outbox._fast) <= limit
            if frame % 100 == 0:
                await asyncio.sleep(0)
            if frame == frames // 2:
                half = tracemalloc.get_traced_memory()[0]
        grown = tracemalloc.get_traced_memory()[0] - half
        tracemalloc.stop()
        dropped = counters.seen["dropped", "e3", "indication_message"]
        assert grown < 200_000  # of 6 MB that were sent since
        assert session.open

        received = []  # it reads again, and comes to the newest
        while not received or received[-1] != frames - 1:
            pdu = parse(await call.read())
            if pdu.HasField("indication_message"):
                received.append(pdu.indication_message.frame)
        assert received == sorted(received)
        assert len(received) + dropped == frames
        assert len(received) < 500
        assert received[-limit:] == list(range(frames - limit, frames))


async def test_reports_to_a_du_that_stops_reading_are_refused_at_the_bound() -> None:
    dapp = Dapp()
    async with _stuck_du() as port, running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        session = dapp.session
        assert session is not None
        report = dapp_pb2.DappReport(rows=bytes(2**20))
        with pytest.raises(QueueFullError) as refused:
            await _send_for_ever(session, report)
        assert refused.value.cause.label == "misc/control-processing-overload"
        assert session._outbox._ordered_bytes <= QUICK.ordered_limit_bytes
        for frame in range(1000):
            session.send_control_action(e3ap_pb2.DAppControlAction(frame=frame))
        assert len(session._outbox._fast) == QUICK.fast_limit


async def _send_for_ever(session: E3ClientSession, report: dapp_pb2.DappReport) -> None:
    while True:
        session.send_report(report)
        await asyncio.sleep(0)


@asynccontextmanager
async def _stuck_du() -> AsyncIterator[int]:
    """A DU that answers the setup and then reads no more; yields its port."""

    async def handle(_: object, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        await context.read()
        answer = e3ap_pb2.SetupResponse(
            response_code=1, e3ap_protocol_version="1.0", heartbeat_period_ms=60_000, ran_facts=FACTS
        )
        await context.write(serialise(1, "setup_response", answer))
        await asyncio.sleep(60.0)

    server = grpc.aio.server()
    method = grpc.stream_stream_rpc_method_handler(handle)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(E3_SERVICE, {"Connect": method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


class _Silent:
    """A stream that nothing comes from."""

    async def read(self) -> bytes:
        await asyncio.sleep(60.0)
        return b""

    async def write(self, data: bytes) -> None: ...


def _client_session(dapp: Dapp, lockstep: bool = False) -> E3ClientSession:
    response = e3ap_pb2.SetupResponse(
        e3ap_protocol_version="1.0", heartbeat_period_ms=1000, ran_facts=FACTS, lockstep=lockstep
    )
    return E3ClientSession(_Silent(), dapp, response, QUICK, NoCounters())


NOW_NS = 10**12


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dApp's clock stands, so that nothing is late but what is said to be."""
    monkeypatch.setattr("cadran.wire.e3_client.time", SimpleNamespace(monotonic_ns=lambda: NOW_NS))


def _arrive(session: E3ClientSession, frame: int, late_ns: int) -> None:
    """An indication arrives that was sent so long ago."""
    pdu = e3ap_pb2.E3Pdu(
        id=frame + 1,
        sent_monotonic_ns=NOW_NS - late_ns,
        indication_message=e3ap_pb2.IndicationMessage(frame=frame),
    )
    session._receive(pdu.SerializeToString())


@pytest.mark.usefixtures("stopped_clock")
async def test_a_dapp_that_was_held_up_skips_to_the_newest_frame() -> None:
    dapp = Dapp()
    session = _client_session(dapp)
    _arrive(session, 0, 0)
    for frame in range(1, 100):  # held up for a second: what came meanwhile is read at once
        _arrive(session, frame, (100 - frame) * FRAME_NS - FRAME_NS // 2)
    _arrive(session, 100, 0)
    decided = [frame for kind, frame in dapp.events if kind == "indication"]
    outdated = [frame for kind, frame in dapp.events if kind == "outdated"]
    assert sorted(decided + outdated) == list(range(101))  # each is told, once
    assert [frame for _, frame in dapp.events] == list(range(101))  # and in order
    assert decided == [0, 98, 99, 100]  # within two frames of the present one


@pytest.mark.usefixtures("stopped_clock")
async def test_a_late_indication_with_nothing_behind_it_is_decided() -> None:
    dapp = Dapp()
    session = _client_session(dapp)
    _arrive(session, 0, 0)
    _arrive(session, 1, 50 * FRAME_NS)
    assert ("indication", 1) not in dapp.events
    await until(lambda: ("indication", 1) in dapp.events)
    assert ("outdated", 1) not in dapp.events


@pytest.mark.usefixtures("stopped_clock")
async def test_in_lockstep_nothing_is_outdated() -> None:
    dapp = Dapp()
    session = _client_session(dapp, lockstep=True)
    for frame in range(5):
        _arrive(session, frame, frame * 50 * FRAME_NS)
    assert dapp.events == [("indication", frame) for frame in range(5)]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=600), st.integers(-(10**15), 10**15))
def test_lateness_is_that_against_the_quickest_whatever_the_clocks_say(took: list[int], offset: int) -> None:
    lateness = Lateness()
    for index, ns in enumerate(took):
        late = lateness.ns(index * 10**7, index * 10**7 + offset + ns)
        window = took[max(0, (index // 256 - 1) * 256) : index + 1]
        assert late == ns - min(window)
