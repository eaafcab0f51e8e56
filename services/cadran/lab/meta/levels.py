"""The levels that a policy decides on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from cadran.lab.meta.experiment import MetaExperiment
from cadran.learn.ddpg import DdpgShape, DdpgSpec
from cadran.problem.hierarchy import HierarchicalProblem

Level = Literal["higher", "lower", "flat"]


@dataclass(frozen=True)
class LevelFacts:
    """One level of decision.

    Attributes:
        spec: what it learns with.
        observation_dim: numbers it sees.
        action_dim: numbers it decides by.
    """

    spec: DdpgSpec
    observation_dim: int
    action_dim: int

    @property
    def shape(self) -> DdpgShape:
        """Of its networks."""
        return DdpgShape.of(self.spec, self.observation_dim, self.action_dim)


def levels_of(
    experiment: MetaExperiment, problem: HierarchicalProblem, levels: Literal["two", "flat", "quotas"]
) -> Mapping[Level, LevelFacts]:
    """The levels of a two-level policy, or the one of a flat policy.

    Raises:
        ValueError: a policy of slice quotas, which learns elsewhere.
    """
    if levels == "quotas":
        raise ValueError("levels: a policy of slice quotas has none, it is trained by cadran.lab.training")
    if levels == "flat":
        flat = LevelFacts(experiment.ddpg, problem.state_dim, problem.action_dim)
        return MappingProxyType({"flat": flat})
    meta = experiment.meta
    higher = LevelFacts(meta.higher, problem.higher_observation_dim, problem.higher_action_dim)
    lower = LevelFacts(meta.lower, problem.lower_observation_dim, problem.lower_action_dim)
    return MappingProxyType({"higher": higher, "lower": lower})
