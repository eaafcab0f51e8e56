"""Budgets: how long runs train, on how much experience, how many seeds, and how many train at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cadran.lab.training import TrainingPlan


@dataclass(frozen=True)
class PresetBudget:
    """What a budget gives the runs of one preset.

    Attributes:
        plan: How a run trains and is evaluated.
        replay_share: Part of the preset's replay capacity that is kept, so that it holds as many iterations
            as with the paper's evaluations of a whole episode each.
    """

    plan: TrainingPlan
    replay_share: float = 1.0


@dataclass(frozen=True)
class Budget:
    """How much a study may cost.

    Attributes:
        name: As `--budget` takes it.
        about: One line for people.
        preset: The preset that is used where none is given.
        presets: Preset to what its runs get.
        core_seeds: Seeds of the rows of the paper's Table 2.
        seeds: Seeds of all other rows.
        stack: Most runs that train in one call.
        wide_stack: The same for networks of at least ``WIDE`` hidden units, whose activations fall out of
            the cache when many runs share a call.
        replay_bytes: Most memory for the experience of one call [bytes].
    """

    name: str
    about: str
    preset: str
    presets: Mapping[str, PresetBudget]
    core_seeds: int
    seeds: int
    stack: int = 10
    wide_stack: int = 2
    replay_bytes: int = 4 * 2**30


WIDE = 600
"""Hidden units of a network, all layers together, from which ``wide_stack`` holds."""


def _practical(iterations: int, evaluate_every: int, episodes: int, held_out: int) -> TrainingPlan:
    """A frame of eight networks, then an update: experience and updates as online learning has them."""
    return TrainingPlan(
        iterations=iterations,
        envs=8,
        frames_per_iteration=1,
        updates_per_iteration=1,
        evaluate_every=evaluate_every,
        evaluation_episodes=episodes,
        held_out_episodes=held_out,
    )


_ALGORITHM_1 = TrainingPlan(
    iterations=1000,
    envs=10,
    frames_per_iteration=100,
    updates_per_iteration=1,
    evaluate_every=20,
    evaluation_episodes=8,
    held_out_episodes=96,
)
"""Algorithm 1 as printed: N_t = 1000 iterations of N_e = 10 evaluations, an episode each, then one update."""

_TENTH = PresetBudget(
    replace(_ALGORITHM_1, frames_per_iteration=10, evaluation_episodes=4, held_out_episodes=48),
    replay_share=0.1,
)
_GLANCE = PresetBudget(
    replace(_TENTH.plan, iterations=100, held_out_episodes=24, evaluation_episodes=2), replay_share=0.1
)
_FULL = PresetBudget(_ALGORITHM_1)
_TEN_UPDATES = PresetBudget(replace(_ALGORITHM_1, updates_per_iteration=10))

_ALL = (
    Budget(
        "smoke",
        "minutes on 2 cores: does everything work, and in which direction does it point",
        "repaired",
        {"literal": _GLANCE, "table1": _GLANCE, "repaired": PresetBudget(_practical(1500, 150, 4, 24))},
        core_seeds=3,
        seeds=3,
    ),
    Budget(
        "cpu",
        "hours on 2 cores",
        "repaired",
        {"literal": _TENTH, "table1": _TENTH, "repaired": PresetBudget(_practical(2000, 200, 6, 48))},
        core_seeds=10,
        seeds=5,
    ),
    Budget(
        "paper",
        "Algorithm 1 as printed: one update of each network an iteration",
        "table1",
        {"literal": _FULL, "table1": _FULL, "repaired": _FULL},
        core_seeds=10,
        seeds=5,
    ),
    Budget(
        "gpu",
        "Algorithm 1 with an update after each evaluation: ten an iteration",
        "table1",
        {"literal": _TEN_UPDATES, "table1": _TEN_UPDATES, "repaired": _TEN_UPDATES},
        core_seeds=10,
        seeds=5,
        wide_stack=10,
        replay_bytes=16 * 2**30,
    ),
)
BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in _ALL}
