"""Counting shots: monotone in the target, exact on straight lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.meta.shots import first_reaching, iterations_to_converge, shots_to_converge

SHOTS = np.array([0, 1, 5, 10, 20, 30])


@given(st.floats(0.0, 1.0))
def test_a_straight_line_is_reached_where_it_stands(target: float) -> None:
    assert first_reaching(SHOTS, SHOTS / 30, target) == pytest.approx(30 * target)


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.floats(-1, 1), st.floats(0, 1))
def test_more_is_never_reached_sooner(values: list[float], target: float, more: float) -> None:
    curve = np.array(values)
    assert first_reaching(SHOTS, curve, target) <= first_reaching(SHOTS, curve, target + more)


def test_what_is_never_reached_takes_for_ever() -> None:
    assert first_reaching(SHOTS, np.zeros(6), 0.5) == float("inf")


def test_a_flat_curve_has_converged_at_once() -> None:
    assert shots_to_converge(SHOTS, np.full(6, 0.7)) == 0.0
    assert iterations_to_converge(SHOTS, np.full(6, 0.7)) == 0.0


def test_convergence_is_to_the_best_that_is_reached_or_to_a_target_for_all() -> None:
    curve = np.array([0.0, 0.5, 0.95, 1.0, 0.9, 0.9])
    assert shots_to_converge(SHOTS, curve) == pytest.approx(5.0)
    assert shots_to_converge(SHOTS, curve, target=0.5) == pytest.approx(1.0)


def test_iterations_are_counted_to_a_share_of_the_gain() -> None:
    reward = np.array([0.6, 0.6, 0.7, 0.8, 0.8, 0.8])
    assert iterations_to_converge(SHOTS, reward) == pytest.approx(5 + 5 * 0.9)
