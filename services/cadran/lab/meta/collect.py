"""Experience: a policy explores in copies of a network, and each level of each DU keeps what it saw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.lab.meta.experience import LevelExperience
from cadran.lab.meta.levels import Level, LevelFacts
from cadran.lab.meta.policies import Policy

Float32 = NDArray[np.float32]


class Collector:
    """Lets a policy explore, and keeps what happened.

    Args:
        env: E copies of a network of C DUs.
        policy: that acts; its networks may be replaced at any time.
        levels: of the policy.
        capacity: transitions kept per DU and level.
        generator: of exploration.

    Attributes:
        experience: by level.
    """

    def __init__(
        self,
        env: HierarchicalEnv,
        policy: Policy,
        levels: Mapping[Level, LevelFacts],
        capacity: int,
        generator: np.random.Generator,
    ) -> None:
        self._env = env
        self._policy = policy
        self._generator = generator
        self.experience = {
            level: LevelExperience(env.dus, capacity, facts.observation_dim, facts.action_dim)
            for level, facts in levels.items()
        }
        policy.begin()

    def advance(self, frames: int, std: Mapping[Level, float] | None) -> float:
        """Advance every copy, with a new episode where one has ended.

        Args:
            frames: how many.
            std: of the normal noise on each number of an action, by level; None: noise uniform within 0.5,
                with which a fresh policy's actions, all about 0.5, are uniform.

        Returns:
            Mean reward over frames, copies and DUs.
        """
        return float(np.mean([self._frame(std) for _ in range(frames)]))

    def _frame(self, std: Mapping[Level, float] | None) -> np.float64:
        if self._env.frames_left == 0:
            self._env.reset(self._env.episode + 1)
            self._policy.begin()
        action = self._policy.act(self._env.state, self._noise(std))
        step = self._env.step(action)
        for new in self._policy.learnt(action, step):
            self.experience[new.level].add(
                new.observation, new.action, new.next_observation, new.reward, new.kept
            )
        return np.mean(step.reward, dtype=np.float64)

    def _noise(self, std: Mapping[Level, float] | None) -> Float32:
        shape = (self._env.envs, self._env.dus, self._env.problem.action_dim)
        if std is None:
            return self._generator.random(shape, dtype=np.float32) - np.float32(0.5)
        return self._generator.standard_normal(shape, dtype=np.float32) * self._policy.noise_scale(std)
