"""A study: a question, the runs that answer it, and the analysis that says the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cadran.lab.experiment import Experiment, varied
from cadran.lab.study.budget import Budget
from cadran.lab.study.cell import Baseline, Cell, Exam
from cadran.lab.training import TrainingPlan
from cadran.lab.training.plan import Agents
from cadran.learn import LearnerSpec

if TYPE_CHECKING:
    from cadran.lab.report import Section
    from cadran.lab.study.results import Results

HELD_OUT = "held-out"
"""The condition that every study has: held-out episodes of the world that the runs train in."""

HELD_OUT_SEED = 999
"""Seed of the held-out episodes, the same for all methods, settings and studies."""


@dataclass(frozen=True)
class Context:
    """What the command line decides, and a study's cells are made from.

    Attributes:
        preset: Name of the preset.
        experiment: The preset with the overrides of the command line; its ``learner`` is the preset's, with
            the replay capacity that the budget gives.
        budget: How much the study may cost.
        plan: How runs train under this budget and preset.
        core_seeds: Seeds of the rows of the paper's Table 2.
        seeds: Seeds of all other rows.
        device: What runs train on.
        asked: Dotted names that the command line changes in the preset, such as ``problem.eq8.alpha``.
    """

    preset: str
    experiment: Experiment
    budget: Budget
    plan: TrainingPlan
    core_seeds: tuple[int, ...]
    seeds: tuple[int, ...]
    device: str = "cpu"
    asked: frozenset[str] = frozenset()

    def cells(
        self,
        method: str,
        learner: LearnerSpec,
        *,
        core: bool = False,
        experiment: Experiment | None = None,
        setting: str = "",
        agents: Agents = "per_du",
        plan: TrainingPlan | None = None,
    ) -> list[Cell]:
        """One cell per seed.

        Args:
            method: What tables call the row.
            learner: What is trained.
            core: Whether this is a row of Table 2, which gets more seeds.
            experiment: World and problem where they are not the preset's.
            setting: The study's axis, such as ``dus=4``.
            agents: One agent at each DU, or one for all.
            plan: How it trains where that is not the budget's plan.
        """
        return [
            Cell(
                method,
                experiment or self.experiment,
                learner,
                seed,
                plan or self.plan,
                agents,
                setting,
                self.device,
            )
            for seed in (self.core_seeds if core else self.seeds)
        ]


class Question(Protocol):
    """What the studies of every laboratory have in common."""

    @property
    def name(self) -> str:
        """As the command line takes it."""

    @property
    def title(self) -> str:
        """Heading of its section."""

    @property
    def question(self) -> str:
        """In one sentence."""


@dataclass(frozen=True)
class Study:
    """A question and how it is answered by cells and exams.

    Attributes:
        name: As the command line takes it.
        title: Heading of its section.
        question: In one sentence.
        cells: The runs that it needs, each (method, setting, seed) once.
        analyse: Makes its section. Given the same runs it must give the same tables; what is measured with a
            clock goes into tables of their own whose names begin with ``cost``.
        baselines: Names of policies that do not train, run once in every setting.
        conditions: Where final actors and baselines are examined beside the held-out episodes: name to
            overrides of the run's own experiment, such as ``world.load.scale=2``.
    """

    name: str
    title: str
    question: str
    cells: Callable[[Context], Sequence[Cell]]
    analyse: Callable[[Results], Section]
    baselines: tuple[str, ...] = ()
    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def exams(self, cells: Sequence[Cell]) -> list[Exam]:
        """All exams: of each cell, and of each baseline in each setting, under each condition."""
        places: dict[str, Experiment] = {}
        for cell in cells:
            places.setdefault(cell.setting, cell.experiment)
        subjects: list[Cell | Baseline] = [
            *cells,
            *(Baseline(name, place, setting) for setting, place in places.items() for name in self.baselines),
        ]
        episodes = {cell.setting: cell.plan.held_out_episodes for cell in cells}
        conditions = {HELD_OUT: (), **self.conditions}
        return [
            Exam(
                subject,
                name,
                varied(subject.experiment, overrides),
                episodes[subject.setting],
                HELD_OUT_SEED,
            )
            for subject in subjects
            for name, overrides in conditions.items()
        ]
