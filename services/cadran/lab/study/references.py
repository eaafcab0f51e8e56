"""What stands beside learned agents, by name: policies that do not train, and yardsticks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cadran.lab.experiment import Experiment
from cadran.lab.policies import BASELINES, LabPolicy, baseline, best_muted_split
from cadran.lab.policies.base import episode_seeds
from cadran.lab.training import HeldOut, evaluate_policy
from cadran.lab.yardsticks import FrameOracle, relaxation_bound
from cadran.problem import SLICES

MUTED, ORACLE, BOUND = "best-muted", "frame-oracle", "bound"
REFERENCES = (*BASELINES, MUTED, ORACLE, BOUND)
"""All names."""

Examine = Callable[[Experiment, int, int], HeldOut]
"""From a world, a number of held-out episodes and their seed to how something did."""


def reference(name: str, experiment: Experiment, seed: int) -> Examine:
    """What examines one of `REFERENCES`; worlds that it cannot decide in are a ValueError.

    Args:
        name: Of the policy or yardstick.
        experiment: Where policies with parameters are tuned; exams may be elsewhere.
        seed: Of the episodes that they are tuned on, and of random decisions.
    """
    if name == BOUND:
        return _bound
    policy = _policy(name, experiment, seed)
    return lambda place, episodes, held_out_seed: evaluate_policy(policy, place, episodes, held_out_seed)


def _policy(name: str, experiment: Experiment, seed: int) -> LabPolicy:
    if name == ORACLE:
        return FrameOracle()
    if name == MUTED:
        return best_muted_split(experiment.world, experiment.problem_spec, seed)
    return baseline(name, experiment.world, experiment.problem_spec, seed)


def _bound(experiment: Experiment, episodes: int, seed: int) -> HeldOut:
    """A bound on rewards says nothing about qualities and rates, nor about a DU of its own."""
    seeds = episode_seeds(seed, "held_out", episodes)
    reward = relaxation_bound(experiment.world, experiment.problem_spec, seeds)
    return HeldOut(
        episode_reward=reward,
        episode_reward_sampled=reward,
        slice_qos=np.full((episodes, SLICES), np.nan),
        qos_quantiles=np.full((SLICES, 101), np.nan),
        ue_rate_quantiles=np.full((SLICES, 101), np.nan),
        du_reward=np.full((episodes, experiment.world.dus), np.nan),
    )
