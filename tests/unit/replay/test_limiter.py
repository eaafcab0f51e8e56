from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cadran.replay import RateLimiter


@given(
    st.floats(0.01, 64),
    st.integers(1, 50),
    st.floats(0, 200),
    st.integers(1, 64),
    st.integers(1, 64),
    st.lists(st.tuples(st.integers(1, 64), st.booleans()), min_size=50, max_size=50),
)
def test_a_limiter_that_can_be_built_never_blocks_both_sides(
    ratio: float, min_size: int, spare: float, sample: int, insert: int, steps: list[tuple[int, bool]]
) -> None:
    buffer = max(sample, ratio * insert) + spare
    limiter = RateLimiter(ratio, min_size, buffer, largest_sample=sample, largest_insert=insert)
    for rows, sample_first in 4 * steps:
        rows_in = min(rows, insert)
        may_insert, may_sample = limiter.may_insert(rows_in), limiter.may_sample(sample)
        assert may_insert or may_sample
        if may_sample and (not may_insert or sample_first):
            limiter.sampled(sample)
        else:
            limiter.inserted(rows_in)
        assert abs(limiter.error) <= buffer * (1 + 1e-9) or limiter.inserts <= min_size


@given(st.floats(0.01, 64), st.integers(1, 64), st.integers(1, 64), st.floats(0.01, 0.99))
def test_a_band_that_is_too_narrow_is_refused_with_the_reason(
    ratio: float, sample: int, insert: int, share: float
) -> None:
    needed = max(sample, ratio * insert)
    with pytest.raises(ValueError, match="wait for ever"):
        RateLimiter(ratio, 1, share * needed, largest_sample=sample, largest_insert=insert)


@given(st.floats(0.1, 16), st.integers(1, 100), st.integers(1, 5000))
def test_a_greedy_learner_takes_its_ratio(ratio: float, min_size: int, inserts: int) -> None:
    assume(inserts >= min_size)
    buffer = max(1.0, ratio)
    limiter = RateLimiter(ratio, min_size, buffer)
    limiter.inserted(inserts)
    while limiter.may_sample(1):
        limiter.sampled(1)
    assert limiter.samples == pytest.approx((inserts - min_size) * ratio + buffer, abs=1)


def test_nothing_is_sampled_before_the_minimum() -> None:
    limiter = RateLimiter(4.0, 10, 8.0)
    limiter.inserted(9)
    assert not limiter.may_sample(1)
    limiter.inserted(1)
    assert limiter.may_sample(8)
    assert not limiter.may_sample(9)


def test_counters_restore_a_limiter() -> None:
    limiter = RateLimiter(4.0, 10, 8.0)
    limiter.inserted(20)
    limiter.sampled(13)
    again = RateLimiter(4.0, 10, 8.0, inserts=limiter.inserts, samples=limiter.samples)
    assert again.error == limiter.error == 27.0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0.0, 1, 9.0), "samples_per_insert"),
        ((-1.0, 1, 9.0), "samples_per_insert"),
        ((float("nan"), 1, 9.0), "samples_per_insert"),
        ((1.0, 0, 9.0), "min_size"),
        ((1.0, 1, float("nan")), "error_buffer"),
        ((1.0, 1, 9.0, 0), "largest_sample"),
    ],
)
def test_impossible_arguments_are_named(arguments: tuple[float, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        RateLimiter(*arguments)
