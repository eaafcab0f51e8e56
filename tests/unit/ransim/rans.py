"""A small RAN for the tests of the RAN simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cadran.envs import hierarchical_problem_of, problem_of
from cadran.problem import Problem, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserGrants
from cadran.radio import World
from cadran.ransim.e3_agent import RanIdentity
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.metrics import RansimMetrics
from cadran.ransim.ran import Ran
from cadran.ransim.statistics import EPISODE_FIELDS
from cadran.ransim.status_files import StatusFiles
from cadran.runtime.disk import DiskWatch

WORLD = World.model_validate(
    {"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 5, "load": {"scale": 0.26}}
)
EPOCH = 7


def percent(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


FALLBACK = Quota(percent(0, 0, 0), percent(20, 20, 30), percent(100, 100, 100))


def problem() -> Problem:
    return problem_of(WORLD, ProblemSpec())


def hierarchy() -> HierarchicalProblem:
    return hierarchical_problem_of(WORLD, ProblemSpec(), HierarchySpec(decision_frames=3))


def ran(
    deterministic_every: int = 2, max_age_frames: int = 3, for_users: bool = False, world: World = WORLD
) -> Ran:
    ladders = tuple(DecisionLadder(FALLBACK, max_age_frames) for _ in range(world.dus))
    return Ran(world, 3, ladders, deterministic_every, for_users=for_users)


def status_files(folder: Path, metrics: RansimMetrics) -> StatusFiles:
    return StatusFiles(folder, EPISODE_FIELDS, DiskWatch(metrics.disk_refusals, health=None))


def grants(ues: np.ndarray, seed: int = 0) -> UserGrants:
    """Legal grants to a DU's users, drawn."""
    made = hierarchy()
    action = np.random.default_rng(seed).random(made.action_dim, dtype=np.float32)
    return made.decode(action, ues)


def identity(lockstep: bool = False, made: Problem | HierarchicalProblem | None = None) -> RanIdentity:
    made = made or problem()
    return RanIdentity(made.frame, EPOCH, lockstep, made.names)
