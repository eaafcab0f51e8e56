"""What is trained and adapted, for how long, and on how much data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from cadran.lab.meta.experiment import MetaExperiment
from cadran.lab.meta.methods import METHODS, Method
from cadran.lab.meta.tasks import Kind


def _require_integers(plan: Any, title: str, least: dict[str, int]) -> None:
    for field in fields(plan):
        value = getattr(plan, field.name)
        if field.type != "int":
            continue
        lowest = least.get(field.name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
            raise ValueError(f"{title}: {field.name} is {value!r}, must be an integer >= {lowest}")


@dataclass(frozen=True)
class MetaPlan:
    """How much experience and how many updates an initialisation is made of.

    One iteration: each of ``envs`` parallel networks advances ``frames_per_iteration`` frames (a new episode
    begins when one has ended), then every level is updated ``updates_per_iteration`` times.

    Attributes:
        iterations: at least 1.
        envs: parallel networks, at least 1; all have the same profiles.
        frames_per_iteration: at least 1.
        updates_per_iteration: at least 1.
        warmup_iterations: iterations that only collect, with uniform actions; at least 1.
        replay_capacity: transitions kept per DU and level.
        evaluate_every: iterations between two points of the curve, at least 1; there is a point before the
            first iteration and one after the last besides.
        evaluation_episodes: episodes of each point, at least 2.
        evaluation_seed: determines these episodes, the same for all runs; at least 0.
    """

    iterations: int = 60
    envs: int = 8
    frames_per_iteration: int = 50
    updates_per_iteration: int = 20
    warmup_iterations: int = 4
    replay_capacity: int = 20_000
    evaluate_every: int = 10
    evaluation_episodes: int = 8
    evaluation_seed: int = 999

    def __post_init__(self) -> None:
        _require_integers(self, "meta plan", {"evaluation_episodes": 2, "evaluation_seed": 0})

    def point_due(self, iteration: int) -> bool:
        """Whether the curve has a point after this many iterations."""
        return iteration % self.evaluate_every == 0 or iteration == self.iterations


@dataclass(frozen=True)
class ShotPlan:
    """What a new network adapts with, the same for every method.

    One shot: each of ``envs`` parallel copies of the network advances ``frames_per_shot`` frames under the
    exploring policy, then each level of each DU makes ``steps_per_shot`` gradient steps on what that DU has
    seen since the first shot.

    Attributes:
        shots: counts after which the policy is looked at, ascending, from 0.
        envs: parallel copies, at least 1.
        frames_per_shot: at least 1.
        steps_per_shot: at least 1.
        episodes: held-out episodes that it is looked at on, at least 2.
    """

    shots: tuple[int, ...] = (0, 1, 5, 10, 20, 30)
    envs: int = 4
    frames_per_shot: int = 50
    steps_per_shot: int = 10
    episodes: int = 8

    def __post_init__(self) -> None:
        _require_integers(self, "shot plan", {"episodes": 2})
        if not self.shots or self.shots[0] < 0 or list(self.shots) != sorted(set(self.shots)):
            raise ValueError(
                f"shot plan: shots {self.shots} must be counts from 0, each above the one before"
            )


@dataclass(frozen=True)
class MetaRun:
    """One method with one seed.

    Attributes:
        experiment: the scenario; its world's DUs and UEs are those of the training network.
        method: name in `METHODS`.
        seed: of the training network, of networks, batches and exploration, 0 <= seed < 2**63.
        kind: distribution that the training network is drawn from.
    """

    experiment: MetaExperiment
    method: str
    seed: int
    kind: Kind = "training"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"run: method is {self.method!r}, must be one of {', '.join(METHODS)}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"run: seed is {self.seed}, must be in 0..2**63 - 1")

    @property
    def of(self) -> Method:
        """The method itself."""
        return METHODS[self.method]
