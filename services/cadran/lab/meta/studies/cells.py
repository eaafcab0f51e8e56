"""What is computed once and kept, under a stable key: a training, an adaptation, yardsticks of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from cadran.lab.meta import METHODS, Kind, MetaExperiment, MetaPlan, MetaRun, ShotPlan, draw_network
from cadran.lab.study.cell import digest
from cadran.radio import World

FORMAT = 2
"""Version of what is kept. Raise it when the same cell gives another result than before, or another file."""

_OF_RULES = ("world", "problem_spec", "hierarchy", "tasks", "disturbance")


@dataclass(frozen=True)
class Place:
    """A network that no training has seen.

    Attributes:
        kind: Distribution that it is drawn from.
        seed: Of the network and of its held-out episodes.
    """

    kind: Kind
    seed: int

    def network(self, experiment: MetaExperiment) -> World:
        """The network, as large as the experiment's."""
        return draw_network(experiment.world, experiment.tasks, self.kind, self.seed)


@dataclass(frozen=True)
class Training:
    """An initialisation: what trains, and for how long."""

    run: MetaRun
    plan: MetaPlan

    @cached_property
    def key(self) -> str:
        """Names the result: the same for the same facts, another if any fact that determines it changes."""
        return digest({"format": FORMAT, **_training_facts(self)})

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.run.method} seed {self.run.seed}"


@dataclass(frozen=True)
class Trial:
    """A method that adapts to a network it has not seen.

    Attributes:
        run: The method and its seed.
        training: Where its initialisation comes from; None for methods that have none.
        shots: What it adapts with, and how it is examined.
        place: Where.
        setting: The study's axis, such as ``dus=30``: what training and network have in common.
        condition: What tables call the place.
    """

    run: MetaRun
    training: Training | None
    shots: ShotPlan
    place: Place
    setting: str
    condition: str

    @cached_property
    def key(self) -> str:
        """Names the result, as `Training.key` does."""
        return digest(
            {
                "format": FORMAT,
                "run": _run_facts(self.run),
                "training": None if self.training is None else self.training.key,
                "shots": _plain(asdict(self.shots)),
                "place": asdict(self.place),
            }
        )

    @property
    def label(self) -> str:
        """For people."""
        return " ".join(filter(None, (self.run.method, self.setting, self.condition)))

    @property
    def yardstick(self) -> Yardstick:
        """What stands beside it."""
        return Yardstick(self.run.experiment, self.place, self.shots.episodes)


@dataclass(frozen=True)
class Yardstick:
    """The rules that do not learn, in a network and on the episodes that methods are examined on there."""

    experiment: MetaExperiment
    place: Place
    episodes: int

    @cached_property
    def key(self) -> str:
        """Names the result, as `Training.key` does; learners do not matter to it."""
        facts = {name: _plain(getattr(self.experiment, name)) for name in _OF_RULES}
        return digest(
            {"format": FORMAT, "rules": facts, "place": asdict(self.place), "episodes": self.episodes}
        )

    @property
    def label(self) -> str:
        """For people."""
        return f"rules in {self.place.kind} {self.place.seed}"


Cell = Training | Trial | Yardstick


def facts_of(cell: Cell) -> dict[str, Any]:
    """What a cell is, as plain data for people and programs."""
    match cell:
        case Training():
            return _training_facts(cell)
        case Trial():
            return {
                "run": _run_facts(cell.run),
                "training": None if cell.training is None else cell.training.key,
                "shots": _plain(asdict(cell.shots)),
                "place": asdict(cell.place),
            }
        case Yardstick():
            return {"place": asdict(cell.place), "episodes": cell.episodes}


def _run_facts(run: MetaRun) -> dict[str, Any]:
    """A run as plain data, with all that its method means; a name is only a name."""
    method = {name: value for name, value in asdict(METHODS[run.method]).items() if name not in _WORDS}
    experiment = {
        field.name: _plain(getattr(run.experiment, field.name))
        for field in fields(run.experiment)
        if field.name != "name"
    }
    return {"experiment": experiment, "method": method, "seed": run.seed, "kind": run.kind}


def _training_facts(cell: Training) -> dict[str, Any]:
    """A training as plain data; how a policy is tuned afterwards is no part of it."""
    run = _run_facts(cell.run)
    method = {name: value for name, value in run["method"].items() if name != "tuning"}
    return {"run": run | {"method": method}, "plan": _plain(asdict(cell.plan))}


_WORDS = frozenset({"title", "detail"})


def _plain(value: object) -> Any:
    """A model or a tree of values as what JSON knows."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
