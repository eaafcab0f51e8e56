"""Events per TTI as two integers."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.traffic.cycles import (
    FASTEST,
    FRACTION_BITS,
    LARGEST_PRODUCT,
    SLOWEST,
    cycle,
    cycles_before,
    exact,
    fine_time,
)


def test_written_decimals_are_met_exactly() -> None:
    assert cycle(exact(0.010) / 10 * exact(60.0), "fps") == (3, 50)
    assert cycle(exact(0.0005) / exact(0.002), "period") == (1, 4)
    assert cycle(exact(0.001) * exact(59.94), "fps") == (2997, 50_000)
    assert cycle(exact(0.01) / exact(1e-3), "period") == (10, 1)


@given(st.fractions(SLOWEST, FASTEST))
def test_any_rate_is_met_closely_by_numbers_that_fit(rate: Fraction) -> None:
    events, ttis = cycle(rate, "rate")
    assert events >= 1
    assert ttis >= 1
    assert events * ttis <= LARGEST_PRODUCT * 1.01
    assert abs(Fraction(events, ttis) / rate - 1) < 1e-6


@pytest.mark.parametrize("rate", [Fraction(0), SLOWEST / 2, FASTEST * 2])
def test_a_rate_beyond_what_can_be_counted_is_refused(rate: Fraction) -> None:
    with pytest.raises(ValueError, match="fps: "):
        cycle(rate, "fps")


@settings(deadline=None)
@given(st.integers(0, 2**34), st.integers(1, 2**9), st.integers(1, 2**21))
def test_counts_are_those_of_exact_arithmetic(tti: int, events: int, ttis: int) -> None:
    assert cycles_before(tti, events, ttis) == tti * events // ttis
    assert fine_time(tti, events, ttis) == (tti * events << FRACTION_BITS) // ttis
    assert cycles_before(-1, events, ttis) == -events // ttis
