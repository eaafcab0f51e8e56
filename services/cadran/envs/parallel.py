"""One network as a PettingZoo ParallelEnv: an agent per DU."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from cadran.envs.batched import BatchedEnv, Step
from cadran.problem import ProblemSpec
from cadran.radio import World

Float32 = NDArray[np.float32]


class DuParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Agents ``du_0 ... du_{C-1}``; an action holds numbers in [0, 1] that the problem decodes.

    Episodes end by truncation after `world.episode_frames` frames. `reset(seed=s)` starts episode 0 of world
    seed s; `reset()` without a seed goes on to the next episode.

    Args:
        world: The RAN.
        problem_spec: The decision problem at each DU.
        seed: World seed until `reset` gets another.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "cadran_du_v0", "render_modes": []}
    render_mode = None

    def __init__(self, world: World, problem_spec: ProblemSpec, seed: int = 0) -> None:
        self._world = world
        self._spec = problem_spec
        self._seed(seed)
        self.possible_agents = [f"du_{du}" for du in range(world.dus)]
        self.agents: list[str] = []
        problem = self._env.problem
        self._observation_space = Box(0.0, np.inf, (problem.observation_dim,), np.float32)
        self._action_space = Box(0.0, 1.0, (problem.action_dim,), np.float32)
        self.observation_spaces = {agent: self._observation_space for agent in self.possible_agents}
        self.action_spaces = {agent: self._action_space for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Box:
        """The same for every agent: finite numbers, at least 0."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """The same for every agent: [0, 1] in each dimension."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float32], dict[str, dict[str, Any]]]:
        """Start an episode; returns observations and empty infos per agent."""
        if seed is not None:
            self._seed(seed)
        self.agents = list(self.possible_agents)
        observation = self._env.reset(self._episode)
        self._episode += 1
        return self._per_agent(observation), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, Float32]
    ) -> tuple[
        dict[str, Float32], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        """Run one frame; returns observations, rewards, terminations, truncations and infos per agent."""
        step = self._env.step(np.stack([actions[agent] for agent in self.agents])[np.newaxis])
        acted = self.agents
        if step.episode_end:
            self.agents = []
        return (
            dict(zip(acted, step.observation[0], strict=True)),
            dict(zip(acted, step.reward[0].tolist(), strict=True)),
            dict.fromkeys(acted, False),
            dict.fromkeys(acted, step.episode_end),
            self._infos(acted, step),
        )

    def _seed(self, seed: int) -> None:
        self._env = BatchedEnv(self._world, self._spec, np.asarray([seed], dtype=np.uint64))
        self._episode = 0

    def _infos(self, agents: list[str], step: Step) -> dict[str, dict[str, Any]]:
        qos = self._env.problem.qos(step.kpis[0])
        return {agent: {"qos": qos[du]} for du, agent in enumerate(agents)}

    def _per_agent(self, batch: Float32) -> dict[str, Float32]:
        return dict(zip(self.agents, batch[0], strict=True))
