"""E networks as a Gymnasium VectorEnv, computed as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from cadran.envs.batched import BatchedEnv
from cadran.envs.control import Control, Du
from cadran.envs.given import GivenProblem, GivenRule, GivenWorld
from cadran.envs.rendering import render_mode_of, rgb_array
from cadran.envs.spaces import shaped

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Transitions = tuple[Float32, NDArray[np.float64], Bool, Bool, dict[str, Any]]


class RanVectorEnv(VectorEnv):  # type: ignore[misc]
    """What `single.RanEnv` is, E times: environment e with seed s + e plays as a `RanEnv` with that seed.

    A learner that decides for all DUs (``du="all"``) sees observations ``(E, C, observation_dim)``, gives
    actions ``(E, C, action_dim)`` and earns the mean over DUs.

    Autoreset is `SAME_STEP`: all episodes end together, by truncation, and that step already returns the
    first observation of the next episode. The last one is in ``infos["final_obs"]``, what belongs to it in
    ``infos["final_info"]``.

    Args:
        num_envs: Number of environments, E.
        world: See `single.RanEnv`, here and below.
        problem: Keys laid over the task's, or a `ProblemSpec`.
        task: Decision problem.
        du: DU that learns, or ``"all"``.
        others: Rule of the other DUs.
        seed: Of a first `reset()` without seed; None draws one.
        render_mode: None or ``"rgb_array"``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: In one line: what is wrong, and what is allowed.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": ["rgb_array"],
        "render_fps": 10,
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
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
        self.num_envs = num_envs
        self._control = Control(num_envs, world, problem, task, du, others, trace_bytes_per_tti, load_profile)
        self.single_observation_space = self._control.observation_space
        self.single_action_space = self._control.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._first_seed = seed
        self._started = False

    @property
    def batch(self) -> BatchedEnv:
        """The networks themselves."""
        return self._control.batch

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32, dict[str, Any]]:
        """Start an episode in every environment; returns observations and empty infos.

        Args:
            seed: s for world seeds s, s + 1, ...; or all of them; or None for the next episode.
            options: There are none; environments cannot be reset one by one.

        Raises:
            ValueError: Not one seed per environment, or a ``reset_mask`` that leaves some out.
        """
        if options is not None and not np.all(options.get("reset_mask", True)):
            raise ValueError("reset_mask: the environments start and end their episodes together")
        if seed is None and not self._started:
            seed = self._first_seed
        super().reset(seed=seed[0] if isinstance(seed, Sequence) else seed)
        starts_over = seed is not None or not self._started
        self._started = True
        return self._control.begin(self._seeds(seed) if starts_over else None), {}

    def step(self, actions: Float32) -> Transitions:
        """Run one frame; returns observations, rewards, terminations, truncations and infos.

        Raises:
            ValueError: An action is illegal.
        """
        observation, reward, ended, values = self._control.step(shaped(actions, self.action_space))
        infos = self._masked(values)
        if ended:
            infos = self._masked({"final_obs": _objects(observation), "final_info": infos})
            observation = self._control.begin(None)
        return observation, reward, self._all(False), self._all(ended), infos

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """A picture of each environment, uint8 ``[height, width, 3]``; None without a render mode."""
        if self.render_mode is None:
            return None
        return tuple(rgb_array(self.batch, env) for env in range(self.num_envs))

    def _seeds(self, seed: int | Sequence[int] | None) -> list[int]:
        if not isinstance(seed, Sequence):
            return [self.np_random_seed + env for env in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"seed: {len(seed)} seeds for {self.num_envs} environments")
        return list(seed)

    def _masked(self, values: dict[str, Any]) -> dict[str, Any]:
        """With a mask per entry of who has it, as `VectorEnv` defines infos: here always all."""
        return values | {f"_{name}": self._all(True) for name in values}

    def _all(self, value: bool) -> Bool:
        return np.full(self.num_envs, value)


def _objects(rows: Float32) -> NDArray[np.object_]:
    """One object per environment, as `VectorEnv` defines ``final_obs``."""
    objects = np.empty(len(rows), dtype=object)
    for env, row in enumerate(rows):
        objects[env] = row
    return objects
