"""The baselines by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cadran.lab.policies.base import InWorld, LabPolicy
from cadran.lab.policies.greedy import OneStepGreedy
from cadran.lab.policies.rules import RandomActions, RulePolicy
from cadran.lab.policies.tuning import best_static_split, tuned_priority
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import equal, need_proportional, pf_all
from cadran.radio import World

BASELINES = (
    "random",
    "equal",
    "need-proportional",
    "pf",
    "max-cqi",
    "best-static",
    "tuned-priority",
    "greedy",
)


def baseline(
    name: str,
    world: World,
    spec: ProblemSpec,
    seed: int,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> LabPolicy:
    """Build a baseline; the tuned ones are tuned here, on episodes that ``seed`` sets apart, under
    the traffic that is measured, if any (see `BatchedEnv`).

    Raises:
        ValueError: No baseline has this name.
    """
    match name:
        case "random":
            return RandomActions(seed)
        case "equal":
            return RulePolicy("equal share", equal)
        case "need-proportional":
            return RulePolicy("need-proportional", need_proportional)
        case "pf":
            return RulePolicy("PF over all users", pf_all)
        case "max-cqi":
            return InWorld(RulePolicy("max-CQI", pf_all), _by_rate)
        case "best-static":
            return best_static_split(world, spec, seed, trace_bytes_per_tti, load_profile)
        case "tuned-priority":
            return tuned_priority(world, spec, seed, trace_bytes_per_tti, load_profile)
        case "greedy":
            return OneStepGreedy()
        case _:
            raise ValueError(f"policy: no baseline is called {name!r}; there are {', '.join(BASELINES)}")


def _by_rate(world: World) -> World:
    """The world with a MAC that gives every RB to the UE with the best channel, whatever its slice."""
    mac = world.mac.model_copy(update={"schedulers": ("max_cqi", "max_cqi", "max_cqi")})
    return world.model_copy(update={"mac": mac})
