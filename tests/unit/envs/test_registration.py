import subprocess
import sys

import gymnasium
import numpy as np
import pettingzoo
import pytest
from gymnasium.utils.env_checker import check_env

from cadran.envs.parallel import DuParallelEnv
from cadran.envs.registration import IDS
from cadran.envs.single import RanEnv
from cadran.envs.vector import RanVectorEnv

SMALL = {"dus": 2, "ues": 12, "max_ues_per_slice": 4, "rbs": 20, "episode_frames": 10}


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_makes_each_by_name(name):
    env = gymnasium.make(name, world=SMALL, others="pf")
    assert isinstance(env.unwrapped, RanEnv)
    check_env(env.unwrapped)
    env.reset(seed=3)
    while not env.step(env.action_space.sample())[3]:
        pass


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_makes_batches_of_what_it_makes_one_of(name):
    batch = gymnasium.make_vec(name, num_envs=4, world=SMALL)
    one = gymnasium.make(name, world=SMALL)
    assert isinstance(batch, RanVectorEnv)
    assert batch.single_observation_space == one.observation_space
    assert batch.single_action_space == one.action_space
    assert (batch.reset(seed=6)[0][2] == one.reset(seed=8)[0]).all()


@pytest.mark.parametrize("name", IDS)
def test_pettingzoo_makes_each_by_name(name):
    env = pettingzoo.make("parallel", name, world=SMALL)
    assert isinstance(env, DuParallelEnv)
    env.reset(seed=1)
    env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    assert env.agents == ["du_0", "du_1"]


def test_the_names_stand_for_the_papers_problem_and_for_quotas():
    slicing = gymnasium.make("Cadran/Slicing-v0", world=SMALL).unwrapped.batch.problem
    assert slicing.names == {"observation": "demand", "action": "slice_quota", "reward": "delivered"}
    blocks = gymnasium.make("Cadran/ResourceBlocks-v0", world=SMALL, problem={"decode": "plain"})
    names = blocks.unwrapped.batch.problem.names
    assert names == {"observation": "paper", "action": "rb_bits/plain", "reward": "eq8"}


def printed(code: str) -> list[str]:
    """What a fresh interpreter prints, in words."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_the_package_is_enough():
    code = "import cadran.envs, gymnasium; print(*[i for i in gymnasium.registry if i.startswith('Cadran')])"
    assert printed(code) == list(IDS)


def test_without_these_libraries_the_core_still_imports():
    code = (
        "import importlib.util, sys; importlib.util.find_spec = lambda name: None; "
        "from cadran.envs import BatchedEnv; print('gymnasium' in sys.modules, 'pettingzoo' in sys.modules)"
    )
    assert printed(code) == ["False", "False"]


def test_gymnasium_statistics_wrappers_understand_the_batch():
    env = gymnasium.wrappers.vector.RecordEpisodeStatistics(
        gymnasium.make_vec("Cadran/Slicing-v0", num_envs=2, world=SMALL)
    )
    env.reset(seed=0)
    for _ in range(10):
        infos = env.step(env.action_space.sample())[4]
    assert np.asarray(infos["episode"]["l"]).tolist() == [10, 10]
