"""E3 sessions over gRPC on loopback: setup, the frame's path, order, leases, replacement, reconnection."""

from __future__ import annotations

import asyncio
import logging
from unittest.mock import AsyncMock

import pytest

from cadran.wire.causes import Cause, from_proto
from cadran.wire.chunks import CHUNK_BYTES, Artefact, split
from cadran.wire.e3_server import E3Server
from cadran.wire.e3_session import serialise
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

from .parties import FACTS, Counters, Dapp, Du, dapp_client, e3_server, running, until


async def test_setup_tells_the_facts_of_the_ran() -> None:
    du, dapp, counters = Du(), Dapp(du_id=2, dapp_id=5), Counters()
    async with e3_server(du, counters) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.response)
        assert dapp.response is not None
        assert dapp.response.ran_facts == FACTS
        assert (dapp.response.epoch, dapp.response.next_frame) == (7, 3)
        assert dapp.response.response_code == common_pb2.RESPONSE_CODE_POSITIVE
        assert list(server.sessions) == [2]
        assert counters.seen["opened", "e3"] == 1
    assert du.events == [("connected", 2, 5), ("closed", 5, "dapp/shutdown")]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"du_id": 6}, "dapp/du-unknown"),
        ({"dapp_id": 0}, "protocol/semantic-error"),
        ({"dapp_id": 101}, "protocol/semantic-error"),
    ],
)
async def test_a_refused_setup_carries_its_cause(change: dict[str, int], cause: str) -> None:
    dapp, counters = Dapp(), Counters()
    for name, value in change.items():
        setattr(dapp.request, name, value)
    async with e3_server(Du(), counters) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: len(dapp.closed) >= 2)  # it tries again
        assert dapp.closed[0].label == cause
        assert dapp.response is None
        assert not server.sessions
    assert counters.seen["closed", "e3", cause] >= 2


class Gone:
    """A stream whose peer asks for a DU that is not there, and is gone before the answer."""

    def __init__(self, setup: bytes) -> None:
        self.read = AsyncMock(return_value=setup)
        self.write = AsyncMock(side_effect=asyncio.CancelledError)


async def test_a_refused_peer_that_is_gone_is_counted() -> None:
    request = e3ap_pb2.SetupRequest(dapp_id=1, du_id=6, e3ap_protocol_version="1.0")
    counters = Counters()
    with pytest.raises(asyncio.CancelledError):
        await E3Server("127.0.0.1:0", Du(), counters=counters)._connect(
            Gone(serialise(1, "setup_request", request))  # type: ignore[arg-type]
        )
    assert counters.seen == {("closed", "e3", "dapp/du-unknown"): 1}


async def test_frames_go_round_and_count() -> None:
    du, dapp, counters = Du(), Dapp(), Counters()
    async with e3_server(du, counters) as (server, port), running(dapp_client(port, dapp, counters)):
        await until(lambda: dapp.session)
        for frame in range(3, 30):
            server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(epoch=7, frame=frame))
            await until(lambda frame=frame: ("action", frame) in du.events)
        frames = list(range(3, 30))
        assert [event[1] for event in du.events if event[0] == "action"] == frames
        assert [event[1] for event in dapp.events] == frames
    assert counters.seen["sent", "e3", "indication_message"] == 27
    assert counters.seen["received", "e3", "dapp_control_action"] == 27


