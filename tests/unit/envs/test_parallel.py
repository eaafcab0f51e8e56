import warnings

import numpy as np
import pytest

from cadran.envs.parallel import DuParallelEnv, parallel_env

from .worlds import SPECS, WORLD

with warnings.catch_warnings():
    # The module of tests makes an environment of PettingZoo's own the deprecated way.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import parallel_api_test, parallel_seed_test


@pytest.mark.parametrize("name", SPECS)
def test_the_pettingzoo_contract(name):
    parallel_api_test(DuParallelEnv(WORLD, SPECS[name]), num_cycles=50)


@pytest.mark.parametrize("name", SPECS)
def test_the_pettingzoo_seed_contract(name):
    parallel_seed_test(lambda: parallel_env(WORLD, SPECS[name]))


def test_episodes_truncate_and_never_terminate():
    env = DuParallelEnv(WORLD, SPECS["demo"], seed=4)
    env.reset()
    for frame in range(WORLD.episode_frames):
        actions = {agent: np.full(3, 0.5, np.float32) for agent in env.agents}
        _, _, terminations, truncations, _ = env.step(actions)
        assert not any(terminations.values())
        assert all(truncations.values()) == (frame == WORLD.episode_frames - 1)
    assert env.agents == []


def test_reset_goes_on_to_the_next_episode_and_a_seed_starts_over():
    env = DuParallelEnv(WORLD, SPECS["demo"], seed=4)
    first, second = env.reset()[0], env.reset()[0]
    again = env.reset(seed=4)[0]
    assert any((first[agent] != second[agent]).any() for agent in first)
    assert all((first[agent] == again[agent]).all() for agent in first)


def test_observations_stay_within_their_space_and_each_agent_has_its_own():
    env = DuParallelEnv(WORLD, task="resource-blocks")
    env.reset()
    assert env.action_space("du_0") is not env.action_space("du_1")
    for _ in range(5):
        seen = env.step({agent: env.action_space(agent).sample() for agent in env.agents})[0]
        assert all(seen[agent] in env.observation_space(agent) for agent in env.agents)
