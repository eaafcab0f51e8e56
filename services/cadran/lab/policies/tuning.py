"""Rules with numbers chosen by trial, on tuning episodes that no evaluation uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv
from cadran.lab.policies.base import episode_seeds, rollout
from cadran.lab.policies.rules import RulePolicy
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import muted, priority, static
from cadran.radio import World

TUNING_EPISODES = 6
SPLIT_STEP_PERCENT = 10
MOST_MUTED_PERCENT = 50
URLLC_MARGINS = (1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
MMTC_MARGINS = (0.5, 0.7, 1.0, 1.4)


def best_static_split(
    world: World,
    spec: ProblemSpec,
    seed: int,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> RulePolicy:
    """The best constant split on a grid of 10 %, the same at every DU; splits that starve a slice compete."""
    steps = 100 // SPLIT_STEP_PERCENT
    splits = [
        (embb * SPLIT_STEP_PERCENT, mmtc * SPLIT_STEP_PERCENT, (steps - embb - mmtc) * SPLIT_STEP_PERCENT)
        for embb, mmtc in itertools.product(range(steps + 1), repeat=2)
        if embb + mmtc <= steps
    ]
    candidates = [
        RulePolicy("best static split", static(split), "/".join(map(str, split)) + " %") for split in splits
    ]
    seeds = episode_seeds(seed, "tuning", TUNING_EPISODES)
    return _best(BatchedEnv(world, spec, seeds, trace_bytes_per_tti, load_profile), candidates)


def best_muted_split(world: World, spec: ProblemSpec, seed: int) -> RulePolicy:
    """The best constant split, of which every DU uses the best share; the rest of the band stays unused."""
    rule = best_static_split(world, spec, seed).rule
    candidates = [
        RulePolicy("best muted split", muted(rule, used), f"{used} % of the best static split")
        for used in range(100, 100 - MOST_MUTED_PERCENT - 1, -SPLIT_STEP_PERCENT)
    ]
    return _best(BatchedEnv(world, spec, episode_seeds(seed, "tuning", TUNING_EPISODES)), candidates)


def tuned_priority(
    world: World,
    spec: ProblemSpec,
    seed: int,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> RulePolicy:
    """Strict priority with the best margins of a grid."""
    candidates = [
        RulePolicy("tuned priority", priority(urllc, mmtc), f"URLLC x{urllc:g}, mMTC x{mmtc:g}")
        for urllc, mmtc in itertools.product(URLLC_MARGINS, MMTC_MARGINS)
    ]
    seeds = episode_seeds(seed, "tuning", TUNING_EPISODES)
    return _best(BatchedEnv(world, spec, seeds, trace_bytes_per_tti, load_profile), candidates)


def _best(env: BatchedEnv, candidates: Iterable[RulePolicy]) -> RulePolicy:
    return max(candidates, key=lambda policy: float(np.mean(rollout(env, policy).reward)))
