"""The run goes on whatever its peers do, and says how late decisions really were."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import structlog
from prometheus_client import CollectorRegistry
from rans import EPOCH, WORLD, identity, problem, ran

from cadran.ransim.__main__ import main
from cadran.ransim.chores import MOST_WAITING
from cadran.ransim.e3_agent import E3Agent
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.service import RansimService
from cadran.ransim.settings import RansimSettings
from cadran.runtime import ClockSpec
from cadran.runtime.http import Health
from cadran.runtime.link_metrics import LinkMetrics
from cadran.wire.causes import Cause, QueueFullError
from cadran.wire.decision_codecs import set_quota
from cadran.wire.e3_subscriptions import EVERYTHING
from cadran.wire.gen.e2sm.v1 import guard_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

SCENARIO = Path(__file__).parents[3] / "scenarios" / "smoke.yaml"


class Session:
    """A dApp as its DU sees it."""

    def __init__(self, du: int, reads: bool = True) -> None:
        self.du_id, self.request, self.open = du, e3ap_pb2.SetupRequest(running_version=1), True
        self.subscription = EVERYTHING
        self.reads, self.indicated, self.closed = reads, 0, None

    def send_indication(self, indication: e3ap_pb2.IndicationMessage) -> None:
        if not self.reads:
            raise QueueFullError(Cause("misc", "control-processing-overload", "the queue is full"))
        self.indicated += 1

    def close(self, cause: Cause) -> None:
        self.open, self.closed = False, cause


class Time:
    now_s = 50.0


def service(**changes: object) -> tuple[RansimService, CollectorRegistry]:
    registry = CollectorRegistry()
    values: dict[str, object] = {"scenario": SCENARIO, "e3_listen": "127.0.0.1:0", "pace": "fast"}
    made = RansimService(
        settings=RansimSettings.model_validate(values | changes),
        clock=ClockSpec(start_timeout_s=5.0),
        ran=ran(),
        problem=problem(),
        epoch=EPOCH,
        rng=np.random.default_rng(0),
        metrics=RansimMetrics(registry, WORLD.dus),
        e2_counters=LinkMetrics(registry, "e2"),
        e3_counters=LinkMetrics(registry, "e3"),
        health=Health(["frames"]),
        log=structlog.get_logger(),
        now_s=lambda: Time.now_s,
    )
    return made, registry


def decision(frame: int) -> e3ap_pb2.DAppControlAction:
    action = e3ap_pb2.DAppControlAction(frame=frame, policy_version=1)
    set_quota(action, ran().ladders[0].fallback)
    return action


def test_without_a_ric_no_policy_is_waited_for() -> None:
    alone, _ = service()
    with_ric, _ = service(e2_connect="127.0.0.1:1")
    for made in (alone, with_ric):
        for du in range(WORLD.dus):
            session = Session(du)
            session.request.running_version = 0
            made._e3.on_connected(session)
    assert alone._missing() is None
    assert with_ric._missing() == "not every dApp holds a policy"


async def test_a_late_decision_counts_from_its_own_frames_indication() -> None:
    made, registry = service(frames=2)
    session = Session(0)
    made._e3.on_connected(session)
    Time.now_s = 50.0

    async def decide_late(all_decided: object, decided: object) -> None:
        Time.now_s += 1.0
        if made._ran.frame == 1:
            made._e3.on_control_action(session, decision(0))

    made._pace.decisions = decide_late
    await made._run_frames()
    made._e3.on_control_action(session, decision(2))  # answers the drain
    made._book()
    made._chores.finish()
    assert registry.get_sample_value("e3_loop_duration_seconds_count") == 1
    assert registry.get_sample_value("e3_loop_duration_seconds_sum") == pytest.approx(2.0)


async def test_a_dapp_that_learns_its_policy_amid_a_frame_is_not_waited_for_in_it() -> None:
    made, _ = service(frames=1)
    session = Session(0)
    session.request.running_version = 0
    made._e3.on_connected(session)
    made._indicate(None)
    made._e3.running_versions[0] = 1
    assert made._all_decided()


@pytest.mark.parametrize(("pace", "order"), [("realtime", "decided booked"), ("fast", "booked decided")])
async def test_in_real_time_the_books_wait_until_the_frame_is_decided(
    pace: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = service(frames=3, pace=pace)
    happened: list[str] = []

    async def decided(*_: object) -> None:
        happened.append("decided")

    made._pace.decisions = decided
    made._pace.start()
    monkeypatch.setattr(made._guard, "note", lambda result: happened.append("booked"))
    await made._await_decisions()
    for _ in range(2):
        made._run_frame()
        await made._await_decisions()
    assert happened == ["decided", *order.split(), *order.split()]


def listened_to(made: RansimService) -> GuardReports:
    """The guard's reports, ordered by somebody."""
    guard = made._guard
    order = guard_pb2.GuardOrder(order=1, mode=guard_pb2.GUARD_MODE_LEARNED, report_frames=1000)
    guard.take(0, order, 0, lambda report: None)
    return guard


@pytest.mark.parametrize("hurried", [False, True])
@pytest.mark.parametrize("status_period_s", [0.5, 0.0001])
def test_whatever_time_frames_leave_little_waits_and_nothing_is_lost(
    hurried: bool, status_period_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, registry = service(frames=300, pace="realtime", status_period_s=status_period_s)
    guard = listened_to(made)
    made._pace.start()
    monkeypatch.setattr(made._pace, "ends_soon", lambda: hurried)
    for frame in range(300):
        Time.now_s += 0.001
        made._run_frame()
        made._keep_books()
        assert len(made._chores) <= MOST_WAITING, frame
        assert len(guard._noted) <= 2 * MOST_WAITING, frame
    made._close_books()
    assert registry.get_sample_value("cadran_ransim_frames_total") == 300
    assert made._statistics._frames == 300


async def test_a_stop_while_decisions_are_awaited_loses_no_frame() -> None:
    made, registry = service(frames=10, pace="realtime")
    awaited = asyncio.Event()

    async def never(*_: object) -> None:
        if made._ran.frame == 3:
            awaited.set()
            await asyncio.Event().wait()

    async def at_once() -> None: ...

    made._pace.decisions, made._pace.frame_end = never, at_once
    running = asyncio.create_task(made._run_frames())
    await awaited.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    made._close_books()
    assert registry.get_sample_value("cadran_ransim_frames_total") == made._ran.frame == 3


def test_a_dapp_that_does_not_read_is_let_go_and_the_others_are_served() -> None:
    agent = E3Agent(identity(), ran(), structlog.get_logger(), lambda frame: None, lambda du: None)
    stuck, well = Session(0, reads=False), Session(1)
    agent.on_connected(stuck)
    agent.on_connected(well)
    agent.indicate(None)
    assert stuck.closed is not None
    assert stuck.closed.label == "misc/control-processing-overload"
    assert well.indicated == 1
    assert agent.deciding == (1,)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("problem.reward=eq8", "achievable_rate"),
        ("clock.lockstep=true", "--e2-connect"),
        ("link.report_loss=0.1", "leave the section out"),
    ],
)
def test_what_cannot_run_is_told_in_one_line(
    change: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--scenario", str(SCENARIO), "--set", change]) == 2
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1
