"""Correlation of shadowing, between sites and over the way moved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.propagation.shadowing import draw_sites, walk


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_sites_are_correlated_as_asked(correlation: float) -> None:
    values = draw_sites(40_000, 3, correlation, np.random.default_rng(1))
    expected = np.full((3, 3), correlation) + (1 - correlation) * np.eye(3)
    np.testing.assert_allclose(np.cov(values.T), expected, atol=0.03)


@given(st.lists(st.floats(0, 80), min_size=1, max_size=4), st.floats(1, 100))
@settings(max_examples=20, deadline=None)
def test_correlation_falls_with_the_whole_way_however_it_is_cut(steps: list[float], distance: float) -> None:
    rng = np.random.default_rng(2)
    first = draw_sites(20_000, 1, 0.0, rng).astype(np.float32)
    last = first
    for step in steps:
        moved = np.full((len(last), 1), step)
        last = walk(last, draw_sites(20_000, 1, 0.0, rng), moved, distance).astype(np.float32)
    assert (first * last).mean() == pytest.approx(np.exp(-sum(steps) / distance), abs=0.04)
    assert last.std() == pytest.approx(1.0, abs=0.03)


def test_who_stands_still_keeps_its_shadowing() -> None:
    rng = np.random.default_rng(3)
    values = draw_sites(10, 4, 0.0, rng).astype(np.float32)
    np.testing.assert_array_equal(walk(values, draw_sites(10, 4, 0.0, rng), np.zeros((10, 1)), 50.0), values)
