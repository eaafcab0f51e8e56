"""A recording is played to either end of E2 and E3, and what comes back is compared with what came then."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import numpy as np
import pytest

from cadran.wire.e2_client import E2Client
from cadran.wire.e3_client import E3Client
from cadran.wire.e3_server import E3Session
from cadran.wire.gen.e2sm.v1 import dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.link import LinkSettings
from cadran.wire.trace.file import read
from cadran.wire.trace.recorder import E2, E3, Described, Recorder
from cadran.wire.trace.replay import Outcome, Pace, connect_and_play, listen_and_play
from cadran.wire.trace.script import ReplayError, Script, Service, Step, kind_of, scripts

from .parties import Dapp, Du, Node, Xapp, e2_server, e3_server, node_client, running, until

FAST = Pace(fast=True, answer_s=30.0, connect_s=60.0)  # for what comes: a bound, and no wait


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scripts_of(path: Path, against: Service, interface: trace_pb2.Interface) -> list[Script]:
    with path.open("rb") as file:
        return scripts(read(file), against, interface)


class Slow(Dapp):
    """Acts by the mean, and differently from the other."""

    def on_indication(self, session: object, indication: e3ap_pb2.IndicationMessage) -> None:
        assert self.session is not None
        self.session.send_control_action(e3ap_pb2.DAppControlAction(frame=indication.frame, policy_version=9))


async def recorded_e3(path: Path, at: Service) -> Path:
    """Twenty frames of a DU that does not wait, each decided by its dApp, recorded at one of them."""
    recorder = Recorder(path, Described(at, "1", "smoke", "", seed=0))
    tapped, free = LinkSettings(tap=recorder.tap(E3)), LinkSettings()
    dapp, du = Dapp(du_id=1), Du()
    async with e3_server(du, settings=tapped if at == "ransim" else free) as (server, port):
        link = tapped if at == "dapp" else free
        async with running(E3Client(f"127.0.0.1:{port}", dapp, np.random.default_rng(0), link)):
            await until(lambda: dapp.session and dapp.session.subscribed)
            for frame in range(20):
                indication = e3ap_pb2.IndicationMessage(epoch=7, frame=frame, deterministic=frame >= 10)
                server.sessions[1].send_indication(indication)
                await until(lambda frame=frame: ("action", frame) in du.events)
    recorder.close()
    return path


async def played_to(dapp: Dapp, played: list[Script], pace: Pace = FAST) -> Outcome:
    port = free_port()
    playing = asyncio.create_task(listen_and_play(played, f"127.0.0.1:{port}", pace))
    link = LinkSettings(backoff_first_s=0.05, backoff_max_s=0.1)
    async with running(E3Client(f"127.0.0.1:{port}", dapp, np.random.default_rng(1), link)):
        return await playing


@pytest.mark.parametrize("at", ["dapp", "ransim"])
async def test_a_dapp_that_does_the_same_is_as_recorded(tmp_path: Path, at: Service) -> None:
    played = scripts_of(await recorded_e3(tmp_path / "t", at), "dapp", E3)
    outcome = await played_to(Dapp(du_id=1), played)
    assert outcome.differences == []
    assert outcome.compared >= 21


async def test_a_dapp_on_a_slow_machine_takes_nothing_for_outdated(tmp_path: Path) -> None:
    [script] = scripts_of(await recorded_e3(tmp_path / "t", "dapp"), "dapp", E3)
    outcome = await played_to(Dapp(du_id=1), [delayed(script)])
    assert outcome.differences == []


def delayed(script: Script) -> Script:
    """All that the DU said comes at once, each indication a second later than the one before."""
    steps: list[Step] = []
    for step in script.steps:
        pdu = e3ap_pb2.E3Pdu.FromString(step.data)
        if pdu.HasField("indication_message"):
            pdu.sent_monotonic_ns -= 10**9 * pdu.indication_message.frame
        steps.append(Step(step.at_s, step.played, pdu, pdu.SerializeToString()))
    decided = [step for step in steps if kind_of(step.pdu) == "dapp_control_action"]
    said = [step for step in steps if kind_of(step.pdu) != "dapp_control_action"]
    return Script(script.interface, script.du, (*said, *decided))


async def test_decisions_are_compared_where_chance_has_no_part(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e3(tmp_path / "t", "dapp"), "dapp", E3)
    outcome = await played_to(Slow(du_id=1), played)
    assert len(outcome.differences) == 10  # those that were asked for without chance
    assert all(line.startswith("DU 1: dapp_control_action") for line in outcome.differences)


async def test_a_dapp_that_does_not_come_is_told(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e3(tmp_path / "t", "dapp"), "dapp", E3)
    outcome = await played_to(Dapp(du_id=2), played, Pace(fast=True, answer_s=0.2, connect_s=0.5))
    assert outcome.differences == ["DU 1: the service did not connect"]


async def test_a_ran_that_refuses_with_another_cause_is_told(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e3(tmp_path / "t", "dapp"), "ransim", E3)

    class Indicating(Du):
        def on_connected(self, session: E3Session) -> None:
            super().on_connected(session)
            for frame in range(20):
                session.send_indication(e3ap_pb2.IndicationMessage(epoch=7, frame=frame))

    async with e3_server(Indicating()) as (_, port):
        outcome = await connect_and_play(played, f"127.0.0.1:{port}", FAST)
    assert outcome.differences == []
    assert outcome.played >= 21

    class Refusing(Du):
        def on_setup(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
            request.du_id = 99
            return super().on_setup(request)

    async with e3_server(Refusing()) as (_, port):
        outcome = await connect_and_play(played, f"127.0.0.1:{port}", FAST)
    assert any("dapp/du-unknown instead of" in line for line in outcome.differences)


async def recorded_e2(path: Path) -> Path:
    """A setup, a subscription and a report, recorded at the node."""
    recorder = Recorder(path, Described("ransim", "1", "smoke", "", seed=0))
    xapp, node = Xapp(), Node(du_id=2)
    link = LinkSettings(tap=recorder.tap(E2))
    async with (
        e2_server(xapp) as (_, port),
        running(E2Client(f"127.0.0.1:{port}", node, np.random.default_rng(0), link)),
    ):
        await until(lambda: node.session and xapp.nodes)
        await xapp.nodes[0].subscribe_reports("abc")
        assert node.session is not None
        node.session.send_report(dapp_pb2.DappReport(du_id=2, row_count=1, rows=b"row"))
        await until(lambda: xapp.reports)
    recorder.close()
    return path


async def test_a_node_is_played_to_an_xapp_that_numbers_otherwise(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e2(tmp_path / "t"), "xapp", E2)
    xapp = Xapp()

    async def subscribe() -> None:
        await until(lambda: xapp.nodes)
        xapp.nodes[0]._instance = 40  # as after many requests
        await xapp.nodes[0].subscribe_reports("abc")

    async with e2_server(xapp) as (_, port):
        subscribing = asyncio.create_task(subscribe())
        outcome = await connect_and_play(played, f"127.0.0.1:{port}", FAST)
        await subscribing
        assert xapp.reports
    assert outcome == Outcome(played=3, compared=2)


async def test_what_was_played_last_is_read(tmp_path: Path) -> None:
    [script] = scripts_of(await recorded_e2(tmp_path / "t"), "xapp", E2)
    many = Script(script.interface, script.du, script.steps + script.steps[-1:] * 500)
    xapp = Xapp()

    async def subscribe() -> None:
        await until(lambda: xapp.nodes)
        await xapp.nodes[0].subscribe_reports("abc")

    async with e2_server(xapp) as (_, port):
        subscribing = asyncio.create_task(subscribe())
        await connect_and_play([many], f"127.0.0.1:{port}", FAST)
        assert len(xapp.reports) == 501
        await subscribing


async def test_an_xapp_that_does_not_subscribe_is_told(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e2(tmp_path / "t"), "xapp", E2)
    async with e2_server(Xapp()) as (_, port):
        outcome = await connect_and_play(played, f"127.0.0.1:{port}", Pace(fast=True, answer_s=0.3))
    assert any(line.startswith("DU 2: no ric_subscription_request") for line in outcome.differences)


async def test_an_xapp_is_played_to_a_node(tmp_path: Path) -> None:
    played = scripts_of(await recorded_e2(tmp_path / "t"), "ransim", E2)
    port = free_port()
    node = Node(du_id=2)
    node.request.transaction_id = 77
    playing = asyncio.create_task(listen_and_play(played, f"127.0.0.1:{port}", FAST))
    async with running(node_client(port, node)):
        outcome = await playing
    assert outcome == Outcome(played=2, compared=2)
    assert node.subscriptions


async def test_a_file_that_says_nothing_to_a_service_cannot_be_played(tmp_path: Path) -> None:
    path = await recorded_e3(tmp_path / "t", "dapp")
    with pytest.raises(ReplayError, match="no association of xapp"):
        scripts_of(path, "xapp", E2)
