"""Who decides for which DU: a learner for one and a rule for the rest, or a learner for all."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cadran.envs.batched import BatchedEnv, Step
from cadran.envs.given import GivenProblem, GivenRule, GivenWorld, problem_spec, rule_of, world_of
from cadran.envs.spaces import action_space, observation_space

Float32 = NDArray[np.float32]
Du = int | Literal["all"]

_SEED_MASK = 2**64 - 1


class Control:
    """E environments as a learner sees them that decides for one DU, or for all.

    Shapes below are those of one DU; a learner that decides for all has rows of the C DUs after ``[E]``.

    Args:
        envs: Number of environments, E.
        world: A preset's name, a mapping of the `world` section's keys, or a `World`.
        problem: Keys laid over the task's, or a `ProblemSpec`.
        task: Decision problem by name.
        du: DU that the learner decides for, or ``"all"``.
        others: Rule of the other DUs, by name or as a function.
        trace_bytes_per_tti: Measured packets; see `BatchedEnv`.
        load_profile: Measured load; see `BatchedEnv`.

    Raises:
        ValueError: In one line: what is wrong, and what is allowed.

    Attributes:
        batch: The environments.
        observation_space: Of one environment.
        action_space: Of one environment.
    """

    def __init__(
        self,
        envs: int,
        world: GivenWorld,
        problem: GivenProblem,
        task: str,
        du: Du,
        others: GivenRule,
        trace_bytes_per_tti: NDArray[np.int64] | None,
        load_profile: NDArray[np.float64] | None,
    ) -> None:
        spec = problem_spec(problem, task)
        ran = world_of(world, spec)
        self._rule = rule_of(others)
        self._du = None if du == "all" else _du_of(du, ran.dus)
        seeds = np.arange(envs, dtype=np.uint64)
        self.batch = BatchedEnv(ran, spec, seeds, trace_bytes_per_tti, load_profile)
        dus = ran.dus if self._du is None else None
        self.observation_space = observation_space(self.batch.problem, dus)
        self.action_space = action_space(self.batch.problem, dus)

    def begin(self, seeds: list[int] | None) -> Float32:
        """Start episode 0 of seeds ``[E]``, taken modulo 2^64, or else the next episode.

        Returns:
            First observations, float32 ``[E, observation_dim]``.
        """
        if seeds is None:
            self.batch.reset(self.batch.episode + 1)
        else:
            self.batch.reseed(np.asarray([seed & _SEED_MASK for seed in seeds], dtype=np.uint64))
        return self._seen(self.batch.observation)

    def step(self, actions: Float32) -> tuple[Float32, NDArray[np.float64], bool, dict[str, Any]]:
        """Run one frame.

        Args:
            actions: ``[E, action_dim]`` in [0, 1].

        Returns:
            Observations; rewards ``[E]``, the mean over DUs where the learner decides for all; whether the
            episode has ended; infos: ``qos`` of each slice ``[E, S]``, and where the learner decides for
            all, the ``du_reward`` of each ``[E, C]``.

        Raises:
            ValueError: An action is illegal, or the episode has ended.
        """
        step = self._run(actions)
        infos = {"qos": self._seen(step.qos)}
        if self._du is None:
            infos["du_reward"] = step.reward.astype(np.float64)
        reward = np.asarray(self._seen(step.reward), dtype=np.float64).reshape(self.batch.envs, -1)
        return self._seen(step.observation), reward.mean(axis=1), step.episode_end, infos

    def _run(self, actions: Float32) -> Step:
        if self._du is None:
            return self.batch.step(actions)
        return self.batch.step_du(self._du, actions, self._rule)

    def _seen(self, array: Float32) -> Float32:
        """The learner's own part of ``[E, C, ...]``, copied, since what is returned is the user's."""
        return array.copy() if self._du is None else array[:, self._du].copy()


def _du_of(du: int, dus: int) -> int:
    if isinstance(du, bool) or not isinstance(du, int) or not 0 <= du < dus:
        raise ValueError(f"environment: du = {du!r}: must be 'all' or a DU in 0..{dus - 1}")
    return du
