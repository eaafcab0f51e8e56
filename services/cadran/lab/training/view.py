"""Between the environments' arrays, one row per network, and the learner's, one block per run and agent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadran.lab.training.plan import Agents
from cadran.problem import Problem

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]


class View:
    """What agents see of R runs of E networks of C DUs, and how their decisions reach the DUs.

    Networks stand run by run: ``[R E, C, ...]`` on the environments' side, ``[R, N, E, ...]`` on the
    learner's. A central agent sees the states of all DUs, then the previous actions of all; so every
    agent's observation ends with its previous action.

    Args:
        problem: of each DU.
        dus: C.
        agents: one at each DU that earns for itself or for all, or one for all.
        runs: R.

    Attributes:
        agents: N, agents of one run: C, or 1.
        observation_dim: O of an agent.
        action_dim: A of an agent.
    """

    def __init__(self, problem: Problem, dus: int, agents: Agents, runs: int) -> None:
        central = agents == "central"
        self.agents = 1 if central else dus
        self.observation_dim = problem.observation_dim * (dus if central else 1)
        self.action_dim = problem.action_dim * (dus if central else 1)
        self._state_dim = problem.state_dim
        self._du_action_dim = problem.action_dim
        self._central = central
        self._shared = agents == "team"
        self._runs = runs

    def observe(self, observation: Float32) -> Float32:
        """What each agent sees: ``[R E, C, O]`` -> ``[R, N, E, O]``."""
        if not self._central:
            return self._per_run(observation)
        rows = len(observation)
        states, previous = np.split(observation, [self._state_dim], axis=-1)
        joined = np.concatenate([states.reshape(rows, -1), previous.reshape(rows, -1)], axis=-1)
        return self._per_run(joined[:, np.newaxis])

    def decide(self, action: Float32) -> Float32:
        """What each DU does: ``[R, N, E, A]`` -> ``[R E, C, A]``."""
        rows = self._runs * action.shape[2]
        return action.swapaxes(1, 2).reshape(rows, -1, self._du_action_dim)

    def reward(self, reward: Float32) -> Float32:
        """What each agent earns, one that earns for all the mean over DUs: ``[R E, C]`` -> ``[R, N, E]``."""
        if self._central or self._shared:
            mean = reward.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
            reward = np.repeat(mean, self.agents, axis=1)
        return self._per_run(reward)

    def arrived(self, arrived: Bool) -> Bool:
        """Which transitions of one run are whole, given the DUs' reports ``[C, E]``: ``[N, E]``.

        The mean over DUs is known once all have reported.
        """
        if not (self._central or self._shared):
            return arrived
        return np.repeat(arrived.all(axis=0, keepdims=True), self.agents, axis=0)

    def _per_run(self, array: Float32) -> Float32:
        return array.reshape(self._runs, -1, *array.shape[1:]).swapaxes(1, 2)
