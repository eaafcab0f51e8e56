"""Cells and exams of a world that is never run, and what a fake of training does with them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from cadran.lab.experiment import Experiment, varied
from cadran.lab.study.cell import Baseline, Cell, Exam
from cadran.lab.study.job import Job, Report
from cadran.lab.study.store import Store
from cadran.lab.training import TrainingPlan
from cadran.learn import LearnerSpec
from cadran.problem import ProblemSpec
from cadran.radio import World
from cadran.runtime import ClockSpec

PLAN = TrainingPlan(
    iterations=10,
    envs=2,
    frames_per_iteration=1,
    updates_per_iteration=1,
    evaluate_every=5,
    evaluation_episodes=2,
    held_out_episodes=2,
)
EXPERIMENT = Experiment("made", World(dus=2, ues=12), ProblemSpec(), LearnerSpec(), ClockSpec())


class Silent:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.shares: list[float] = []

    def state(self, share: float, line: str) -> None:
        self.shares.append(share)

    def say(self, text: str) -> None:
        self.said.append(text)


def cell(method: str = "sac", seed: int = 0, **changes: object) -> Cell:
    """A cell whose learner or plan is changed by keys such as ``gamma`` or ``iterations``."""
    plan = {key: changes.pop(key) for key in tuple(changes) if hasattr(PLAN, key)}
    learner = LearnerSpec.model_validate(changes)
    return Cell(method, EXPERIMENT, learner, seed, replace(PLAN, **plan))


def exam(subject: Cell | Baseline, condition: str = "held-out", *overrides: str) -> Exam:
    return Exam(subject, condition, varied(subject.experiment, overrides), 2, 999)


# ------------------------------------------------------------------- what a worker's process is given


def store(folder: Path) -> Store:
    return Store(folder / "made")


def do(job: Job, folder: Path, report: Report) -> None:
    """Keeps a file per key that says who did it; behaves as the first cell's method says."""
    method = job.cells[0].method if hasattr(job, "cells") else ""
    report(0.5)
    match method:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "broken":
            raise ValueError("two\nlines")
        case "slow":
            time.sleep(0.5)
        case "endless":
            (folder / "begun").touch()
            time.sleep(600)
    for key in job.keys:
        store(folder).keep(key, lambda path: _sign(path))


def _sign(path: Path) -> None:
    facts = (os.environ["OMP_NUM_THREADS"], os.getpid(), time.monotonic())
    (path / "signed").write_text(" ".join(map(str, facts)))
