from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cadran.envs import BatchedEnv
from cadran.lab.experiment import Experiment
from cadran.lab.policies.base import episode_seeds
from cadran.lab.yardsticks import LEVELS, threshold_gap
from cadran.lab.yardsticks.ahead import look_ahead
from cadran.lab.yardsticks.blocks import splits
from cadran.lab.yardsticks.frame_oracle import split_rewards
from cadran.lab.yardsticks.threshold_gap import _climb, _Frame, _frames
from cadran.learn import LearnerSpec
from cadran.runtime import ClockSpec

from ..worlds import EQ8_WORLD, WORLD, eq8
from .scenes import LITERAL, SPEC

EXPERIMENT = Experiment("gap", EQ8_WORLD, eq8(), LearnerSpec(), ClockSpec())


def frames(seed: int, groups: int) -> list[_Frame]:
    env = BatchedEnv(EQ8_WORLD, eq8(), episode_seeds(seed, "held_out", 1))
    return _frames(env, groups)


def test_no_rounding_beats_the_whole_optimum_and_no_whole_one_the_shared() -> None:
    gap = threshold_gap(EXPERIMENT, episodes=2, seed=4, groups=4)
    assert gap.drops == 2 * EQ8_WORLD.dus
    for quantiles in (gap.relaxed_gain, gap.thresholded_loss, gap.rounded_loss):
        assert len(quantiles) == len(LEVELS)
        assert quantiles[0] >= 0
        assert list(quantiles) == sorted(quantiles)
    assert gap == threshold_gap(EXPERIMENT, episodes=2, seed=4, groups=4)


@given(seed=st.integers(0, 1000))
@example(seed=361)
@example(seed=492)
@settings(max_examples=10, deadline=None)
def test_climbs_find_the_best_shares_of_a_lone_group(seed: int) -> None:
    frame, rng = frames(seed, 1)[0], np.random.default_rng(seed)
    grid = np.array([(a, b, 20 - a - b) for a in range(21) for b in range(21 - a)]) / 20.0
    starts = np.concatenate([np.eye(3), np.full((1, 3), 1 / 3)])
    found = max(_climb(frame, start[np.newaxis], rng)[0] for start in starts)
    assert found >= frame.rewards(grid[:, np.newaxis]).max() - 0.01


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_whole_rbs_are_worth_what_the_frame_oracle_finds(seed: int) -> None:
    env = BatchedEnv(EQ8_WORLD, eq8(), episode_seeds(seed, "held_out", 1))
    if not (env.measurements.ues > 0).all():
        return  # an empty slice's block would be silent, and disturb nobody
    rbs = np.array([[6, 9, 5]], dtype=np.int32)
    percent = np.full((1, env.dus, 3), (34, 33, 33), dtype=np.int32)
    of_radio = split_rewards(env, look_ahead(env), splits(rbs), percent)[0, 0]
    shares = np.repeat(np.eye(3), rbs[0], axis=0)[np.newaxis]
    ours = [frame.rewards(shares)[0] for frame in _frames(env, env.frame.rbs)]
    np.testing.assert_allclose(ours, of_radio, atol=1e-6)


@pytest.mark.parametrize(
    ("experiment", "groups", "key"),
    [
        (replace(EXPERIMENT, world=WORLD, problem_spec=SPEC), 4, "problem.reward"),
        (replace(EXPERIMENT, world=LITERAL), 4, "world.kpis.rate"),
        (EXPERIMENT, 21, "groups"),
    ],
)
def test_what_cannot_be_shared_is_refused(experiment: Experiment, groups: int, key: str) -> None:
    with pytest.raises(ValueError, match=f"threshold gap: {key} must be"):
        threshold_gap(experiment, 1, 0, groups)
