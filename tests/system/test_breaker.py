"""The circuit breaker over the real RAN: good policies keep their DUs, bad ones lose them in the stated time.

The DUs' part and the xApp's part are joined without a network; frames are those of the radio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.envs import frame_of, problem_of
from cadran.problem import ProblemSpec, Quota
from cadran.problem.heuristics import priority
from cadran.problem.measurements import Measurements
from cadran.radio import World
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.ladder import DecisionLadder, Submitted
from cadran.ransim.ran import Ran
from cadran.wire.gen.e2sm.v1 import guard_pb2
from cadran.xapp.guard.breaker import SMOOTH_S, Breaker, BreakerSpec, State
from cadran.xapp.guard.breaker_desk import BreakerDesk, DeskSpec
from cadran.xapp.guard.control import Event

# Two DUs of the demo, with its load per DU and per RB.
WORLD = World.model_validate(
    {"dus": 2, "ues": 66, "max_ues_per_slice": 24, "rbs": 100, "load": {"scale": 1.7}, "episode_frames": 100}
)
WEIGHTS = (1.0, 0.5, 2.0)
SPEC = BreakerSpec(open_after_s=4.0, wait_s=6.0, wait_most_s=24.0, trial_s=4.0)
FALLBACK = Quota(np.zeros(3, np.int32), np.array([20, 20, 30], np.int32), np.full(3, 100, np.int32))
STARVE_URLLC = Quota.hard(np.array([80, 19, 1], np.int32))

SERVING = Quota(np.zeros(3, np.int32), np.array([15, 10, 45], np.int32), np.full(3, 100, np.int32))
FRAME = frame_of(WORLD)

Policy = Callable[[int, Measurements], Quota]


def starving(frame: int, seen: Measurements) -> Quota:
    """Nothing for URLLC."""
    return STARVE_URLLC


def serving(frame: int, seen: Measurements) -> Quota:
    """A policy as good as the DU's own scheduler at any load: shares that nobody keeps from others."""
    return SERVING


def serving_hard(frame: int, seen: Measurements) -> Quota:
    """A good policy at the load of the demo, by hard shares: URLLC first, then mMTC, then eMBB."""
    return priority(2.5, 1.5)(seen, FRAME)


class Watch:
    def __init__(self) -> None:
        self.moves: list[tuple[int, str]] = []

    def breaker_moved(self, du: int, state: State, reason: str) -> None:
        if reason:
            self.moves.append((du, state.value))

    def breaker_saw(self, du: int, breaker: Breaker) -> None: ...
    def disk_refused(self, file: str, error: OSError) -> None: ...
    def disk_written(self, file: str) -> None: ...


class Joined:
    """The RAN with its guard reports, and the xApp's breakers; DU 0 decides by a policy of the test."""

    def __init__(
        self, folder: Path, seed: int, world: World = WORLD, load_profile: NDArray[np.float64] | None = None
    ) -> None:
        self.problem = problem_of(world, ProblemSpec())
        ladders = tuple(DecisionLadder(FALLBACK, 5) for _ in range(world.dus))
        self.ran = Ran(world, seed, ladders, 0, load_profile=load_profile)
        self.reports = GuardReports(self.problem, ladders, 1)
        self.watch, self.events = Watch(), list[Event]()
        spec = DeskSpec(SPEC, "act", True, WEIGHTS, self.problem.frame.frame_s, 1.0)
        self.desk = BreakerDesk(spec, world.dus, folder, self.events.append, self.watch, lambda: 0.0)
        self._last = self.ran.start
        self._unbooked: list[object] = []
        for du in range(world.dus):
            self.desk.connected(du, _Link(partial(self._obey, du)))

    def _obey(self, du: int, order: guard_pb2.GuardOrder) -> None:
        self.reports.take(du, order, self.ran.frame, lambda report: self.desk.reported(du, report))

    def run(self, seconds: float, policy: Policy, other: Policy) -> None:
        for _ in range(round(seconds / self.problem.frame.frame_s)):
            for du, decide in enumerate((policy, other)):
                decision = decide(self.ran.frame, self._last.select(du))
                self.ran.submit(du, Submitted(self.ran.frame, 1, decision))
            result = self.ran.run_frame()
            self._last = result.outcome if result.start is None else result.start
            self._unbooked.append(result)
            if len(self._unbooked) == 25:
                self.reports.frames(self._unbooked)  # type: ignore[arg-type]
                self._unbooked = []


class _Link:
    def __init__(self, obey: Callable[[guard_pb2.GuardOrder], None]) -> None:
        self.send_guard_order = obey


def test_a_policy_that_starves_urllc_loses_its_du_in_the_stated_time_and_only_its_own(tmp_path: Path) -> None:
    joined = Joined(tmp_path, seed=3)
    joined.run(8.0, serving, serving)
    assert joined.watch.moves == []
    joined.run(SPEC.open_after_s + SMOOTH_S + 1.0, starving, serving)
    assert joined.watch.moves == [(0, "open")]
    assert joined.ran.ladders[0].ordered
    assert not joined.ran.ladders[1].ordered
    (event,) = joined.events
    assert event.values["baseline"] > event.values["measured"] + 0.3


def test_the_policy_is_tried_again_and_gets_the_du_back_once_it_is_good(tmp_path: Path) -> None:
    joined = Joined(tmp_path, seed=4)
    joined.run(7.0, starving, serving)
    joined.run(SPEC.wait_s + SPEC.trial_s + 4.0, starving, serving)
    assert [state for du, state in joined.watch.moves if du == 0] == ["open", "half_open", "open"]
    joined.run(2 * SPEC.wait_s + SPEC.trial_s + 4.0, serving, serving)
    assert [state for du, state in joined.watch.moves if du == 0][3:] == ["half_open", "closed"]
    assert not joined.ran.ladders[0].ordered


@pytest.mark.parametrize("seed", range(6))
def test_a_good_policy_keeps_its_du(tmp_path: Path, seed: int) -> None:
    joined = Joined(tmp_path, seed)
    joined.run(20.0, serving_hard, serving)
    assert joined.watch.moves == []
    for line in joined.desk.lines:
        assert line.breaker.trusted


def test_an_alternating_load_makes_nothing_flap(tmp_path: Path) -> None:
    """Light and heavy traffic by turns, each for longer than the breaker's patience."""
    load = WORLD.load.model_copy(update={"profile": "measured", "profile_step_s": 6.0})
    world = WORLD.model_copy(update={"load": load, "episode_frames": 3600})
    joined = Joined(tmp_path, seed=5, world=world, load_profile=np.array([0.3, 2.0] * 3))
    joined.run(36.0, serving, serving)
    assert joined.watch.moves == []


def test_the_estimate_of_a_du_alone_is_near_what_it_comes_to_alone(tmp_path: Path) -> None:
    """DU 0 starved: what its model says of its own scheduler, against the same world with it in force."""
    joined = Joined(tmp_path, seed=7)
    joined.desk.spec = replace(joined.desk.spec, mode="observe")
    estimates = []
    for _ in range(6):
        joined.run(1.0, starving, serving)
        estimates.append(joined.desk.lines[0].breaker.baseline)
    truth = Joined(tmp_path, seed=7)
    truth.ran.ladders[0].ordered = True
    measured = []
    for _ in range(600):
        truth.run(0.01, starving, serving)
        qos = truth.problem.qos(truth.problem.kpis(truth._last))[0]
        measured.append(float(qos @ np.array(WEIGHTS)) / sum(WEIGHTS))
    told = [value for value in estimates if value is not None]
    assert abs(np.mean(told) - np.mean(measured)) < 0.1
