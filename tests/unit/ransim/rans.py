"""A small RAN for the tests of the RAN simulator."""

from __future__ import annotations

from typing import Any

import numpy as np

from cadran.envs import problem_of
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.radio import World
from cadran.ransim.e3_agent import RanIdentity
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.ran import Ran

WORLD = World.model_validate(
    {"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 5, "load": {"scale": 0.26}}
)
EPOCH = 7


def percent(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


FALLBACK = Quota(percent(0, 0, 0), percent(20, 20, 30), percent(100, 100, 100))


def problem() -> Problem:
    return problem_of(WORLD, ProblemSpec())


def ran(deterministic_every: int = 2, max_age_frames: int = 3) -> Ran:
    ladders = tuple(DecisionLadder(FALLBACK, max_age_frames) for _ in range(WORLD.dus))
    return Ran(WORLD, 3, ladders, deterministic_every)


def identity(lockstep: bool = False) -> RanIdentity:
    made = problem()
    return RanIdentity(made.frame, EPOCH, lockstep, made.names)
