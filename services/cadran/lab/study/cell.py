"""What is computed once and kept, under a stable key: a training run, an exam on held-out episodes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from cadran.lab.experiment import Experiment
from cadran.lab.training import Run, TrainingPlan
from cadran.lab.training.plan import Agents
from cadran.learn import LearnerSpec
from cadran.radio import World

FORMAT = 1
"""Version of what is kept. Raise it when the same cell gives another result than before, or another file."""

# The clock paces the services, the learner of a cell is the cell's own, and a name is only a name.
_NO_MATTER = frozenset({"name", "clock", "learner"})
_OF_EXAMS = "held_out_episodes"


def determinants(experiment: Experiment) -> dict[str, Any]:
    """What of an experiment determines a result, as plain data: the world, the problem, the links.

    A section that a scenario may leave out is none of it where it does.
    """
    named = {field.name: getattr(experiment, field.name) for field in fields(experiment)}
    return {
        name: value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        for name, value in named.items()
        if name not in _NO_MATTER and value is not None
    }


def digest(facts: Mapping[str, Any]) -> str:
    """SHA-256 of plain data, in hexadecimal; the order of its mappings does not matter."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One training run of a study.

    Attributes:
        method: What tables call the row; two rows with one configuration share their result.
        experiment: World and problem that it trains in; its own ``learner`` is not used.
        learner: What is trained.
        seed: Of the run.
        plan: How long and on how much experience.
        agents: One agent at each DU, or one for all.
        setting: The study's axis, such as ``dus=4``: cells of one setting meet the same episodes, and
            baselines are run once in each.
        device: What it trains on: ``cpu`` or ``cuda``.
        before: World of the first half of the training, where it is another one.
    """

    method: str
    experiment: Experiment
    learner: LearnerSpec
    seed: int
    plan: TrainingPlan
    agents: Agents = "per_du"
    setting: str = ""
    device: str = "cpu"
    before: World | None = None

    @cached_property
    def key(self) -> str:
        """Names the result: the same for the same facts, another if any fact that determines it changes."""
        return digest(
            {
                "format": FORMAT,
                "experiment": determinants(self.experiment),
                "learner": self.learner.model_dump(mode="json"),
                "seed": self.seed,
                "plan": {name: value for name, value in asdict(self.plan).items() if name != _OF_EXAMS},
                "agents": self.agents,
                "device": self.device,
                **({} if self.before is None else {"before": self.before.model_dump(mode="json")}),
            }
        )

    @cached_property
    def program(self) -> Hashable:
        """Cells with equal ones can train in one call."""
        return self.run.stack_key, self.plan, self.device

    @property
    def run(self) -> Run:
        """The run that training asks for."""
        return Run(self.experiment, self.learner, self.agents, self.seed, self.before)

    @property
    def label(self) -> str:
        """Method and setting, for people."""
        return f"{self.method} {self.setting}".rstrip()


@dataclass(frozen=True)
class Baseline:
    """A policy that does not train, by the name that `baseline` knows; the tuned ones tune in ``experiment``.

    ``setting`` is that of the cells that it stands beside.
    """

    name: str
    experiment: Experiment
    setting: str = ""

    @property
    def label(self) -> str:
        """Name and setting, for people."""
        return f"{self.name} {self.setting}".rstrip()


@dataclass(frozen=True)
class Exam:
    """A subject on held-out episodes.

    Attributes:
        subject: The final actors of a cell, or a baseline.
        condition: What tables call the exam.
        experiment: World and problem of the exam, which need not be those of the training.
        episodes: How many.
        seed: Determines the episodes; the same for all subjects.
    """

    subject: Cell | Baseline
    condition: str
    experiment: Experiment
    episodes: int
    seed: int

    @cached_property
    def key(self) -> str:
        """Names the result, as `Cell.key` does."""
        subject = self.subject
        who = (
            {"cell": subject.key}
            if isinstance(subject, Cell)
            else {"baseline": subject.name, "experiment": determinants(subject.experiment)}
        )
        return digest(
            {
                "format": FORMAT,
                **who,
                "exam": determinants(self.experiment),
                "episodes": self.episodes,
                "seed": self.seed,
            }
        )
