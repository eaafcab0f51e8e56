"""A study: a question, the trials that answer it, and the analysis that says the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cadran.lab.meta import METHODS, Kind, MetaExperiment, MetaPlan, MetaRun, ShotPlan
from cadran.lab.meta.studies.budget import Budget
from cadran.lab.meta.studies.cells import Place, Training, Trial

if TYPE_CHECKING:
    from cadran.lab.meta.studies.results import Results
    from cadran.lab.report import Section

NEW = "new"
"""The condition that every study has: new networks of the distribution that trainings draw from."""

FIRST_NEW_SEED = 1_000_000
"""Seed of the first new network, the same for all methods and studies; runs have seeds from 0."""


@dataclass(frozen=True)
class Context:
    """What the command line decides, and a study's trials are made from.

    Attributes:
        experiment: The scenario with the overrides of the command line.
        budget: How much the study may cost.
        plan: How initialisations train.
        shots: What a new network is adapted to with.
        seeds: Of every method.
    """

    experiment: MetaExperiment
    budget: Budget
    plan: MetaPlan
    shots: ShotPlan
    seeds: tuple[int, ...]

    def trials(
        self,
        method: str,
        *,
        setting: str = "",
        experiment: MetaExperiment | None = None,
        trained_on: Kind = "training",
        trained_in: MetaExperiment | None = None,
        conditions: Sequence[tuple[str, Kind]] = ((NEW, "training"),),
    ) -> list[Trial]:
        """One trial per seed, condition and new network.

        Args:
            method: Name in `METHODS`.
            setting: The study's axis, such as ``dus=30``.
            experiment: Of training and trial where it is not the scenario's.
            trained_on: What the training network is drawn from.
            trained_in: Of the training where it is not the trial's.
            conditions: What tables call new networks, and what these are drawn from.
        """
        trials = []
        for seed in self.seeds:
            run = MetaRun(experiment or self.experiment, method, seed, trained_on)
            prepared = replace(run, experiment=trained_in or run.experiment)
            training = None if METHODS[method].preparation == "none" else Training(prepared, self.plan)
            trials += [
                Trial(run, training, self.shots, Place(kind, FIRST_NEW_SEED + number), setting, condition)
                for condition, kind in conditions
                for number in range(self.budget.networks)
            ]
        return trials


@dataclass(frozen=True)
class Study:
    """A question and how it is answered by trials.

    Attributes:
        name: As the command line takes it.
        title: Heading of its section.
        question: In one sentence.
        trials: That it needs; each method, setting, condition, seed and network once.
        analyse: Makes its section. Given the same results it must give the same tables; what is measured with
            a clock goes into tables of their own whose names begin with ``cost``.
    """

    name: str
    title: str
    question: str
    trials: Callable[[Context], Sequence[Trial]]
    analyse: Callable[[Results], Section]
