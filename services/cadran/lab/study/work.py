"""Doing a job: train or examine, and keep each result as soon as it is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cadran.lab.study.cell import Cell, Exam, determinants
from cadran.lab.study.job import Report
from cadran.lab.study.jobs import CellJob, ExamJob, TrainingJob
from cadran.lab.study.references import Examine, reference
from cadran.lab.study.store import Store
from cadran.lab.training import (
    HeldOut,
    TrainedRun,
    evaluate_run,
    load_held_out,
    load_trained,
    save_held_out,
    save_trained,
    train,
)
from cadran.learn import DivergedError

FACTS, HELD_OUT_FILE, REFUSED_FILE = "facts.json", "held-out.npz", "refused.txt"


class Archive:
    """The results of a folder, by what gave them.

    Args:
        folder: Where studies keep their results.
    """

    def __init__(self, folder: Path) -> None:
        self._cells = Store(folder / "cells")
        self._exams = Store(folder / "exams")

    def has(self, key: str) -> bool:
        """Whether the result of this cell or exam is there."""
        return self._cells.has(key) or self._exams.has(key)

    def sweep(self) -> None:
        """Remove what was left half-written. Only for who alone writes here."""
        self._cells.sweep()
        self._exams.sweep()

    def trained(self, cell: Cell) -> TrainedRun:
        """What a cell's training gave."""
        return load_trained(self._cells.folder(cell.key))

    def held_out(self, exam: Exam) -> HeldOut:
        """What an exam gave."""
        return load_held_out(self._exams.folder(exam.key) / HELD_OUT_FILE)

    def refusal(self, exam: Exam) -> str | None:
        """Why the subject cannot take this exam, in one line; None if it could."""
        path = self._exams.folder(exam.key) / REFUSED_FILE
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def keep_trained(self, cell: Cell, trained: TrainedRun) -> None:
        """Keep what a cell's training gave, and what the cell is, for people."""

        def write(folder: Path) -> None:
            save_trained(folder, trained)
            _write_facts(folder, _cell_facts(cell))

        self._cells.keep(cell.key, write)

    def keep_held_out(self, exam: Exam, held_out: HeldOut) -> None:
        """Keep what an exam gave, and what the exam is, for people."""

        def write(folder: Path) -> None:
            save_held_out(folder / HELD_OUT_FILE, held_out)
            _write_facts(folder, _exam_facts(exam))

        self._exams.keep(exam.key, write)

    def keep_refusal(self, exam: Exam, reason: str) -> None:
        """Keep that the subject cannot take the exam."""

        def write(folder: Path) -> None:
            (folder / REFUSED_FILE).write_text(" ".join(reason.split()) + "\n", encoding="utf-8")
            _write_facts(folder, _exam_facts(exam))

        self._exams.keep(exam.key, write)


def perform(job: CellJob, folder: Path, report: Report) -> None:
    """Do a job, on one thread, and keep its results in the folder."""
    torch.set_num_threads(1)
    archive = Archive(folder)
    if isinstance(job, TrainingJob):
        _train(job.cells, archive, report)
    else:
        _examine(job, archive, report)


def _train(cells: Sequence[Cell], archive: Archive, report: Report) -> None:
    plan = cells[0].plan
    try:
        trained = train(
            [cell.run for cell in cells],
            plan,
            device=cells[0].device,
            progress=lambda iteration: report(iteration / plan.iterations),
        )
    except DivergedError:
        if len(cells) == 1:
            raise
        _train_apart(cells, archive, report)
        return
    for cell, run in zip(cells, trained, strict=True):
        archive.keep_trained(cell, run)


def _train_apart(cells: Sequence[Cell], archive: Archive, report: Report) -> None:
    """One diverges and ended them all: the others get their results alone.

    Raises:
        DivergedError: Says which diverged.
    """
    diverged = []
    for cell in cells:
        try:
            _train([cell], archive, report)
        except DivergedError as error:
            diverged.append(f"{cell.label} with seed {cell.seed}: {error}")
    if diverged:
        raise DivergedError("; ".join(diverged))


def _examine(job: ExamJob, archive: Archive, report: Report) -> None:
    references: dict[str, Examine] = {}
    for number, exam in enumerate(job.exams):
        report(number / len(job.exams))
        subject, place = exam.subject, (exam.experiment, exam.episodes, exam.seed)
        if isinstance(subject, Cell):
            archive.keep_held_out(exam, evaluate_run(archive.trained(subject), *place))
            continue
        try:
            if subject.name not in references:
                references[subject.name] = reference(subject.name, subject.experiment, exam.seed)
            archive.keep_held_out(exam, references[subject.name](*place))
        except ValueError as error:
            # Not every world is one that a policy can decide in, or be computed for.
            archive.keep_refusal(exam, str(error))


def _cell_facts(cell: Cell) -> dict[str, Any]:
    return {
        "method": cell.method,
        "setting": cell.setting,
        "seed": cell.seed,
        "agents": cell.agents,
        "device": cell.device,
        "learner": cell.learner.model_dump(mode="json"),
        **determinants(cell.experiment),
    }


def _exam_facts(exam: Exam) -> dict[str, Any]:
    return {
        "subject": exam.subject.label,
        **({"cell": exam.subject.key} if isinstance(exam.subject, Cell) else {}),
        "condition": exam.condition,
        "episodes": exam.episodes,
        "seed": exam.seed,
    }


def _write_facts(folder: Path, facts: dict[str, Any]) -> None:
    (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
