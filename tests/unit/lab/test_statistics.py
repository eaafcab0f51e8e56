"""Intervals hold the truth as often as they say, agree with closed forms, and depend on nothing else."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cadran.lab.statistics import (
    Interval,
    band_of,
    crossed_difference,
    crossed_improvement,
    crossed_interval,
    interquartile_mean,
    interval_of,
    mean,
    mean_interval,
    median,
    probability_of_improvement,
)
from cadran.lab.statistics.crossed import crossing_of
from cadran.lab.statistics.intervals import spread_of
from cadran.lab.statistics.stratified import bootstrap
from cadran.runtime.student import student_quantile

FEW = 1_500
"""Replicates where an interval's ends need not be exact."""

finite = st.floats(-100, 100, allow_subnormal=False).map(lambda value: round(value, 3))
scores = st.tuples(st.integers(2, 5), st.integers(2, 4)).flatmap(
    lambda shape: arrays(float, shape, elements=finite)
)
statistics = st.sampled_from([mean, median, interquartile_mean])


def rng(seed=0):
    return np.random.default_rng(seed)


def near(first: Interval, second: Interval, tolerance=1e-9):
    pairs = [(first.value, second.value), (first.low, second.low), (first.high, second.high)]
    return all(a == pytest.approx(b, rel=1e-9, abs=tolerance) for a, b in pairs)


# Closed forms.


def test_the_interquartile_mean_leaves_out_a_quarter_on_each_side():
    samples = np.array([[8, 1, 7, 2, 6, 3, 5, 4], [0, 0, 0, 0, 0, 0, 0, 1e9]], dtype=float)
    assert interquartile_mean(samples).tolist() == [4.5, 0.0]
    # A quarter of five is one entry.
    assert interquartile_mean(np.array([[9.0, 1.0, 2.0, 3.0, -50.0]])).tolist() == [2.0]


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.7062), (2, 4.30265), (4, 2.77645), (9, 2.26216), (23, 2.06866), (1e7, 1.95996)],
)
def test_the_quantiles_are_those_of_students_table(degrees, quantile):
    assert student_quantile(degrees) == pytest.approx(quantile, rel=2e-4)


def test_the_interval_of_a_mean_of_normal_values_is_students():
    values = rng(1).normal(3.0, 2.0, 40)
    half = student_quantile(39) * values.std(ddof=1) / np.sqrt(40)
    interval = mean_interval(values, rng())
    assert interval.value == pytest.approx(values.mean())
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.03)


def test_resamples_are_spread_as_the_plug_in_variance_says():
    values = rng(2).normal(size=(6, 3))
    resampled = bootstrap(values, mean, rng())
    assert resampled.mean() == pytest.approx(values.mean(), abs=0.005)
    assert resampled.var() == pytest.approx(values.var(axis=0).sum() / 6 / 9, rel=0.03)


def test_the_two_way_variance_is_unbiased():
    """Levels less what they both hold of the interaction: the variance of the mean by design."""
    draw = rng(3)
    found, runs, episodes = [], 4, 6
    for _ in range(4_000):
        table = (
            draw.normal(0, 1, (runs, 1)) + draw.normal(0, 2, episodes) + draw.normal(0, 3, (runs, episodes))
        )
        parts = crossing_of(table)
        by_episode = table.mean(axis=0).var(ddof=1) / episodes
        found.append(parts.runs.variance + by_episode - parts.interaction)
    truth = 1 / runs + 4 / episodes + 9 / (runs * episodes)
    assert np.mean(found) == pytest.approx(truth, rel=0.03)


def test_the_resampled_two_way_variance_is_exact():
    table = rng(4).normal(size=(3, 4))
    rows = itertools.product(range(3), repeat=3)
    columns = list(itertools.product(range(4), repeat=4))
    by_columns = np.array([table[:, list(chosen)].mean(axis=1) for chosen in columns])
    every = np.array([by_columns[:, list(chosen)].mean(axis=1) for chosen in rows])
    parts = crossing_of(table)
    assert every.var() == pytest.approx(
        parts.runs.resampled + table.mean(axis=0).var() / 4 + parts.interaction_resampled
    )


def test_no_level_adds_less_than_nothing():
    """Pure interaction: the estimate of the two levels may be below 0, but the interval stays one."""
    table = np.array([[1.0, -1.0], [-1.0, 1.0]])
    interval = crossed_interval(table, rng(), replicates=FEW)
    assert interval.low < 0 < interval.high
    assert spread_of([]) == 1.0


# Enumerations and other implementations.


