import numpy as np
import pytest

from cadran.lab.statistics import Difference, Interval, mean_interval, sentence


def test_an_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    trials = 300
    held = 0
    for _ in range(trials):
        interval = mean_interval(rng.normal(0.3, 1.0, 24), rng)
        held += interval.low <= 0.3 <= interval.high
    assert 0.90 <= held / trials <= 0.985


def test_an_interval_matches_the_normal_one_for_many_episodes():
    values = np.random.default_rng(1).exponential(1.0, 2000)
    interval = mean_interval(values, np.random.default_rng(2))
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    assert interval.value == pytest.approx(values.mean())
    assert interval.high - interval.value == pytest.approx(half, rel=0.06)
    assert interval.value - interval.low == pytest.approx(half, rel=0.06)


def test_an_interval_is_a_function_of_its_generator():
    values = np.random.default_rng(3).random(12)
    assert mean_interval(values, np.random.default_rng(4)) == mean_interval(values, np.random.default_rng(4))


def test_one_episode_allows_no_interval():
    with pytest.raises(ValueError, match="episodes"):
        mean_interval(np.ones(1), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.2, "better"), (-0.2, -0.01, "worse"), (-0.1, 0.1, "tie"), (0, 0, "tie")],
)
def test_a_verdict_needs_an_interval_that_excludes_zero(low, high, verdict):
    assert Interval((low + high) / 2, low, high).verdict == verdict


def test_the_sentence_says_wins_ties_and_losses_as_such():
    differences = [
        Difference("random", Interval(0.2, 0.1, 0.3)),
        Difference("equal share", Interval(0.1, 0.05, 0.15)),
        Difference("greedy", Interval(-0.02, -0.03, -0.01)),
        Difference("priority", Interval(0.0, -0.01, 0.01)),
    ]
    text = sentence("learned", 24, differences)
    assert "24 held-out episodes" in text
    assert "learned earns more than equal share (+0.100) and random (+0.200)" in text
    assert "earns less than greedy (-0.020)" in text
    assert "cannot be told apart from priority (+0.000)" in text


def test_the_sentence_claims_nothing_without_a_comparison():
    assert "nothing else" in sentence("learned", 24, [])
