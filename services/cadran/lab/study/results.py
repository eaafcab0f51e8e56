"""What a study's analysis reads: its runs by method, setting and seed, and their exams by condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.study.cell import Cell, Exam
from cadran.lab.study.study import HELD_OUT, Context
from cadran.lab.study.work import Archive
from cadran.lab.training import HeldOut, TrainedRun


class Results:
    """All results of one study. Each is read from the disk when it is asked for.

    Args:
        context: What the study's cells were made from.
        cells: The study's cells.
        exams: Its exams.
        archive: Holds the results of all of them.

    Attributes:
        context: As given.
        methods: Names of the methods, in the study's order.
        baselines: Names of the baselines, in the study's order, without those that refused an exam.
        refused: Name to the reason, of those that did, such as a world that a yardstick is not made for.
        settings: Names of the settings, in the study's order; ``("",)`` where the study has no axis.
        conditions: Names of the conditions, in the study's order; the first one is ``held-out``.
    """

    def __init__(
        self, context: Context, cells: Sequence[Cell], exams: Sequence[Exam], archive: Archive
    ) -> None:
        self.context = context
        self._archive = archive
        self._cells = {(cell.method, cell.setting, cell.seed): cell for cell in cells}
        self._exams: dict[tuple[str, str, int | None, str], Exam] = {}
        baselines: dict[str, None] = {}
        self.refused: dict[str, str] = {}
        for exam in exams:
            subject = exam.subject
            if isinstance(subject, Cell):
                name, seed = subject.method, subject.seed
            else:
                name, seed = subject.name, None
                baselines[name] = None
                if (reason := archive.refusal(exam)) is not None:
                    self.refused[name] = reason
            self._exams[name, subject.setting, seed, exam.condition] = exam
        self.methods = tuple(dict.fromkeys(cell.method for cell in cells))
        self.baselines = tuple(name for name in baselines if name not in self.refused)
        self.settings = tuple(dict.fromkeys(cell.setting for cell in cells))
        self.conditions = tuple(dict.fromkeys(exam.condition for exam in exams))

    def seeds(self, method: str, setting: str = "") -> tuple[int, ...]:
        """Seeds of a method in a setting; none where it does not run there."""
        return tuple(seed for name, place, seed in self._cells if (name, place) == (method, setting))

    def cell(self, method: str, seed: int, setting: str = "") -> Cell:
        """What ran."""
        return self._cells[method, setting, seed]

    def trained(self, method: str, seed: int, setting: str = "") -> TrainedRun:
        """What the training gave."""
        return self._archive.trained(self.cell(method, seed, setting))

    def runs(self, method: str, setting: str = "") -> list[TrainedRun]:
        """What the trainings of all seeds gave, in the order of `seeds`."""
        return [self.trained(method, seed, setting) for seed in self.seeds(method, setting)]

    def held_out(self, method: str, seed: int, setting: str = "", condition: str = HELD_OUT) -> HeldOut:
        """How the final actors did."""
        return self._archive.held_out(self._exams[method, setting, seed, condition])

    def all_held_out(self, method: str, setting: str = "", condition: str = HELD_OUT) -> list[HeldOut]:
        """How the final actors of all seeds did, in the order of `seeds`."""
        return [self.held_out(method, seed, setting, condition) for seed in self.seeds(method, setting)]

    def baseline(self, name: str, setting: str = "", condition: str = HELD_OUT) -> HeldOut:
        """How a baseline did, on the same episodes."""
        return self._archive.held_out(self._exams[name, setting, None, condition])

    def rewards(self, method: str, setting: str = "", condition: str = HELD_OUT) -> NDArray[np.float64]:
        """Reward of each held-out episode by mean action, a row per seed, ``[seeds, episodes]``."""
        return np.stack([run.episode_reward for run in self.all_held_out(method, setting, condition)])