@pytest.mark.parametrize("statistic", [mean, median, interquartile_mean])
def test_resamples_come_as_often_as_an_enumeration_says(statistic):
    values = np.array([[0.0, 10.0], [1.0, 13.0], [5.0, 17.0]])
    columns = [list(itertools.product(column, repeat=3)) for column in values.T]
    every = statistic(np.array([first + second for first, second in itertools.product(*columns)]))
    found = bootstrap(values, statistic, rng())
    results, counts = np.unique(every.round(9), return_counts=True)
    shares = (found.round(9)[:, None] == results).mean(axis=0)
    assert shares.sum() == pytest.approx(1.0)
    assert np.allclose(shares, counts / len(every), atol=0.01)


def test_resamples_agree_with_another_bootstrap():
    scipy_stats = pytest.importorskip("scipy.stats")
    values = rng(5).gamma(2.0, size=30)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=rng(6)
    ).confidence_interval
    low, high = np.quantile(bootstrap(values[:, None], mean, rng(7)), [0.025, 0.975])
    width = theirs.high - theirs.low
    assert (low, high) == (
        pytest.approx(theirs.low, abs=0.03 * width),
        pytest.approx(theirs.high, abs=0.03 * width),
    )


@given(scores)
def test_the_interquartile_mean_is_the_trimmed_one(table):
    scipy_stats = pytest.importorskip("scipy.stats")
    assert interquartile_mean(table.reshape(1, -1))[0] == pytest.approx(
        scipy_stats.trim_mean(table, 0.25, axis=None), abs=1e-9
    )


@given(arrays(float, (3, 2), elements=finite), arrays(float, (4, 2), elements=finite))
@settings(max_examples=25)
def test_the_probability_of_improvement_is_the_share_of_pairs(first, second):
    pairs = [
        (a > b) + 0.5 * (a == b)
        for task in range(2)
        for a, b in itertools.product(first[:, task], second[:, task])
    ]
    found = probability_of_improvement(first, second, rng(), FEW)
    assert found.value == pytest.approx(np.mean(pairs))
    assert 0 <= found.low <= found.value <= found.high <= 1
    other = probability_of_improvement(second, first, rng(), FEW)
    assert found.value + other.value == pytest.approx(1.0)


# Coverage: 95 %, give or take three standard errors of the simulation and what few runs cost.


def covers(truth, interval_from, trials=300):
    held = sum(one.low <= truth <= one.high for one in (interval_from() for _ in range(trials)))
    return held / trials


@pytest.mark.parametrize("runs", [3, 5, 10])
@pytest.mark.parametrize("statistic", [mean, interquartile_mean])
def test_intervals_over_runs_hold_the_truth(runs, statistic):
    draw = rng(runs)
    found = covers(0.3, lambda: interval_of(draw.normal(0.3, 1.0, (runs, 2)), statistic, draw, FEW))
    assert 0.91 <= found <= 0.99


@pytest.mark.parametrize(
    ("runs", "others", "by_run", "by_episode", "rest"),
    [(5, 5, 1.0, 3.0, 1.0), (5, 5, 0.0, 3.0, 1.0), (10, 4, 0.3, 1.0, 1.0), (5, 1, 1.0, 1.0, 1.0)],
)
def test_intervals_over_runs_and_episodes_hold_the_truth(runs, others, by_run, by_episode, rest):
    draw = rng(8)

    def table(count, episodes, drawn=True):
        return drawn * by_run * draw.normal(size=(count, 1)) + episodes + rest * draw.normal(size=(count, 24))

    def difference():
        episodes = by_episode * draw.normal(size=24)
        first, second = 0.2 + table(runs, episodes), table(others, episodes, drawn=others > 1)
        return crossed_difference(first, second, draw, FEW)

    assert 0.91 <= covers(0.2, difference) <= 0.99
    alone = covers(
        0.0, lambda: crossed_interval(table(runs, by_episode * draw.normal(size=24)), draw, mean, FEW)
    )
    assert 0.91 <= alone <= 0.99


def test_episodes_taken_for_tasks_claim_far_too_much():
    """Why there are two kinds of intervals: one trained agent's episodes are no separate trainings."""
    draw = rng(9)

    def table():
        return draw.normal(size=(5, 1)) + 0.3 * draw.normal(size=(5, 24))

    assert covers(0.0, lambda: interval_of(table(), mean, draw, FEW), 200) < 0.5
    assert covers(0.0, lambda: crossed_interval(table(), draw, mean, FEW), 200) > 0.9


def test_intervals_of_the_probability_of_improvement_hold_the_truth():
    draw = rng(10)
    for shift, truth in ((0.0, 0.5), (1.5, 0.8556)):

        def improvement(shift=shift):
            first, second = draw.normal(shift, 1.0, (5, 2)), draw.normal(0.0, 1.0, (5, 2))
            return probability_of_improvement(first, second, draw, FEW)

        assert covers(truth, improvement, 300) >= 0.91


