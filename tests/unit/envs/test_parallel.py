import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test

from cadran.envs.parallel import DuParallelEnv

from .worlds import SPECS, WORLD


@pytest.mark.parametrize("name", SPECS)
def test_the_pettingzoo_contract(name):
    parallel_api_test(DuParallelEnv(WORLD, SPECS[name]), num_cycles=50)


def test_the_pettingzoo_seed_contract():
    parallel_seed_test(lambda: DuParallelEnv(WORLD, SPECS["demo"]))


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
