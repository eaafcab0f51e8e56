import pytest

from cadran.lab.statistics import Difference, Interval, sentence, told


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


def test_an_interval_is_told_with_its_ends_and_true_minus_signs():
    assert told(Interval(0.9271, 0.9164, 0.938)) == "0.927 (0.916 to 0.938)"
    assert told(Interval(-0.02, -0.05, 0.01), 2, signed=True) == "−0.02 (−0.05 to +0.01)"
