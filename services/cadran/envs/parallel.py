"""One network as a PettingZoo ParallelEnv: an agent per DU."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from cadran.envs.batched import BatchedEnv
from cadran.envs.given import GivenProblem, GivenWorld, problem_spec, world_of
from cadran.envs.rendering import render_mode_of, rgb_array
from cadran.envs.spaces import action_space, observation_space

Float32 = NDArray[np.float32]


class DuParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Agents ``du_0 ... du_{C-1}``; an action holds numbers in [0, 1] that the problem decodes.

    Episodes end by truncation after `world.episode_frames` frames. `reset(seed=s)` starts episode 0 of world
    seed s; `reset()` goes on to the next episode. An agent's info has ``qos``, the quality of each slice.

    Args:
        world: A preset's name, a mapping of the `world` section's keys, or a `World`.
        problem: Keys of the `problem` section, laid over the task's, or a `ProblemSpec`.
        task: Decision problem at each DU: ``"slicing"`` or ``"resource-blocks"``.
        seed: World seed of a first `reset()` without seed.
        render_mode: None or ``"rgb_array"``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: In one line: what is wrong, and what is allowed.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "cadran_du_v0",
        "render_modes": ["rgb_array"],
        "render_fps": 10,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        world: GivenWorld = "paper",
        problem: GivenProblem = None,
        *,
        task: str = "slicing",
        seed: int = 0,
        render_mode: str | None = None,
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self.render_mode = render_mode_of(render_mode)
        spec = problem_spec(problem, task)
        ran = world_of(world, spec)
        self.batch = BatchedEnv(ran, spec, _seeds(seed), trace_bytes_per_tti, load_profile)
        self._started = False
        self.possible_agents = [f"du_{du}" for du in range(ran.dus)]
        self.agents: list[str] = []
        self.observation_spaces = {
            agent: observation_space(self.batch.problem) for agent in self.possible_agents
        }
        self.action_spaces = {agent: action_space(self.batch.problem) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Box:
        """Of one DU: finite numbers, at least 0."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """Of one DU: [0, 1] in each dimension."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float32], dict[str, dict[str, Any]]]:
        """Start an episode; returns observations and empty infos per agent. There are no options."""
        if seed is not None:
            self.batch.reseed(_seeds(seed))
        elif self._started:
            self.batch.reset(self.batch.episode + 1)
        self._started = True
        self.agents = list(self.possible_agents)
        return self._per_agent(self.batch.observation), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, Float32]
    ) -> tuple[
        dict[str, Float32], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        """Run one frame; returns observations, rewards, terminations, truncations and infos per agent."""
        step = self.batch.step(np.stack([actions[agent] for agent in self.agents])[np.newaxis])
        acted = self.agents
        observations = self._per_agent(step.observation)
        if step.episode_end:
            self.agents = []
        return (
            observations,
            dict(zip(acted, step.reward[0].tolist(), strict=True)),
            dict.fromkeys(acted, False),
            dict.fromkeys(acted, step.episode_end),
            {agent: {"qos": step.qos[0, du]} for du, agent in enumerate(acted)},
        )

    def render(self) -> NDArray[np.uint8] | None:
        """The picture of the last frame, uint8 ``[height, width, 3]``; None without a render mode."""
        return None if self.render_mode is None else rgb_array(self.batch)

    def _per_agent(self, batch: Float32) -> dict[str, Float32]:
        return dict(zip(self.agents, batch[0].copy(), strict=True))


parallel_env = DuParallelEnv
"""The factory under the name that PettingZoo's tools look for."""


def _seeds(seed: int) -> NDArray[np.uint64]:
    return np.asarray([seed], dtype=np.uint64)
