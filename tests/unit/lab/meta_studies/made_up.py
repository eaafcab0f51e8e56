"""Results that nobody trained: as studies see them, with levels that a test chooses."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from cadran.lab.meta import (
    Adaptation,
    MetaCost,
    MetaCurve,
    MetaTrained,
    References,
    load_meta_experiment,
)
from cadran.lab.meta.studies import BUDGETS, Study
from cadran.lab.meta.studies.cells import Training, Trial, Yardstick
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.study import Context

SCENARIO = Path(__file__).parents[4] / "scenarios" / "meta.yaml"
EXPERIMENT = load_meta_experiment(SCENARIO)
EPISODES, POINTS = 3, 7
RANDOM, BEST = 0.5, 1.5

Level = Callable[[str], float]
"""Normalised reward after all shots, by method."""


def flat(method: str) -> float:
    """Everybody alike."""
    return 0.8


def context(seeds: int = 3) -> Context:
    budget = replace(BUDGETS["smoke"], networks=2)
    shots = replace(budget.shots, episodes=EPISODES)
    return Context(EXPERIMENT, budget, budget.plan, shots, tuple(range(seeds)))


class MadeUpArchive:
    """Gives every cell a result around its level.

    Args:
        level: Normalised reward after all shots.
        first: The same before the first.
        noise: Standard deviation between runs, and between DUs.
    """

    def __init__(self, level: Level = flat, first: Level = lambda method: 0.2, noise: float = 0.01) -> None:
        self._level, self._first, self._noise = level, first, noise

    def references(self, cell: Yardstick) -> References:
        shape = (cell.experiment.world.dus, EPISODES)
        easy = self._noise * _rng(str(cell.place)).normal(size=shape)
        middle = (RANDOM + BEST) / 2
        reward = {"random": RANDOM, "equal": middle, "need_proportional": BEST, "priority": middle}
        return References(
            {name: value + easy for name, value in reward.items()}, "need_proportional", (2.0, 1.0)
        )

    def adaptation(self, cell: Trial) -> Adaptation:
        shots = np.array(cell.shots.shots, dtype=np.int64)
        dus = cell.run.experiment.world.dus
        easy = self._noise * _rng(str(cell.place)).normal(size=(dus, EPISODES))
        first, last = self._first(cell.run.method), self._level(cell.run.method)
        curve = first + (last - first) * (1.0 - np.exp(-0.3 * shots)) / (1.0 - np.exp(-0.3 * shots[-1]))
        own = self._noise * _rng(cell.key).normal()
        reward = RANDOM + (BEST - RANDOM) * (curve + own)[:, np.newaxis, np.newaxis] + easy
        return Adaptation(cell.run.method, cell.run.seed, shots, reward, 1.0)

    def trained(self, cell: Training) -> MetaTrained:
        rng, dus = _rng(cell.key), cell.run.experiment.world.dus
        at = np.arange(POINTS, dtype=np.int64) * 10
        weights = {level: rng.dirichlet(np.ones(dus), size=POINTS) for level in ("higher", "lower")}
        for shares in weights.values():
            shares[0] = np.nan
        share = np.linspace(0.0, 1.0, POINTS) ** 0.5
        curve = MetaCurve(
            at, at * 8, share, share, share + 0.01 * rng.normal(size=POINTS), share, weights, weights
        )
        return MetaTrained(cell.run.method, cell.run.seed, {}, curve, MetaCost(1.0, 2.0, 3.0))


def made_up(study: Study, archive: MadeUpArchive | None = None, of: Context | None = None) -> Results:
    """The study's results, all of them made up."""
    place = of or context()
    return Results(place, study.trials(place), cast(Any, archive or MadeUpArchive()))


def _rng(text: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(text.encode()))
