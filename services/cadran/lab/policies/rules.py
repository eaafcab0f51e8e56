"""Policies without memory: heuristics and random actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadran.envs import BatchedEnv, Step
from cadran.problem.heuristics import Heuristic


@dataclass(frozen=True)
class RulePolicy:
    """A heuristic of `problem.heuristics` at every DU.

    Attributes:
        name: How tables call it.
        rule: The heuristic.
        detail: Its numbers, where it has any.
    """

    name: str
    rule: Heuristic
    detail: str = ""

    def begin(self, env: BatchedEnv) -> None:
        """Nothing to forget."""

    def act(self, env: BatchedEnv) -> Step:
        """Decide from the last frame's measurements."""
        return env.step_decision(self.rule(env.measurements, env.frame))


class RandomActions:
    """Actions uniform in [0, 1], decoded as a learned policy's would be.

    Args:
        seed: Of the draws; every rollout draws the same.
    """

    name = "random"
    detail = "uniform actions"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def begin(self, env: BatchedEnv) -> None:
        """Draw from the start again."""
        self._rng = np.random.default_rng(self._seed)

    def act(self, env: BatchedEnv) -> Step:
        """Decide without looking."""
        return env.step(self._rng.random((env.envs, env.dus, env.problem.action_dim), dtype=np.float32))
