"""Learned actors as they are deployed: one per DU, numpy inference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, Step
from cadran.policy import Actor, PolicyError, newest, require_compatible
from cadran.policy import load as load_policy
from cadran.problem import Problem
from cadran.runtime import ConfigError


class LearnedPolicy:
    """One actor per DU, acting by its mean (as deployed) or by sampling (as it explores).

    Args:
        actors: Actor of each DU.
        sampled_seed: Seed of the exploration noise; None acts by the mean.
    """

    def __init__(self, actors: Sequence[Actor], sampled_seed: int | None = None) -> None:
        self._actors = tuple(actors)
        self._seed = sampled_seed
        self.name = "learned" if sampled_seed is None else "learned (sampled)"
        self.detail = "mean action, as deployed" if sampled_seed is None else "as it explores"

    def begin(self, env: BatchedEnv) -> None:
        """Draw exploration noise from the start again.

        Raises:
            ValueError: The environment has another number of DUs than there are actors.
        """
        if len(self._actors) != env.dus:
            raise ValueError(f"policy: {len(self._actors)} actors for {env.dus} DUs")
        self._rng = None if self._seed is None else np.random.default_rng(self._seed)

    def act(self, env: BatchedEnv) -> Step:
        """Every DU's actor decides from its own observation."""
        actions = [self._decide(actor, env.observation[:, du]) for du, actor in enumerate(self._actors)]
        return env.step(np.stack(actions, axis=1))

    def _decide(self, actor: Actor, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._rng is None:
            return actor.mean(observation)
        noise = self._rng.standard_normal((len(observation), actor.action_dim), dtype=np.float32)
        return actor.sample(observation, noise)


def load_actors(directory: Path, problem: Problem, dus: int) -> tuple[Actor, ...]:
    """The newest actor of each DU in a directory of policy artefacts.

    Raises:
        ConfigError: No such directory, a DU without a policy, or a policy that is damaged or does not fit.
    """
    try:
        paths = newest(directory)
    except OSError as error:
        raise ConfigError(f"policy: {directory}: {error.strerror}") from error
    missing = [du for du in range(dus) if du not in paths]
    if missing:
        raise ConfigError(f"policy: {directory}: no policy for DU {', '.join(map(str, missing))}")
    return tuple(_load_actor(paths[du], du, problem) for du in range(dus))


def _load_actor(path: Path, du: int, problem: Problem) -> Actor:
    try:
        meta, actor = load_policy(path)
        require_compatible(
            meta,
            du=du,
            observation_dim=problem.observation_dim,
            action_dim=problem.action_dim,
            problem=problem.names,
            current_version=None,
        )
    except (OSError, PolicyError) as error:
        raise ConfigError(f"policy: {path}: {error}") from error
    return actor
