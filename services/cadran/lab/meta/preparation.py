"""Learning on the training network: an initialisation to adapt from, or weights to fine-tune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.lab.meta.experience import LevelExperience, pooled
from cadran.lab.meta.levels import Level, LevelFacts
from cadran.lab.meta.methods import Method
from cadran.learn.ddpg import Ddpg, Networks
from cadran.learn.meta import MetaLevel, MetaSpec

Float64 = NDArray[np.float64]

_SOURCE = 4
"""Stream of the draw of a source DU."""


@dataclass(frozen=True)
class TaskWeights:
    """How tasks counted at the last update of one level, and why.

    Attributes:
        weight: share of each of C tasks, ``[C]``.
        td_variance: running variance of its TD errors, ``[C]``.
    """

    weight: Float64
    td_variance: Float64


class LevelPreparation(Protocol):
    """One level while it learns from all DUs of the training network."""

    def update(self, experience: LevelExperience, generator: np.random.Generator) -> None:
        """One update."""

    def acting(self) -> Networks:
        """Copies of the networks that collect from now on, of C tasks or one."""

    def result(self) -> Networks:
        """What a new DU starts from: networks of one task."""

    def weights(self) -> TaskWeights | None:
        """Of the tasks, where the method weighs them; None before the first update."""


class MetaPreparation:
    """An initialisation that is trained to be good after adapting (Eqs (11) to (17) of arXiv 2512.13715).

    Experience is collected by the networks of each task after its inner steps.
    """

    def __init__(self, spec: MetaSpec, facts: LevelFacts, tasks: int, seed: int) -> None:
        self._size = facts.spec.batch_size
        self._level = MetaLevel(spec, facts.spec, facts.observation_dim, facts.action_dim, tasks, seed)
        self._adapted = self._level.initialisation()
        self._weights: TaskWeights | None = None

    def update(self, experience: LevelExperience, generator: np.random.Generator) -> None:
        """One inner step, and one outer step on other rows."""
        train, validation = experience.sample_apart(generator, self._size)
        made = self._level.update(train, validation)
        metrics = made.metrics
        self._weights = TaskWeights(
            np.asarray(metrics.weights, dtype=np.float64), np.asarray(metrics.td_variance, dtype=np.float64)
        )
        self._adapted = made.adapted

    def acting(self) -> Networks:
        """Every task's own networks after the inner steps; the initialisation before the first update."""
        return self._adapted

    def result(self) -> Networks:
        """The initialisation."""
        return self._level.initialisation()

    def weights(self) -> TaskWeights | None:
        """Those of the last update."""
        return self._weights


class JointPreparation:
    """One set of networks that learns from the rows of all DUs alike."""

    def __init__(self, facts: LevelFacts, seed: int) -> None:
        self._size = facts.spec.batch_size
        self._learner = Ddpg(facts.spec, facts.observation_dim, facts.action_dim, [seed])

    def update(self, experience: LevelExperience, generator: np.random.Generator) -> None:
        """One step on rows of all DUs."""
        self._learner.update(pooled(experience.sample(generator, self._size)))

    def acting(self) -> Networks:
        """The networks, for all DUs."""
        return self._learner.networks()

    def result(self) -> Networks:
        """The networks."""
        return self._learner.networks()

    def weights(self) -> TaskWeights | None:
        """None: rows count, not tasks."""
        return None


class SourcePreparation:
    """Networks of each DU of its own, of which one is handed on."""

    def __init__(self, facts: LevelFacts, tasks: int, seed: int) -> None:
        self._size = facts.spec.batch_size
        self._source = int(np.random.default_rng([seed, _SOURCE]).integers(tasks))
        # All begin alike, so that what is handed on does not depend on which other DUs there are.
        self._learner = Ddpg(facts.spec, facts.observation_dim, facts.action_dim, [seed] * tasks)

    def update(self, experience: LevelExperience, generator: np.random.Generator) -> None:
        """One step of every DU's networks on its own rows."""
        self._learner.update(experience.sample(generator, self._size))

    def acting(self) -> Networks:
        """Every DU's own."""
        return self._learner.networks()

    def result(self) -> Networks:
        """Those of the source DU, which the seed draws."""
        return self._learner.networks().of_tasks([self._source])

    def weights(self) -> TaskWeights | None:
        """None: every DU learns for itself."""
        return None


def prepare(
    method: Method, spec: MetaSpec, levels: Mapping[Level, LevelFacts], tasks: int, seed: int
) -> dict[Level, LevelPreparation]:
    """What learns, by level.

    Args:
        method: how.
        spec: of the meta-learner; its weighting is the method's.
        levels: of the policy.
        tasks: DUs of the training network, C.
        seed: of fresh networks.

    Raises:
        ValueError: the method prepares nothing.
    """

    def one(facts: LevelFacts) -> LevelPreparation:
        if method.preparation == "meta":
            weighted = spec.model_copy(update={"weighting": method.weighting})
            return MetaPreparation(weighted, facts, tasks, seed)
        if method.preparation == "joint":
            return JointPreparation(facts, seed)
        if method.preparation == "source":
            return SourcePreparation(facts, tasks, seed)
        raise ValueError(f"{method.title}: has no preparation, it learns on the new network alone")

    return {level: one(facts) for level, facts in levels.items()}
