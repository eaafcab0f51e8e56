"""Experience for tests: a small schema, rows like a dApp's, a learner that learns in milliseconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadran.learn import Learner, LearnerSpec
from cadran.replay import RowFlag, Rows, TransitionSchema

DUS = 2
SCHEMA = TransitionSchema(state_dim=4, action_dim=3, kpi_dim=2)
SPEC = LearnerSpec(
    hidden=(8,), batch_size=4, warmup_transitions=6, updates_per_frame=1.0, publish_every_updates=3,
    replay_capacity=1000,
)  # fmt: skip
NEUTRAL = np.full(3, 0.5, np.float32)
PROBLEM = {"observation": "demand", "action": "slice_quota", "reward": "delivered"}


def rows(du: int, start: int, stop: int, epoch: int = 1) -> Rows:
    """Frames start..stop-1 of one DU; the same frame always has the same content."""
    made = SCHEMA.empty(stop - start)
    for row, frame in zip(made, range(start, stop), strict=True):
        rng = np.random.default_rng([du, frame, epoch])
        row["epoch"], row["frame"], row["sequence"], row["policy_version"] = epoch, frame, frame, 1
        row["flags"] = RowFlag.PREVIOUS_IS_NEUTRAL if frame % 5 == 0 else 0
        row["state"], row["next_state"] = rng.random(4), rng.random(4)
        row["action"], row["reward"], row["kpis"] = rng.random(3), rng.random(), rng.random(2)
    return made


def learner(seed: int = 3) -> Learner:
    return Learner(SPEC, DUS, SCHEMA.state_dim + SCHEMA.action_dim, SCHEMA.action_dim, seed)


def reward(kpis: NDArray[np.float32]) -> NDArray[np.float32]:
    """A reward of the KPIs alone, [..., K] -> [...]."""
    return np.asarray(kpis.mean(axis=-1), dtype=np.float32)
