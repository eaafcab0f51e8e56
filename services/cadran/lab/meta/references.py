"""What rules reach on the same episodes: the ends of the scale that rewards are put on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.lab.meta.evaluate import episode_reward, episodes_of
from cadran.lab.meta.experiment import MetaExperiment
from cadran.problem.hierarchy.rules import UserRule, equal, need_proportional, priority, random
from cadran.radio import World

Float64 = NDArray[np.float64]

TUNING_EPISODES = 6
URLLC_MARGINS = (1.5, 2.0, 2.5, 3.0, 4.0)
MMTC_MARGINS = (0.5, 0.7, 1.0, 1.4)

_RANDOM = 21


@dataclass(frozen=True, eq=False)
class References:
    """Rules on H held-out episodes of a network of C DUs; rewards are means over frames.

    Attributes:
        reward: by rule, ``[C, H]``: ``random``, ``equal``, ``need_proportional``, ``priority``.
        best: the best of them but ``random`` on tuning episodes of the same network.
        margins: of ``priority``, those that were best there: multiples of URLLC's and mMTC's need.
    """

    reward: Mapping[str, Float64]
    best: str
    margins: tuple[float, float]


def references(experiment: MetaExperiment, network: World, episodes: int, seed: int) -> References:
    """Rules on the episodes that `adapt` looks at policies on.

    Args:
        experiment: the scenario.
        network: world with profiles.
        episodes: H.
        seed: the network's, which determines the episodes.
    """
    tuning = episodes_of(experiment, network, TUNING_EPISODES, seed, "tuning")
    margins = max(
        itertools.product(URLLC_MARGINS, MMTC_MARGINS),
        key=lambda pair: float(_rewards(tuning, lambda: priority(*pair)).mean()),
    )
    rules: dict[str, Callable[[], UserRule]] = {
        "random": lambda: random(np.random.default_rng([seed, _RANDOM])),
        "equal": lambda: equal,
        "need_proportional": lambda: need_proportional,
        "priority": lambda: priority(*margins),
    }
    held_out = episodes_of(experiment, network, episodes, seed, "held_out")
    return References(
        reward={name: _rewards(held_out, rule) for name, rule in rules.items()},
        best=max(
            (name for name in rules if name != "random"),
            key=lambda name: float(_rewards(tuning, rules[name]).mean()),
        ),
        margins=margins,
    )


def _rewards(env: HierarchicalEnv, rule: Callable[[], UserRule]) -> Float64:
    """Of a rule at every DU, begun anew, ``[C, H]``."""
    own = rule()
    return episode_reward(env, lambda: env.step_decision(own(env.measurements, env.users, env.frame)).reward)