def test_few_runs_that_all_win_are_not_certain_to():
    better, worse = np.arange(5.0)[:, None] + 10, np.arange(5.0)[:, None]
    found = probability_of_improvement(better, worse, rng())
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.643, abs=0.002)
    many = np.arange(40.0)[:, None]
    assert probability_of_improvement(many + 100, many, rng()).low > 0.94


# Invariances.


@given(scores, statistics)
@settings(max_examples=25)
def test_the_order_of_the_runs_does_not_matter(table, statistic):
    shuffled = rng(11).permutation(table)
    assert interval_of(table, statistic, rng(), FEW) == interval_of(shuffled, statistic, rng(), FEW)
    assert crossed_interval(table, rng(), statistic, FEW) == crossed_interval(shuffled, rng(), statistic, FEW)
    assert crossed_difference(table, table + 1, rng(), FEW) == crossed_difference(
        shuffled, shuffled + 1, rng(), FEW
    )


@given(scores, statistics, st.floats(-50, 50), st.floats(0.1, 20))
@settings(max_examples=25)
def test_intervals_move_and_stretch_with_the_scores(table, statistic, shift, scale):
    def moved(interval):
        return Interval(*(scale * end + shift for end in (interval.value, interval.low, interval.high)))

    plain, changed = table, scale * table + shift
    assert near(
        moved(interval_of(plain, statistic, rng(), FEW)), interval_of(changed, statistic, rng(), FEW), 1e-6
    )
    assert near(
        moved(crossed_interval(plain, rng(), statistic, FEW)),
        crossed_interval(changed, rng(), statistic, FEW),
        1e-6,
    )


@given(arrays(float, (3, 2), elements=finite), arrays(float, (4, 2), elements=finite))
@settings(max_examples=15)
def test_a_change_of_scale_does_not_change_who_wins(first, second):
    plain = probability_of_improvement(first, second, rng(), FEW)
    assert plain == probability_of_improvement(np.arctan(first / 9), np.arctan(second / 9), rng(), FEW)


@given(scores)
@settings(max_examples=15)
def test_a_method_does_not_differ_from_itself(table):
    found = crossed_difference(table, table, rng(), FEW)
    assert found.value == 0
    assert found.low <= 0 <= found.high
    assert crossed_improvement(table, table, rng(), FEW).value == 0.5


def test_the_generator_decides():
    table = rng(12).normal(size=(8, 6))
    for interval in (
        lambda seed: interval_of(table, mean, rng(seed), FEW),
        lambda seed: crossed_interval(table, rng(seed), mean, FEW),
        lambda seed: crossed_difference(table, table[:3] + 0.1, rng(seed), FEW),
        lambda seed: crossed_improvement(table, table[:, ::-1] - 0.2, rng(seed), FEW),
    ):
        assert interval(1) == interval(1) != interval(2)


# Shapes.


def test_a_fixed_policy_has_an_interval_over_episodes():
    episodes = rng(13).normal(size=24)
    fixed = crossed_interval(episodes[None], rng())
    alone = mean_interval(episodes, rng(1))
    assert near(fixed, alone, 0.03 * (alone.high - alone.low))
    learned = np.stack([episodes + 1, episodes + 1])
    assert near(crossed_difference(learned, episodes[None], rng()), Interval(1, 1, 1))
    assert crossed_improvement(learned, episodes[None], rng()).value == 1


def test_a_band_is_the_interval_of_each_point():
    curves = rng(14).normal(size=(5, 3)) + np.array([0.0, 5.0, -3.0])
    band = band_of(curves, rng())
    for at in range(3):
        interval = interval_of(curves[:, [at]], mean, rng(at))
        found = Interval(band.value[at], band.low[at], band.high[at])
        assert near(found, interval, 0.06 * (interval.high - interval.low))
    single = band_of(curves[:1], rng())
    assert (single.low == single.high).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval(np.ones(1), rng()), "episodes: an interval needs at least 2, not 1"),
        (lambda: interval_of(np.ones((1, 4)), mean, rng()), "at least 2 runs"),
        (lambda: interval_of(np.ones(4), mean, rng()), r"not \[4\]"),
        (lambda: crossed_interval(np.ones((4, 1)), rng()), "2 columns"),
        (lambda: crossed_difference(np.ones((2, 3)), np.ones((2, 4)), rng()), "not 3 and 4"),
        (lambda: interval_of(np.array([[0, 1], [2, np.nan]]), mean, rng()), "run 1, column 1 is nan"),
        (lambda: probability_of_improvement(np.ones((1, 2)), np.ones((1, 2)), rng()), "two fixed policies"),
        (lambda: probability_of_improvement(np.ones((2, 2)), np.ones((2, 3)), rng()), "tasks"),
    ],
)
def test_what_allows_no_interval_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_fifty_thousand_resamples_take_well_under_a_second():
    table = rng(15).normal(size=(10, 24))
    began = time.process_time()
    interval_of(table, interquartile_mean, rng())
    assert time.process_time() - began < 0.7
