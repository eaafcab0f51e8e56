"""Budgets: how long initialisations train, how many shots follow, in how many networks and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cadran.lab.meta import MetaPlan, ShotPlan


@dataclass(frozen=True)
class Budget:
    """How much a study may cost.

    Attributes:
        name: As `--budget` takes it.
        about: One line for people.
        plan: How initialisations train.
        shots: How a new network is adapted to, and examined.
        seeds: Of every method.
        networks: New networks that each is examined in.
        sizes: DUs and UEs of the networks of the study of scale.
    """

    name: str
    about: str
    plan: MetaPlan
    shots: ShotPlan
    seeds: int
    networks: int
    sizes: tuple[tuple[int, int], ...]


_ALL = (
    Budget(
        "smoke",
        "minutes on 2 cores: does everything work, and in which direction does it point",
        MetaPlan(iterations=30, evaluate_every=10, evaluation_episodes=4),
        ShotPlan(episodes=4),
        seeds=2,
        networks=1,
        sizes=((7, 30), (10, 60)),
    ),
    Budget(
        "cpu",
        "well under an hour on 2 cores for baselines and ablation, hours for the rest",
        MetaPlan(),
        ShotPlan(),
        seeds=5,
        networks=2,
        sizes=((7, 30), (10, 60), (20, 120), (30, 200)),
    ),
)
BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in _ALL}
