"""Policies on held-out episodes of a network: the frame's reward, the same measure for all methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.lab.meta.disturbance import DisturbedEnv
from cadran.lab.meta.experiment import MetaExperiment
from cadran.lab.meta.levels import Level, LevelFacts
from cadran.lab.meta.policies import policy_of
from cadran.lab.policies.base import Role, episode_seeds
from cadran.learn.ddpg import Networks
from cadran.radio import World

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def episodes_of(
    experiment: MetaExperiment, network: World, count: int, seed: int, role: Role
) -> HierarchicalEnv:
    """Episodes of a network, apart from those of other roles: as many copies of it.

    Args:
        experiment: the scenario.
        network: world with profiles.
        count: how many, H.
        seed: determines them, with the role.
        role: what they are for.
    """
    seeds = episode_seeds(seed, role, count)
    return DisturbedEnv(network, experiment.problem_spec, experiment.hierarchy, seeds, experiment.disturbance)


def reward_of(
    env: HierarchicalEnv, levels: Mapping[Level, LevelFacts], networks: Mapping[Level, Networks]
) -> Float64:
    """Mean reward per frame of learned policies without exploration, over episode 0 of every copy.

    Args:
        env: H copies of a network of C DUs.
        levels: of the policy.
        networks: of C tasks or one.

    Returns:
        ``[C, H]``.
    """
    policy = policy_of(env.problem, levels, networks)
    policy.begin()
    return episode_reward(env, lambda: env.step(policy.act(env.state, None)).reward)


def episode_reward(env: HierarchicalEnv, frame: Callable[[], Float32]) -> Float64:
    """Mean over the frames of episode 0 of what ``frame`` earns ``[H, C]`` in each; ``[C, H]``."""
    env.reset(0)
    rewards = []
    while env.frames_left:
        rewards.append(frame())
    return np.asarray(np.mean(rewards, axis=0, dtype=np.float64)).T
