"""A library that knows nothing of RANs learns in the single-agent environment. Needs the extra ``sb3``."""

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import SAC
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.monitor import Monitor

import cadran.envs  # noqa: F401  registers the environments

WORLD = {"dus": 3, "ues": 45, "max_ues_per_slice": 10, "rbs": 30, "episode_frames": 50}
STEPS = 2_000


@pytest.mark.filterwarnings("ignore:We recommend you to use a symmetric and normalized:UserWarning")
@pytest.mark.parametrize("name", ["Cadran/Slicing-v0", "Cadran/ResourceBlocks-v0"])
def test_its_own_checker_accepts_the_environment(name):
    check_env(gymnasium.make(name, world=WORLD).unwrapped)


def test_sac_trains_for_2000_steps():
    env = Monitor(gymnasium.make("Cadran/Slicing-v0", world=WORLD, others="need-proportional"))
    model = SAC("MlpPolicy", env, learning_starts=200, seed=1, device="cpu")
    before = [weights.detach().clone() for weights in model.actor.parameters()]
    model.learn(STEPS)
    assert model.num_timesteps == STEPS
    assert env.get_episode_lengths() == [WORLD["episode_frames"]] * (STEPS // WORLD["episode_frames"])
    after = list(model.actor.parameters())
    assert all(bool(weights.isfinite().all()) for weights in after)
    assert any(bool((new != old).any()) for new, old in zip(after, before, strict=True))
    action, _ = model.predict(env.reset(seed=5)[0], deterministic=True)
    assert env.action_space.contains(np.asarray(action))
