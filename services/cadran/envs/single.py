"""One network as a Gymnasium Env: a learner for one DU and a rule for the rest, or a learner for all."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from cadran.envs.batched import BatchedEnv
from cadran.envs.control import Control, Du
from cadran.envs.given import GivenProblem, GivenRule, GivenWorld
from cadran.envs.rendering import render_mode_of, rgb_array
from cadran.envs.spaces import shaped

Float32 = NDArray[np.float32]


class RanEnv(gymnasium.Env):  # type: ignore[misc]
    """A RAN that a learner acts in, frame by frame.

    Observations and actions are those of DU ``du``: Box ``(observation_dim,)`` and Box ``(action_dim,)`` in
    [0, 1]. With ``du="all"`` they have a row per DU, and the reward is the mean over DUs. ``info`` has
    ``qos``, the quality of each slice, and for all DUs ``du_reward`` as well.

    Episodes end by truncation after `world.episode_frames` frames. `reset(seed=s)` starts episode 0 of world
    seed s; `reset()` goes on to the next episode.

    Args:
        world: A preset's name (``"paper"``, ``"3gpp"``, ``"3gpp-30khz"``), a mapping of the `world` section's
            keys, or a `World`.
        problem: Keys of the `problem` section, laid over the task's, or a `ProblemSpec`.
        task: Decision problem: ``"slicing"`` or ``"resource-blocks"``.
        du: DU that learns, or ``"all"``.
        others: Rule of the other DUs: ``"equal"``, ``"need-proportional"``, ``"pf"``, ``"priority"``, or a
            function of `problem.heuristics`.
        seed: World seed of a first `reset()` without seed; None draws one.
        render_mode: None or ``"rgb_array"``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: In one line: what is wrong, and what is allowed.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(
        self,
        world: GivenWorld = "paper",
        problem: GivenProblem = None,
        *,
        task: str = "slicing",
        du: Du = 0,
        others: GivenRule = "equal",
        seed: int | None = None,
        render_mode: str | None = None,
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self.render_mode = render_mode_of(render_mode)
        self._control = Control(1, world, problem, task, du, others, trace_bytes_per_tti, load_profile)
        self.observation_space = self._control.observation_space
        self.action_space = self._control.action_space
        self._first_seed = seed
        self._started = False

    @property
    def batch(self) -> BatchedEnv:
        """The network itself, as a batch of one."""
        return self._control.batch

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """Start an episode; returns the observation and an empty info. There are no options."""
        if seed is None and not self._started:
            seed = self._first_seed
        super().reset(seed=seed)
        starts_over = seed is not None or not self._started
        self._started = True
        observation = self._control.begin([self.np_random_seed] if starts_over else None)
        return observation[0], {}

    def step(self, action: Float32) -> tuple[Float32, float, bool, bool, dict[str, Any]]:
        """Run one frame; returns observation, reward, terminated, truncated and info.

        Raises:
            ValueError: The action is illegal, or the episode has ended.
        """
        observation, reward, ended, infos = self._control.step(shaped(action, self.action_space)[np.newaxis])
        info = {name: values[0] for name, values in infos.items()}
        return observation[0], float(reward[0]), False, ended, info

    def render(self) -> NDArray[np.uint8] | None:
        """The picture of the last frame, uint8 ``[height, width, 3]``; None without a render mode."""
        return None if self.render_mode is None else rgb_array(self.batch)
