from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.policy.initialisation import Evaluation
from cadran.rapp.gate import difference, judge

scores = st.floats(-1.0, 1.0, width=32)


def evaluation(ours: list[float], theirs: list[float], against: int = 4) -> Evaluation:
    return Evaluation(
        against=against, score="reward per frame", scores=tuple(ours), scores_against=tuple(theirs)
    )


def test_the_first_one_is_promoted() -> None:
    first = Evaluation(against=None, score="reward per frame", scores=(0.1,), scores_against=())
    assert judge(first, None, 0.0).promote


def test_a_surely_worse_one_is_refused_and_told() -> None:
    verdict = judge(evaluation([0.1, 0.11, 0.12], [0.5, 0.52, 0.5]), 4, 0.02)
    assert not verdict.promote
    assert verdict.reason.startswith("worse: reward per frame differs by -0.3967 from initialisation 4")
    assert "95 % interval" in verdict.reason
    assert "3 pairs" in verdict.reason


def test_one_of_which_too_little_is_known_is_refused() -> None:
    assert not judge(evaluation([0.6], [0.5]), 4, 0.02).promote
    noisy = judge(evaluation([0.9, 0.1, 0.6], [0.5, 0.5, 0.5]), 4, 0.02)
    assert noisy.reason.startswith("perhaps worse")


def test_equal_ones_pass_within_the_margin_only() -> None:
    ours = [0.5 - 0.001 * (-1) ** n for n in range(20)]
    assert judge(evaluation(ours, [0.5] * 20), 4, 0.01).promote
    assert not judge(evaluation(ours, [0.52] * 20), 4, 0.01).promote
    assert judge(evaluation([0.7] * 4, [0.5] * 4), 4, 0.0).promote


def test_a_comparison_with_another_version_says_nothing() -> None:
    verdict = judge(evaluation([0.9] * 4, [0.1] * 4, against=3), 4, 0.0)
    assert not verdict.promote
    assert verdict.reason == "was compared with initialisation 3, but the best is 4"


def test_only_one_that_is_surely_better_is_the_best_from_then_on() -> None:
    for ours, best in (([0.6, 0.61, 0.62], True), ([0.5, 0.51, 0.49], False), ([0.4] * 3, False)):
        assert judge(evaluation(ours, [0.5] * 3), 4, 0.1).best == best


@given(st.lists(st.tuples(scores, scores), min_size=2, max_size=12), st.floats(0, 0.5))
def test_whoever_is_promoted_may_fall_short_by_less_than_the_margin(
    pairs: list[tuple[float, float]], margin: float
) -> None:
    ours, theirs = [list(side) for side in zip(*pairs, strict=True)]
    found = difference(evaluation(ours, theirs))
    assert judge(evaluation(ours, theirs), 4, margin).promote == (found.low > -margin)
    assert found.low <= found.mean <= found.high
    mirrored = difference(evaluation(theirs, ours))
    assert math.isclose(mirrored.low, -found.high, abs_tol=1e-12)


def test_the_interval_is_students() -> None:
    values = np.array([0.3, 0.1, 0.4, 0.15, 0.25])
    found = difference(evaluation(list(values), [0.0] * 5))
    half = 2.7764 * values.std(ddof=1) / np.sqrt(5)
    assert found.high - found.mean == pytest.approx(half, rel=1e-3)
