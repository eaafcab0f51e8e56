from collections.abc import Mapping

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from cadran.envs.single import RanEnv
from cadran.envs.vector import RanVectorEnv

from .worlds import SPECS, WORLD

ENVS = 3


def assert_same(left: object, right: object) -> None:
    assert type(left) is type(right)
    if isinstance(left, Mapping):
        assert left.keys() == right.keys()
        for key in left:
            assert_same(left[key], right[key])
    elif isinstance(left, np.ndarray) and left.dtype == object:
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)


def drawn(env: RanVectorEnv, frames: int) -> np.ndarray:
    return np.random.default_rng(1).random((frames, *env.action_space.shape), dtype=np.float32)


@pytest.mark.parametrize("du", [1, "all"])
@pytest.mark.parametrize("name", SPECS)
def test_a_batch_is_what_gymnasium_makes_of_single_environments(name, du):
    """Over two truncations, to the bit, and infos with their masks as well."""
    batch = RanVectorEnv(ENVS, WORLD, SPECS[name], du=du, others="priority")
    singles = SyncVectorEnv(
        [lambda: RanEnv(WORLD, SPECS[name], du=du, others="priority")] * ENVS,
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    assert batch.single_observation_space == singles.single_observation_space
    assert batch.single_action_space == singles.single_action_space
    assert batch.observation_space == singles.observation_space
    assert batch.action_space == singles.action_space
    assert batch.metadata == singles.metadata
    for left, right in zip(batch.reset(seed=11), singles.reset(seed=11), strict=True):
        assert left.keys() == right.keys() if isinstance(left, dict) else np.array_equal(left, right)
    ends = 0
    for actions in drawn(batch, 2 * WORLD.episode_frames + 2):
        ours, theirs = batch.step(actions), singles.step(actions)
        for left, right in zip(ours, theirs, strict=True):
            assert_same(left, right)
        ends += int(ours[3].all())
    assert ends == 2


def test_the_last_observation_is_kept_and_the_next_episode_begun():
    env = RanVectorEnv(ENVS, WORLD)
    env.reset(seed=5)
    for actions in drawn(env, WORLD.episode_frames):
        last = env.batch.frames_left == 1
        observation, _, terminated, truncated, infos = env.step(actions)
        assert not terminated.any()
        assert truncated.tolist() == [last] * ENVS
        assert ("final_obs" in infos) == last
    assert env.batch.episode == 1
    assert (np.stack(infos["final_obs"])[:, -3:] == actions).all()
    assert (observation[:, -3:] == 0.5).all()
    assert infos["final_info"]["qos"].shape == (ENVS, 3)
    assert infos["_final_obs"].all()


def test_observations_stay_within_their_space():
    env = RanVectorEnv(ENVS, WORLD, du="all")
    env.reset(seed=0)
    for actions in drawn(env, 2 * WORLD.episode_frames):
        assert env.step(actions)[0] in env.observation_space


def test_seeds_in_a_list_and_counted_on():
    counted, listed = RanVectorEnv(ENVS, WORLD), RanVectorEnv(ENVS, WORLD, seed=9)
    first = counted.reset(seed=9)[0]
    assert (listed.reset()[0] == first).all()
    assert (listed.reset(seed=[11, 10, 9])[0] == first[::-1]).all()
    assert (RanVectorEnv(ENVS, WORLD).reset()[0] != first).any()


def test_resets_that_a_batch_cannot_do_are_refused():
    env = RanVectorEnv(ENVS, WORLD)
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        env.reset(seed=[1, 2])
    with pytest.raises(ValueError, match="reset_mask"):
        env.reset(options={"reset_mask": np.asarray([True, False, False])})
    env.reset(options={"reset_mask": np.ones(ENVS, dtype=np.bool_)})


def test_a_batch_of_another_size_is_refused():
    env = RanVectorEnv(ENVS, WORLD)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(2, 3\), allowed is \(3, 3\)"):
        env.step(np.zeros((2, 3), dtype=np.float32))
