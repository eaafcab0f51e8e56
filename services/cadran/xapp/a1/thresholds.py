"""Rewards of rows under the thresholds in force; set in the event loop, read on the learner's thread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.problem import Problem, ProblemSpec
from cadran.problem.measurements import Float32


class RewardBook:
    """Each DU's reward as A1 policies have it.

    Transitions carry the KPIs that rewards are made of, so a new threshold judges the whole experience, old
    rows and new ones alike.

    Args:
        problem: The scenario's own.
    """

    def __init__(self, problem: Problem) -> None:
        self._frame = problem.frame
        self._problems = (problem,) * problem.frame.dus

    def set(self, specs: Sequence[ProblemSpec]) -> None:
        """What each DU's reward is computed with from the next batch on; DUs with equal ones share one."""
        made: dict[ProblemSpec, Problem] = {}
        for spec in specs:
            if spec not in made:
                made[spec] = Problem(spec, self._frame)
        self._problems = tuple(made[spec] for spec in specs)  # one assignment: a reader sees all or nothing

    def reward(self, kpis: Float32) -> Float32:
        """Rewards of a batch of every DU, ``[N, B, K] -> [N, B]``."""
        problems = self._problems
        if all(problem is problems[0] for problem in problems):
            return problems[0].reward(kpis)
        return np.stack([problem.reward(rows) for problem, rows in zip(problems, kpis, strict=True)])

    def of(self, du: int) -> Problem:
        """The problem that a DU is judged by."""
        return self._problems[du]
