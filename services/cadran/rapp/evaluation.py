"""How good an initialisation is to DUs: scored in the rApp's own simulation, after adapting as a DU would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.learn.ddpg import Networks
from cadran.learn.meta import LEVELS, Level, MetaLearner
from cadran.learn.shots import rule_of
from cadran.problem.hierarchy import LevelPolicy, TwoLevelActor
from cadran.problem.measurements import Float32
from cadran.rapp.experience import Experience
from cadran.rapp.scenario import Scenario

Initialisation = Mapping[Level, Networks]

_ADAPTING, _EPISODES = 1, 2
"""Streams of draws: one for the rows adapted to, one for the episodes."""


class Evaluate(Protocol):
    """Scores initialisations side by side: all see the same rows and the same episodes.

    Attributes:
        score: What is measured, higher is better.
    """

    score: str

    def __call__(self, initialisations: Sequence[Initialisation], seed: int) -> NDArray[np.float64]:
        """Scores, float64 ``[initialisations, repetitions]``; the same arguments give the same scores.

        Raises:
            DivergedError: An initialisation does not stay finite as it adapts.
        """


@dataclass(frozen=True)
class EvaluationSpec:
    """How much an evaluation does.

    Attributes:
        repetitions: Episodes, each of another network.
        frames: Of each episode.
        shots: Shots made on each DU's experience before, each as the xApp makes it.
    """

    repetitions: int
    frames: int
    shots: int


class SimulatedEvaluation:
    """Adapts to the experience of each DU, then acts without noise in simulated networks of the scenario.

    The experience is logged, so adapting costs the DUs nothing; whether it paid is measured by the reward,
    which no critic has a say in. A DU without experience acts from the initialisation itself.

    Args:
        scenario: The world, and what is decided and rewarded in it.
        learner: Whose networks and inner loop they are; its own state is not touched.
        experience: What is adapted to.
        spec: How much.
    """

    score = "reward per frame"

    def __init__(
        self, scenario: Scenario, learner: MetaLearner, experience: Experience, spec: EvaluationSpec
    ) -> None:
        self._scenario = scenario
        self._learner = learner
        self._experience = experience
        self._spec = spec
        self._rows: dict[Level, int] = {
            "higher": scenario.meta.higher.batch_size,
            "lower": scenario.meta.lower.batch_size,
        }

    def __call__(self, initialisations: Sequence[Initialisation], seed: int) -> NDArray[np.float64]:
        """See `Evaluate`."""
        return np.stack([self._reward(self._adapted(one, seed), seed) for one in initialisations])

    def _adapted(self, start: Initialisation, seed: int) -> dict[Level, Networks]:
        rng = np.random.default_rng([seed, _ADAPTING])
        dus = range(self._scenario.world.dus)
        meta, levels = self._scenario.meta, self._learner.levels
        rules = {
            level: rule_of(levels[level], meta, start[level].repeated(len(dus)), fresh=False)
            for level in LEVELS
        }
        for _ in range(self._spec.shots * meta.shot_steps):
            drawn = self._experience.draw(rng, dus, self._rows, 1)
            for level, (batch,) in drawn.items():
                rules[level].step(batch)
        return {level: rule.networks() for level, rule in rules.items()}

    def _reward(self, networks: Mapping[Level, Networks], seed: int) -> NDArray[np.float64]:
        """Mean reward per frame and DU of each episode, ``[repetitions]``."""
        scenario, repetitions = self._scenario, self._spec.repetitions
        rng = np.random.default_rng([seed, _EPISODES])
        seeds = rng.integers(0, 2**64, repetitions, dtype=np.uint64)
        world = scenario.world.model_copy(update={"episode_frames": self._spec.frames})
        env = HierarchicalEnv(world, scenario.problem_spec, scenario.hierarchy, seeds)
        actor = TwoLevelActor(
            env.problem,
            self._policy("higher", networks["higher"]),
            self._policy("lower", networks["lower"]),
            scenario.hierarchy.decision_frames,
        )
        total = np.zeros(repetitions)
        for _ in range(self._spec.frames):
            total += env.step(actor.act(env.state)).reward.mean(axis=-1, dtype=np.float64)
        return total / self._spec.frames

    def _policy(self, level: Level, networks: Networks) -> LevelPolicy:
        """Each DU's own actor, for what is seen ``[E, C, ..., o]``."""
        act = self._learner.levels[level].act

        def policy(seen: Float32) -> Float32:
            by_du = np.moveaxis(seen, 1, 0)
            flat = by_du.reshape(len(by_du), -1, by_du.shape[-1])
            decided = act(networks, flat)
            return np.moveaxis(decided.reshape(*by_du.shape[:-1], decided.shape[-1]), 0, 1)

        return policy
