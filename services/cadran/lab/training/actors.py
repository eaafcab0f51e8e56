"""Trained actors of one run, as arrays, ready to act in numpy as they would be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cadran.learn import Population
from cadran.policy import Actor, PolicyMeta, decode_actor, encode

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainedActors:
    """N actors of one shape.

    Attributes:
        meta: description of the first one; the others differ in ``du`` alone.
        tensors: by name as in the policy artefact, ``[N, ...]``.
    """

    meta: PolicyMeta
    tensors: Mapping[str, Float32]

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    @cached_property
    def actors(self) -> tuple[Actor, ...]:
        """One actor per agent."""
        return tuple(Actor(self.meta, self._of(agent)) for agent in range(len(self)))

    def act(self, observation: Float32, noise: Float32 | None) -> Float32:
        """Sampled actions, or mean ones without noise: ``[N, E, O]`` and ``[N, E, A]`` -> ``[N, E, A]``."""
        if noise is None:
            return np.stack([actor.mean(own) for actor, own in zip(self.actors, observation, strict=True)])
        triples = zip(self.actors, observation, noise, strict=True)
        return np.stack([actor.sample(own, draws) for actor, own, draws in triples])

    def replaced(self, other: TrainedActors, which: NDArray[np.bool_]) -> TrainedActors:
        """These actors, but those marked in ``which``, bool[N], from another set of the same shape."""
        mixed = {name: tensor.copy() for name, tensor in self.tensors.items()}
        for name, tensor in mixed.items():
            tensor[which] = other.tensors[name][which]
        return TrainedActors(self.meta, mixed)

    def artifact(self, agent: int) -> bytes:
        """One actor as a policy artefact, ready to be deployed.

        Raises:
            policy.PolicyError: NOT_FINITE.
        """
        return encode(replace(self.meta, du=agent), self._of(agent))

    def _of(self, agent: int) -> dict[str, Float32]:
        return {name: tensor[agent] for name, tensor in self.tensors.items()}


def trained_actors(population: Population, problem: Mapping[str, str]) -> list[TrainedActors]:
    """The present actors of each run of a population, copied.

    Args:
        population: what learns.
        problem: names of observation, action and reward.

    Raises:
        policy.PolicyError: NOT_FINITE.
    """
    data = population.artifact(0, 0, version=1, created_unix_s=0.0, problem=problem, effective_frame=0)
    meta = replace(decode_actor(data)[0], sha256="")
    tensors = population.actors()
    return [
        TrainedActors(meta, {name: tensor[run] for name, tensor in tensors.items()})
        for run in range(population.runs)
    ]