async def test_everything_that_a_dapp_sends_arrives() -> None:
    du, dapp = Du(), Dapp()
    async with e3_server(du) as (_, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        assert dapp.session is not None
        dapp.session.send_report(dapp_pb2.DappReport(du_id=0, row_count=1, rows=b"row"))
        dapp.session.send_policy_status(dapp_pb2.PolicyStatus(running_version=8))
        await until(lambda: ("status", 8) in du.events)
        assert ("report", b"row") in du.events


def _policy_then_ack(server: E3Server, frame: int) -> None:
    session = server.sessions[0]
    for chunk in split(Artefact(0, "p", 1, 1, 0, bytes(5 * CHUNK_BYTES))):
        session.send_policy_chunk(chunk)
    ack = dapp_pb2.DappReportAck(stored_up_to=dapp_pb2.ReplayCursor(epoch=7, frame=frame))
    session.send_report_ack(ack)
    session.send_indication(e3ap_pb2.IndicationMessage(frame=frame))


async def test_an_acknowledgement_never_overtakes_a_policy_but_an_indication_does() -> None:
    dapp = Dapp()
    async with e3_server(Du()) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        _policy_then_ack(server, 9)
        await until(lambda: len(dapp.events) == 7)
    chunks = [("chunk", index) for index in range(5)]
    assert [event for event in dapp.events if event[0] != "indication"] == [*chunks, ("report_ack", 9)]
    assert dapp.events.index(("indication", 9)) <= 1  # behind at most the one chunk being written


async def test_in_lockstep_nothing_overtakes() -> None:
    dapp = Dapp()
    async with e3_server(Du(lockstep=True)) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        _policy_then_ack(server, 9)
        await until(lambda: len(dapp.events) == 7)
    chunks = [("chunk", index) for index in range(5)]
    assert dapp.events == [*chunks, ("report_ack", 9), ("indication", 9)]


async def test_a_refused_pdu_is_acknowledged_with_the_cause_and_the_session_goes_on() -> None:
    du, dapp, counters = Du(), Dapp(), Counters()
    async with e3_server(du, counters) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        assert dapp.session is not None
        du.refuse = Cause("dapp", "frame-too-old", "frame 1 is over")
        refused = dapp.session.send_control_action(e3ap_pb2.DAppControlAction(frame=1))
        await until(lambda: dapp.refusals)
        ack = dapp.refusals[0]
        assert (ack.message_id, ack.response_code) == (refused, common_pb2.RESPONSE_CODE_NEGATIVE)
        assert from_proto(ack.cause) == du.refuse
        du.refuse = None
        dapp.session.send_control_action(e3ap_pb2.DAppControlAction(frame=2))
        await until(lambda: ("action", 2) in du.events)
        assert list(server.sessions) == [0]
    assert counters.seen["refused", "e3", "dapp_control_action", "dapp/frame-too-old"] == 1


async def test_a_second_dapp_replaces_the_first() -> None:
    du, first, second = Du(), Dapp(dapp_id=1), Dapp(dapp_id=2)
    async with e3_server(du) as (server, port), running(dapp_client(port, first)) as task:
        await until(lambda: first.session)
        async with running(dapp_client(port, second)):
            await until(lambda: second.session)
            assert (await asyncio.wait_for(task, 60.0)).label == "dapp/replaced"  # and it does not come back
            assert server.sessions[0].request.dapp_id == 2
            server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(frame=4))
            await until(lambda: ("action", 4) in du.events)
    assert du.events[:3] == [("connected", 0, 1), ("closed", 1, "dapp/replaced"), ("connected", 0, 2)]


def _labels(dapp: Dapp) -> list[str]:
    return [cause.label for cause in dapp.closed]


async def test_the_dapp_may_start_first_and_the_ran_may_restart() -> None:
    du, dapp = Du(), Dapp()
    async with e3_server(Du()) as (_, port):
        pass  # a port that is free now
    async with running(dapp_client(port, dapp)):
        await until(lambda: dapp.closed)
        assert dapp.closed[0].label == "transport/transport-resource-unavailable"
        for round_ in (1, 2):
            async with e3_server(du, listen=f"127.0.0.1:{port}"):
                await until(lambda round_=round_: du.kinds().count("connected") == round_)
            await until(lambda round_=round_: _labels(dapp).count("dapp/shutdown") == round_)


async def test_stop_ends_a_client_in_any_state() -> None:
    async with e3_server(Du()) as (_, port):
        for turns in range(0, 60, 3):
            client = dapp_client(port, Dapp())
            task = asyncio.create_task(client.run())
            for _ in range(turns):
                await asyncio.sleep(0)
            client.stop()
            await asyncio.wait_for(task, 60.0)


async def test_a_silent_peer_loses_its_lease() -> None:
    du, dapp, at_du, at_dapp = Du(heartbeat_period_ms=100), Dapp(), Counters(), Counters()
    async with e3_server(du, at_du) as (server, port), running(dapp_client(port, dapp, at_dapp)):
        heartbeat = ("received", "e3", "heartbeat")
        await until(lambda: min(each.seen.get(heartbeat, 0) for each in (at_du, at_dapp)) > 5)
        assert server.sessions[0].open
        assert dapp.session is not None
        dapp.session._send = lambda *_: 0  # type: ignore[method-assign]  # the dApp falls silent
        await until(lambda: ("closed", 1, "dapp/lease-expired") in du.events)
        await until(lambda: du.kinds().count("connected") == 2)  # it heard of it, and came back
        assert dapp.closed[0].label == "dapp/lease-expired"


async def test_a_defect_in_a_handler_ends_that_session_only(caplog: pytest.LogCaptureFixture) -> None:
    du, dapp, other = Du(), Dapp(du_id=0), Dapp(du_id=1)
    async with (
        e3_server(du) as (server, port),
        running(dapp_client(port, dapp)),
        running(dapp_client(port, other)),
    ):
        await until(lambda: dapp.session and other.session)
        assert dapp.session is not None
        with caplog.at_level(logging.CRITICAL, "cadran.wire"):
            dapp.session.send_report(dapp_pb2.DappReport(schema_fingerprint="explode"))
            await until(lambda: ("closed", 1, "misc/unspecified") in du.events)
        server.sessions[1].send_indication(e3ap_pb2.IndicationMessage(frame=5))
        await until(lambda: ("action", 5) in du.events)


async def test_an_address_in_use_is_an_error() -> None:
    async with e3_server(Du()) as (_, port):
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            await E3Server(f"127.0.0.1:{port}", Du()).start()
