"""Transitions for tests: every row can be told from every other by its content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.replay import RowFlag, Rows, TransitionSchema

SMALL = TransitionSchema(state_dim=3, action_dim=2, kpi_dim=1)


def make_rows(
    frames: Sequence[int] | range,
    schema: TransitionSchema = SMALL,
    epoch: int = 1,
    du: int = 0,
    episode_frames: int = 10,
) -> Rows:
    """Rows of the given frames; sequence = frame; every `episode_frames`-th starts an episode."""
    rows = schema.empty(len(frames))
    number = np.asarray(frames, np.uint32)
    rows["epoch"] = epoch
    rows["frame"] = number
    rows["sequence"] = number
    rows["policy_version"] = 1 + number // 7
    rows["flags"] = np.where(number % episode_frames == 0, RowFlag.PREVIOUS_IS_NEUTRAL, 0)
    identity = (1_000_000 * du + 1000 * (epoch % 1000) + number).astype(np.float32)
    rows["state"] = identity[:, None] + np.arange(schema.state_dim) / 16
    rows["action"] = identity[:, None] + np.arange(schema.action_dim) / 32
    rows["reward"] = identity
    rows["kpis"] = -identity[:, None]
    rows["next_state"] = identity[:, None] + 0.5 + np.arange(schema.state_dim) / 16
    return rows
