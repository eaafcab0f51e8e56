"""What one worker does at once: a cell, because tasks of one cell are one stacked program already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from cadran.lab.meta.studies.cells import Cell, Training, Trial, Yardstick

# What things cost on one core, roughly: jobs are put in order and the time left is guessed by these.
_FRAME_S = 150e-6
"""One frame of one DU, decided by two levels of networks [s]."""
_UPDATE_S = 2e-3
"""One gradient step of both levels of one DU [s]."""
_RULES = 30
"""Rollouts that the rules and their tuning take."""


@dataclass(frozen=True)
class CellJob:
    """One cell."""

    cell: Cell

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its result."""
        return (self.cell.key,)

    @property
    def needs(self) -> frozenset[str]:
        """A trial needs its initialisation."""
        if isinstance(self.cell, Trial) and self.cell.training is not None:
            return frozenset({self.cell.training.key})
        return frozenset()

    @property
    def label(self) -> str:
        """For people."""
        return self.cell.label

    @cached_property
    def expected_s(self) -> float:
        """Roughly how long it takes on one core [s]."""
        match self.cell:
            case Training():
                return _training_s(self.cell)
            case Trial():
                return _trial_s(self.cell)
            case Yardstick():
                return _yardstick_s(self.cell)

    def without(self, done: Callable[[str], bool]) -> Self | None:
        """All of it or nothing."""
        return None if done(self.cell.key) else self


def jobs_of(trials: Iterable[Trial]) -> list[CellJob]:
    """All that trials need, and they themselves: each key once."""
    cells: dict[str, Cell] = {}
    for trial in trials:
        for cell in (trial.training, trial.yardstick, trial):
            if cell is not None:
                cells.setdefault(cell.key, cell)
    return [CellJob(cell) for cell in cells.values()]


def _training_s(cell: Training) -> float:
    plan, world = cell.plan, cell.run.experiment.world
    points = 1 + plan.iterations // plan.evaluate_every
    frames = plan.iterations * plan.envs * plan.frames_per_iteration
    frames += points * plan.evaluation_episodes * world.episode_frames
    return world.dus * (frames * _FRAME_S + plan.iterations * plan.updates_per_iteration * _UPDATE_S)


def _trial_s(cell: Trial) -> float:
    plan, world = cell.shots, cell.run.experiment.world
    frames = plan.shots[-1] * plan.envs * plan.frames_per_shot
    frames += len(plan.shots) * plan.episodes * world.episode_frames
    return world.dus * (frames * _FRAME_S + plan.shots[-1] * plan.steps_per_shot * _UPDATE_S)


def _yardstick_s(cell: Yardstick) -> float:
    world = cell.experiment.world
    return world.dus * _RULES * cell.episodes * world.episode_frames * _FRAME_S
