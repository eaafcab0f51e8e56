"""How well a DU serves its slices, from the KPIs that its rows bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cadran.problem import Problem
from cadran.problem.measurements import Float32


@dataclass(frozen=True)
class Quality:
    """Means over a window of frames.

    Attributes:
        frames: In the window.
        reward: Per frame, as the xApp computes it.
        slices: Quality of each slice in [0, 1].
        met: Share of frames in which each slice had its target; None where it has no target.
    """

    frames: int
    reward: float
    slices: tuple[float, ...]
    met: tuple[float | None, ...]


class Judge:
    """Judges the KPIs of rows.

    Args:
        problem: Of the slices; under a hierarchy, its base, whose KPIs come first in a row.
        targets: Quality that each slice should have, by DU; None where there is no target.
    """

    def __init__(self, problem: Problem, targets: tuple[tuple[float | None, ...], ...]) -> None:
        self._problems: Sequence[Problem] = (problem,) * problem.frame.dus
        self._targets = targets

    def rejudge(self, problems: Sequence[Problem], targets: tuple[tuple[float | None, ...], ...]) -> None:
        """From now on each DU is judged by a problem and targets of its own."""
        self._problems, self._targets = problems, targets

    def judge(self, du: int, kpis: Float32) -> Quality:
        """The quality of at least one frame, from KPIs ``[frames, kpi_dim]`` of rows."""
        problem = self._problems[du]
        qos, reward = problem.judge(kpis[:, : problem.kpi_dim])
        met = [
            None if target is None else float((qos[:, index] >= target).mean())
            for index, target in enumerate(self._targets[du])
        ]
        means = qos.mean(axis=0, dtype=np.float64)
        return Quality(
            frames=len(kpis),
            reward=float(reward.mean(dtype=np.float64)),
            slices=tuple(float(mean) for mean in means),
            met=tuple(met),
        )
