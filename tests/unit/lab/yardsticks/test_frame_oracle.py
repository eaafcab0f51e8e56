import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadran.envs import BatchedEnv, to_decisions, to_measurements
from cadran.lab.policies.base import episode_seeds
from cadran.lab.yardsticks import FrameOracle
from cadran.lab.yardsticks.ahead import look_ahead
from cadran.lab.yardsticks.blocks import splits
from cadran.lab.yardsticks.frame_oracle import split_rewards
from cadran.problem import Quota

from ..worlds import WORLD
from .scenes import SCENES, SPEC, changed


def some_frames_in(name: str, seed: int, frames: int) -> BatchedEnv:
    """Two networks in the middle of an episode, after random splits."""
    world, spec = SCENES[name]
    env = BatchedEnv(world, spec, np.array([seed, seed + 1], dtype=np.uint64))
    rng = np.random.default_rng(seed)
    for _ in range(frames):
        env.step_decision(Quota.hard(random_percent(rng, (env.envs, env.dus))))
    return env


def random_percent(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.multinomial(20, rng.dirichlet(np.ones(3)), shape).astype(np.int32) * 5


@pytest.mark.parametrize("name", SCENES)
@given(seed=st.integers(0, 10_000), frames=st.integers(0, 12))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_split_is_worth_what_the_radio_then_measures(name: str, seed: int, frames: int) -> None:
    env, rng = some_frames_in(name, seed, frames), np.random.default_rng(seed)
    neighbours, tried = random_percent(rng, (2, env.dus)), random_percent(rng, (4,))
    found = split_rewards(env, look_ahead(env), splits(tried // 5), neighbours)
    for j, percent in enumerate(tried):
        for du in range(env.dus):
            decided = neighbours.copy()
            decided[:, du] = percent
            copy = env.radio.clone(env.radio_state)
            env.radio.step(copy, to_decisions(Quota.hard(decided), env.frame.rbs))
            measured = env.problem.reward(env.problem.kpis(to_measurements(copy.kpis)))
            assert measured[:, du].tobytes() == found[j, :, du].tobytes()


def test_a_lone_du_never_does_better_in_a_frame_than_the_oracle() -> None:
    world = changed(WORLD, {"dus": 1, "ues": 15, "episode_frames": 6})
    env = BatchedEnv(world, SPEC, episode_seeds(3, "held_out", 2))
    oracle, rng = FrameOracle(step_percent=5), np.random.default_rng(0)
    oracle.begin(env)
    while env.frames_left:
        tried = []
        for percent in random_percent(rng, (30,)):
            copy = env.radio.clone(env.radio_state)
            decided = np.broadcast_to(percent, (2, 1, 3))
            env.radio.step(copy, to_decisions(Quota.hard(decided), env.frame.rbs))
            tried.append(env.problem.reward(env.problem.kpis(to_measurements(copy.kpis))))
        assert (oracle.act(env).reward >= np.max(tried, axis=0)).all()


def test_the_oracle_leaves_the_present_as_it_was() -> None:
    env, twin = (BatchedEnv(WORLD, SPEC, episode_seeds(3, "held_out", 2)) for _ in range(2))
    oracle = FrameOracle(step_percent=10)
    oracle.begin(env)
    step = oracle.act(env)
    assert step.reward.tobytes() == twin.step_decision(Quota.hard(oracle.percent)).reward.tobytes()


@pytest.mark.parametrize(
    "changes",
    [{"ttis_per_frame": 2}, {"mac": {"allocation": "rbg"}}, {"mobility": {"kind": "directions"}}],
)
def test_worlds_with_more_to_a_frame_are_refused(changes: dict[str, object]) -> None:
    env = BatchedEnv(changed(WORLD, changes), SPEC, episode_seeds(3, "held_out", 1))
    with pytest.raises(ValueError, match="frame oracle: world"):
        FrameOracle().begin(env)


def test_a_grid_divides_the_band() -> None:
    with pytest.raises(ValueError, match="step_percent: 7"):
        FrameOracle(step_percent=7)
