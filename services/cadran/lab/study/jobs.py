"""What one worker does at once: a training of several cells, or the exams of what one training gave."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import TypeVar

from cadran.lab.study.budget import WIDE, Budget
from cadran.lab.study.cell import Cell, Exam

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

# What things cost on one core, roughly: jobs are put in order and the time left is guessed by these.
_FRAME_S = 60e-6
"""One frame of one DU [s]."""
_UPDATE_S = 5e-3
"""One update, however small the networks [s]."""
_PRODUCT_S = 7e-11
"""One multiplication of a network's weight with a row of a batch, there and back [s]."""
_TUNING = 20
"""Rollouts that tuning a baseline takes, or that one which looks ahead is worth."""


@dataclass(frozen=True)
class TrainingJob:
    """Cells of one program, which train in one call."""

    cells: tuple[Cell, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its results."""
        return tuple(cell.key for cell in self.cells)

    @property
    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    @property
    def label(self) -> str:
        """For people: what it trains."""
        return f"{_names(cell.label for cell in self.cells)} ({_count(len(self.cells), 'run')})"

    @cached_property
    def expected_s(self) -> float:
        """Roughly how long it takes on one core [s]."""
        return sum(_training_s(cell) for cell in self.cells)

    def without(self, done: Callable[[str], bool]) -> TrainingJob | None:
        """What is left of it."""
        left = tuple(cell for cell in self.cells if not done(cell.key))
        return TrainingJob(left) if left else None


@dataclass(frozen=True)
class ExamJob:
    """Exams of one baseline, or of cells that train together."""

    exams: tuple[Exam, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its results."""
        return tuple(exam.key for exam in self.exams)

    @property
    def needs(self) -> frozenset[str]:
        """Keys of the cells that must have been trained before."""
        return frozenset(exam.subject.key for exam in self.exams if isinstance(exam.subject, Cell))

    @property
    def label(self) -> str:
        """For people: who is examined."""
        return f"exams of {_names(exam.subject.label for exam in self.exams)}"

    @cached_property
    def expected_s(self) -> float:
        """Roughly how long it takes on one core [s]."""
        return sum(_exam_s(exam) for exam in self.exams)

    def without(self, done: Callable[[str], bool]) -> ExamJob | None:
        """What is left of it."""
        left = tuple(exam for exam in self.exams if not done(exam.key))
        return ExamJob(left) if left else None


CellJob = TrainingJob | ExamJob


def training_jobs(cells: Iterable[Cell], budget: Budget) -> list[TrainingJob]:
    """Split cells into jobs: each key once, one program a job, at most as many runs as the budget says.

    The split depends on the cells and the budget only, not on what is done already.
    """
    distinct = {cell.key: cell for cell in cells}.values()
    return [
        TrainingJob(tuple(part))
        for group in _groups(distinct, lambda cell: cell.program)
        for part in _parts(group, _stack(group[0], budget))
    ]


def exam_jobs(exams: Iterable[Exam], trainings: Sequence[TrainingJob]) -> list[ExamJob]:
    """Split exams into jobs: each key once; those of one training together, and those of one baseline."""
    training = {key: number for number, job in enumerate(trainings) for key in job.keys}

    def subject(exam: Exam) -> Hashable:
        if isinstance(exam.subject, Cell):
            return training[exam.subject.key]
        return exam.subject.label, replace(exam, condition="", experiment=exam.subject.experiment).key

    distinct = {exam.key: exam for exam in exams}.values()
    return [ExamJob(tuple(group)) for group in _groups(distinct, subject)]


def _groups(items: Iterable[T], key: Callable[[T], K]) -> list[list[T]]:
    """Items with equal keys together, in the order in which they came."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _parts(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """As few parts as ``most`` allows, of equal sizes within one, so that none is left over for the end."""
    count = -(-len(items) // most)
    bounds = [len(items) * part // count for part in range(count + 1)]
    return [items[first:last] for first, last in pairwise(bounds)]


def _stack(cell: Cell, budget: Budget) -> int:
    most = budget.wide_stack if sum(cell.learner.hidden) >= WIDE else budget.stack
    return max(1, min(most, budget.replay_bytes // _replay_bytes(cell)))


def _replay_bytes(cell: Cell) -> int:
    """Memory of a run's experience, in the ring of transitions that training keeps."""
    problem, plan = cell.experiment.problem(), cell.plan
    rows = min(cell.learner.replay_capacity, plan.iterations * plan.envs * plan.frames_per_iteration)
    row = 2 * problem.state_dim + 2 * problem.action_dim + 1
    return rows * cell.experiment.world.dus * row * 4


def _training_s(cell: Cell) -> float:
    plan, dus = cell.plan, cell.experiment.world.dus
    evaluations = plan.iterations // plan.evaluate_every * plan.evaluation_episodes
    frames = (
        plan.iterations * plan.envs * plan.frames_per_iteration
        + evaluations * cell.experiment.world.episode_frames
    )
    return frames * dus * _FRAME_S + plan.iterations * plan.updates_per_iteration * _update_s(cell)


def _update_s(cell: Cell) -> float:
    problem, learner = cell.experiment.problem(), cell.learner
    widths = (problem.observation_dim + problem.action_dim, *learner.hidden, problem.action_dim)
    weights = sum(prod(pair) for pair in pairwise(widths))
    rows = cell.experiment.world.dus * learner.batch_size
    # An actor, two critics and their targets; SAM goes there and back a second time.
    passes = 4 if learner.method == "sac" else 7
    return _UPDATE_S + passes * rows * weights * _PRODUCT_S


def _exam_s(exam: Exam) -> float:
    world = exam.experiment.world
    rollouts = 2 if isinstance(exam.subject, Cell) else _TUNING
    return rollouts * exam.episodes * world.episode_frames * world.dus * _FRAME_S


def _names(labels: Iterable[str]) -> str:
    """Each name once, and not too many of them."""
    names = list(dict.fromkeys(labels))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
