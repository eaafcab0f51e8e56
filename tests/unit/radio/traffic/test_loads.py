"""Load factors in time: at random, over a day, measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from cadran.radio.hashing import draw
from cadran.radio.traffic import TrafficTables, initial_levels, load_profile, move_loads, traffic_tables
from cadran.radio.traffic.loads import DAY_STEPS, LOAD_LEVELS, day_factors, profile, random_factors

from .play import DUS, members, play, slotted


def levels_of(tables: TrafficTables, frames: int, first: int = 0) -> NDArray[np.int16]:
    """Load levels in frames ``first`` …, int16[F, C, S]."""
    level = initial_levels(tables, DUS, 5, 9, first)
    found = []
    for frame in range(first, first + frames):
        move_loads(level, draw(1, frame), draw(2, frame), frame, tables)
        found.append(level.copy())
    return np.array(found)


def test_random_factors_are_spread_evenly_over_their_logarithm() -> None:
    factors = random_factors(slotted(factor_min=0.2, factor_max=3.0))
    assert len(factors) == LOAD_LEVELS
    assert 0.2 < factors.min() < factors.max() < 3.0
    np.testing.assert_allclose(np.diff(np.log(factors)), np.log(3.0 / 0.2) / LOAD_LEVELS)


def test_random_loads_dwell_as_long_as_configured_and_differ_between_dus() -> None:
    levels = levels_of(traffic_tables(slotted(dwell_frames=10)), 4000)
    moved = (np.diff(levels, axis=0) != 0).mean()
    assert moved == pytest.approx(0.1 * (1 - 1 / LOAD_LEVELS), abs=0.008)
    assert levels.min() == 0
    assert levels.max() == LOAD_LEVELS - 1
    assert abs(np.corrcoef(levels[:, 0, 0], levels[:, 1, 0])[0, 1]) < 0.25


def test_a_dwell_of_one_frame_draws_every_load_anew_in_every_frame() -> None:
    levels = levels_of(traffic_tables(slotted(dwell_frames=1)), 2000)
    assert (np.diff(levels, axis=0) != 0).mean() == pytest.approx(1 - 1 / LOAD_LEVELS, abs=0.005)


def test_a_step_multiplies_the_load_from_its_frame_on_and_leaves_the_frames_before_as_they_were() -> None:
    varied = {"factor_min": 0.2, "factor_max": 3.0, "sources": ("poisson", "beta_burst", "periodic")}
    ues = members(6, 6, 6)
    steady = play(traffic_tables(slotted(**varied)), ues, 4000)
    for factor in (0.0, 1.0, 2.5):
        stepped = play(traffic_tables(slotted(**varied, step_frame=50, step_factor=factor)), ues, 4000)
        np.testing.assert_array_equal(stepped[:500], steady[:500])
        np.testing.assert_array_equal(stepped[:, :, 2], steady[:, :, 2])
        for s in (0, 1):
            after = stepped[500:, :, s].sum() / steady[500:, :, s].sum()
            assert after == pytest.approx(factor, rel=0.1)
        assert factor != 1 or (stepped == steady).all()


@pytest.mark.parametrize(
    ("load", "text"),
    [
        ({"step_factor": 2.0}, "needs load.step_frame"),
        ({"step_frame": 100, "step_factor": 2.0}, "allowed are frames of an episode, 0 to 99"),
        ({"step_frame": -1}, "greater than or equal to 0"),
    ],
)
def test_a_step_that_never_comes_is_refused(load: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        slotted(**load)


def test_a_day_has_a_mean_of_1_a_quiet_night_and_a_busy_evening() -> None:
    day = day_factors()
    assert len(day) == DAY_STEPS
    assert day.mean() == pytest.approx(1)
    assert 3 * 4 <= day.argmin() <= 6 * 4
    assert 18 * 4 <= day.argmax() <= 23 * 4
    assert np.abs(np.diff(np.append(day, day[0]))).max() < 0.1


@pytest.mark.parametrize("step_s", [0.03, 0.025, 0.004, 1.0])
def test_a_day_is_played_at_its_pace_and_alike_everywhere(step_s: float) -> None:
    levels = levels_of(traffic_tables(slotted(profile="day", profile_step_s=step_s)), 300, first=9_000)
    expected = np.floor((9_000 + np.arange(300)) * 0.01 / step_s + 1e-9) % DAY_STEPS
    np.testing.assert_array_equal(levels, np.broadcast_to(expected[:, None, None], levels.shape))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(["day", "measured"]), st.sampled_from([0.003, 0.07, 1.0]))
def test_a_profile_goes_on_over_episodes(first: int, kind: str, step_s: float) -> None:
    """An episode that begins at a frame has the loads that one before it would have had there."""
    given_profile = np.arange(1.0, 42.0) if kind == "measured" else None
    tables = traffic_tables(slotted(profile=kind, profile_step_s=step_s), None, given_profile)
    whole = levels_of(tables, 20, first)
    np.testing.assert_array_equal(levels_of(tables, 8, first + 12), whole[12:])


def test_a_measured_profile_is_played_in_order_from_a_start_of_each_du() -> None:
    measured = np.concatenate([np.random.default_rng(1).uniform(0, 100e6, 60), [0.0]])
    world = slotted(profile="measured", profile_step_s=0.02)
    tables = traffic_tables(world, None, measured)
    levels = levels_of(tables, 2 * 61, first=100)
    shape = measured / measured.mean()
    factors = profile(world, measured).factors
    assert len(set(levels[0, :, 0])) == DUS
    for c in range(DUS):
        assert (levels[:, c] == levels[:, c, :1]).all()
        np.testing.assert_array_equal(levels[::2, c, 0], (levels[0, c, 0] + np.arange(61)) % 61)
        played = factors[tables.factor[levels[::2, c, 0]]]
        np.testing.assert_allclose(played, np.roll(shape, -int(levels[0, c, 0])), atol=0.02)
        assert played.mean() == pytest.approx(1)
    assert (factors[tables.factor] == 0).sum() == (shape < 0.5 / 255 * shape.max()).sum()


def test_offered_load_follows_the_profile() -> None:
    world = slotted(profile="measured", profile_step_s=0.01)
    tables = traffic_tables(world, None, np.array([0.0, 1.0, 3.0, 0.0]))
    per_frame = play(tables, members(6, 6, 6), 4000)[:, :, 2].sum(axis=-1).reshape(400, 10, DUS).sum(axis=1)
    folded = per_frame.reshape(100, 4, DUS).mean(axis=0)
    for c in range(DUS):
        ordered = np.roll(folded[:, c], -int(np.flatnonzero(np.roll(folded[:, c], 1) == 0)[-1]))
        assert (np.sort(ordered)[:2] == 0).all()
        mean = 6e6 * 0.01 / 8
        np.testing.assert_allclose(np.sort(ordered)[2:], [mean, 3 * mean], rtol=0.05)


@pytest.mark.parametrize(
    ("load", "measured", "message"),
    [
        ({"profile": "measured"}, None, "needed"),
        ({}, np.ones(3), "load.profile is random"),
        ({"profile": "measured"}, np.zeros(3), "not all 0"),
        ({"profile": "measured"}, np.array([1.0, np.nan]), "finite"),
        ({"profile": "measured"}, np.array([1.0, -1.0]), ">= 0"),
        ({"profile": "measured"}, np.ones(40_000), "32767"),
        ({"profile": "measured"}, np.ones((2, 2)), "one dimension"),
    ],
)
def test_an_unusable_profile_is_refused(
    load: dict[str, object], measured: NDArray[np.float64] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        traffic_tables(slotted(**load), None, measured)


def test_periods_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(ValueError, match=r"load\.period_s"):
        traffic_tables(slotted(sources=("poisson", "poisson", "periodic"), period_s=1e-12))
    with pytest.raises(ValueError, match=r"load\.profile_step_s"):
        traffic_tables(slotted(profile="day", profile_step_s=1e9))


def test_rows_of_a_measured_load_are_averaged_and_gaps_filled() -> None:
    nan = float("nan")
    times = [0.0, 10.0, 10.0, 11.0, 12.0, 12.5, 15.2]
    values = [nan, 4.0, 6.0, nan, 1.0, 3.0, 8.0]
    assert load_profile(times, values, 1.0).tolist() == [5.0, 5.0, 2.0, 2.0, 2.0, 8.0]
    assert load_profile(times, values, 10.0).tolist() == [4.4]


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1e9)), min_size=1, max_size=40),
    st.sampled_from([0.5, 1.0, 7.0]),
)
def test_a_measured_load_stays_within_what_was_measured(
    rows: list[tuple[float, float]], step_s: float
) -> None:
    times, values = (np.array(column) for column in zip(*sorted(rows), strict=True))
    steps = load_profile(times, values, step_s)
    assert len(steps) == int((times[-1] - times[0]) / step_s) + 1
    assert values.min() * (1 - 1e-12) <= steps.min()
    assert steps.max() <= values.max() * (1 + 1e-12)


@pytest.mark.parametrize(
    ("times", "values", "step_s", "message"),
    [
        ([0.0], [1.0, 2.0], 1.0, "equal lengths"),
        ([0.0], [1.0], 0.0, "step_s"),
        ([1.0, 0.0], [1.0, 1.0], 1.0, "not decrease"),
        ([0.0, 1.0], [float("nan")] * 2, 1.0, "no row has a value"),
        ([], [], 1.0, "no row has a value"),
        ([0.0], [-1.0], 1.0, ">= 0"),
        ([0.0], [float("inf")], 1.0, "finite"),
    ],
)
def test_a_broken_measured_load_is_refused(
    times: list[float], values: list[float], step_s: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load_profile(times, values, step_s)
