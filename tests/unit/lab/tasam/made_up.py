"""Results that nobody trained: as studies see them, with levels that a test chooses."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from cadran.lab.experiment import load_experiment
from cadran.lab.study import BUDGETS, Cell, Context, Exam, Results, Study
from cadran.lab.tasam.presets import preset
from cadran.lab.training import Cost, Curve, HeldOut, TrainedRun, TrainingPlan

SCENARIOS = Path(__file__).parents[4] / "scenarios"
EPISODES, POINTS, WINDOWS, SLICES = 6, 5, 20, 3
PLAN = TrainingPlan(
    iterations=40,
    envs=2,
    frames_per_iteration=1,
    updates_per_iteration=1,
    evaluate_every=10,
    evaluation_episodes=2,
    held_out_episodes=EPISODES,
)

Level = Callable[[str, str, str], float]
"""Mean reward by name, setting and condition."""


def flat(name: str, setting: str, condition: str) -> float:
    """Everybody alike."""
    return 1.0


def context(name: str = "repaired", budget: str = "smoke") -> Context:
    experiment = load_experiment(preset(name).path(SCENARIOS))
    return Context(name, experiment, BUDGETS[budget], PLAN, core_seeds=(0, 1, 2), seeds=(0, 1))


class MadeUpArchive:
    """Gives every cell and exam a result around its level.

    Args:
        level: Mean reward.
        noise: Standard deviation between runs and between episodes.
        tuning: Mean reward of a method's learning curve, where it is not the level.
        refused: Baselines that refuse.
    """

    def __init__(
        self,
        level: Level = flat,
        noise: float = 0.01,
        tuning: Callable[[str], float] | None = None,
        refused: tuple[str, ...] = (),
    ) -> None:
        self._level, self._noise, self._tuning, self._refused = level, noise, tuning, refused

    def refusal(self, exam: Exam) -> str | None:
        subject = exam.subject
        refuses = not isinstance(subject, Cell) and subject.name in self._refused
        return "made for other worlds" if refuses else None

    def trained(self, cell: Cell) -> TrainedRun:
        rng = _rng(cell.key)
        end = (
            self._tuning(cell.method) if self._tuning else self._level(cell.method, cell.setting, "held-out")
        )
        agents = 1 if cell.agents == "central" else cell.experiment.world.dus
        at = np.arange(POINTS, dtype=np.int64) * cell.plan.evaluate_every
        share = np.linspace(0.0, 1.0, POINTS)
        curve = Curve(at, at * 2, share, end * share + self._noise * rng.normal(size=POINTS), end * share)
        return TrainedRun(
            agents=cell.agents,
            seed=cell.seed,
            actors=cast(Any, None),
            curve=curve,
            log={
                "sam_on": rng.random((WINDOWS, agents))
                if cell.learner.method == "tasam"
                else np.zeros((WINDOWS, agents))
            },
            curvature={"critic": np.exp(rng.normal()), "actor": np.exp(rng.normal(size=agents))},
            cost=Cost(2, agents, 30, 90, 10.0, 8.0, 1.0, 1.0, 5.0, 1.0, 5.0),
        )

    def held_out(self, exam: Exam) -> HeldOut:
        subject = exam.subject
        learned = isinstance(subject, Cell)
        name = subject.method if isinstance(subject, Cell) else subject.name
        rng = _rng(exam.key)
        level = self._level(name, subject.setting, exam.condition)
        shift = self._noise * rng.normal() if learned else 0.0
        # Episodes are easier or harder for all alike.
        episodes = self._noise * _rng(exam.condition).normal(size=EPISODES)
        reward = level + shift + episodes + 0.1 * self._noise * rng.normal(size=EPISODES)
        quality = np.clip(0.4 * reward[:, None] + np.zeros(SLICES), 0.0, 1.0)
        spread = np.linspace(0.0, min(1.0, 0.8 * max(level, 0.1)), 101) + np.zeros((SLICES, 1))
        if name == "bound":
            quality, spread = np.full_like(quality, np.nan), np.full_like(spread, np.nan)
        dus = exam.experiment.world.dus
        return HeldOut(reward, reward - 0.01, quality, spread, 1e7 * spread, np.tile(reward[:, None], dus))


def made_up(study: Study, archive: MadeUpArchive | None = None, of: Context | None = None) -> Results:
    """The study's results, all of them made up."""
    place = of or context()
    cells = study.cells(place)
    return Results(place, cells, study.exams(cells), cast(Any, archive or MadeUpArchive()))


def _rng(text: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(text.encode()))
