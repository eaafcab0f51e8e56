from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.replay import RateLimiter

limiters = st.builds(RateLimiter, st.floats(0.01, 64), st.integers(1, 100))


@given(limiters, st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_samples_do_not_depend_on_how_experience_arrives(limiter: RateLimiter, portions: list[int]) -> None:
    inserts = samples = 0
    for portion in portions:
        inserts += portion
        samples += limiter.allowed(inserts, samples)
    assert samples == limiter.allowed(sum(portions), 0)
    assert limiter.allowed(inserts, samples) == 0


@given(limiters, st.integers(0, 5000), st.integers(0, 5000))
def test_a_greedy_learner_takes_its_ratio_and_no_more(limiter: RateLimiter, inserts: int, taken: int) -> None:
    total = taken + limiter.allowed(inserts, taken)
    most = max(0, inserts - limiter.min_size + 1) * limiter.samples_per_insert
    assert total == taken or most - 1 < total <= most


def test_nothing_is_sampled_before_the_minimum() -> None:
    limiter = RateLimiter(4.0, 10)
    assert [limiter.allowed(inserts, 0) for inserts in (0, 9, 10, 11)] == [0, 0, 4, 8]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0.0, 1), "samples_per_insert"),
        ((-1.0, 1), "samples_per_insert"),
        ((float("nan"), 1), "samples_per_insert"),
        ((float("inf"), 1), "samples_per_insert"),
        ((1.0, 0), "min_size"),
    ],
)
def test_impossible_arguments_are_named(arguments: tuple[float, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        RateLimiter(*arguments)
