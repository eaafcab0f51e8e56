"""The rules of a breaker, in the RAN's time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.xapp.guard.breaker import SETTLE_S, SMOOTH_S, Breaker, BreakerSpec, Span, State

SPEC = BreakerSpec(
    margin=0.1, open_after_s=10.0, prove_s=20.0, wait_s=30.0, wait_most_s=120.0, trial_s=10.0, trust=0.25
)


def closed() -> Breaker:
    return Breaker(SPEC, State.CLOSED)


def span(measured: float, baseline: float, seconds: float = 1.0, modelled: float | None = None) -> Span:
    return Span(seconds, measured, measured if modelled is None else modelled, baseline)


def learned(breaker: Breaker, seconds: int, measured: float, baseline: float) -> float | None:
    """Seconds after which the state has changed; None if it has not."""
    before = breaker.state
    for second in range(1, seconds + 1):
        breaker.learned(span(measured, baseline))
        if breaker.state is not before:
            return second
    return None


def waited(breaker: Breaker) -> int:
    """Seconds of the DU's own scheduler until the next trial."""
    for second in range(1, 1000):
        breaker.own(span(0.8, 0.8))
        if breaker.state is State.HALF_OPEN:
            return second
    raise AssertionError("no trial in 1000 s")


def opened() -> Breaker:
    breaker = closed()
    assert learned(breaker, 20, 0.4, 0.8) is not None
    return breaker


def test_a_policy_that_stays_below_opens_it_after_the_stated_time_and_not_before() -> None:
    assert learned(closed(), 60, 0.4, 0.8) == SPEC.open_after_s


def test_after_a_good_time_the_smoothing_is_all_that_is_added() -> None:
    breaker = closed()
    learned(breaker, 100, 0.85, 0.8)
    after_s = learned(breaker, 60, 0.4, 0.8)
    assert after_s is not None
    assert SPEC.open_after_s <= after_s <= SPEC.open_after_s + SMOOTH_S


@given(st.floats(0, 1), st.floats(0, 0.099))
def test_a_policy_within_the_margin_never_opens_it(measured: float, below: float) -> None:
    assert learned(closed(), 300, measured, min(1.0, measured + below)) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=80))
def test_it_opens_only_if_the_smoothed_deficit_was_beyond_the_margin_all_the_while(
    seen: list[tuple[float, float]],
) -> None:
    """The deficit over any span that opens it exceeds the margin on average, less what smoothing forgets."""
    breaker, deficits = closed(), []
    for measured, baseline in seen:
        deficits.append(baseline - measured)
        breaker.learned(span(measured, baseline))
        if breaker.state is State.OPEN:
            assert len(deficits) >= SPEC.open_after_s
            assert max(deficits[-10:]) > SPEC.margin
            return
        assert breaker.state is State.CLOSED


def test_an_alternating_deficit_that_is_good_on_the_whole_opens_nothing() -> None:
    breaker = closed()
    for _ in range(200):
        assert learned(breaker, 5, 0.6, 0.8) is None
        assert learned(breaker, 5, 0.9, 0.8) is None


def test_it_waits_then_tries_then_closes_if_the_policy_keeps_up() -> None:
    breaker = opened()
    assert waited(breaker) == SPEC.wait_s
    assert not breaker.state.baseline
    assert learned(breaker, 60, 0.8, 0.8) == SETTLE_S + SPEC.trial_s
    assert breaker.state is State.CLOSED


def test_a_trial_that_fails_doubles_the_wait_up_to_its_bound() -> None:
    breaker, waits = opened(), []
    for _ in range(4):
        waits.append(waited(breaker))
        learned(breaker, 60, 0.4, 0.8)
        assert breaker.state is State.OPEN
    assert waits == [30, 60, 120, 120]


def test_closing_asks_for_more_than_staying_closed() -> None:
    breaker = opened()
    waited(breaker)
    learned(breaker, 60, 0.72, 0.8)  # within the margin, not within half of it
    assert breaker.state is State.OPEN


def test_a_policy_that_fails_again_soon_after_a_trial_waits_longer_and_a_long_good_time_forgives() -> None:
    breaker = opened()
    waited(breaker)
    learned(breaker, 60, 0.8, 0.8)
    learned(breaker, 30, 0.4, 0.8)
    assert waited(breaker) == 60
    learned(breaker, 60, 0.8, 0.8)
    learned(breaker, 130, 0.8, 0.8)
    learned(breaker, 30, 0.4, 0.8)
    assert waited(breaker) == 30


def test_the_baselines_estimate_is_corrected_by_what_it_came_to_when_it_ruled() -> None:
    breaker = closed()
    for _ in range(100):
        breaker.own(Span(1.0, measured=0.8, modelled=0.7, baseline=0.7))
    assert breaker.bias == pytest.approx(0.1)
    breaker.learned(span(0.7, 0.75))
    assert breaker.baseline == pytest.approx(0.85)
    breaker.learned(span(0.7, 0.95))
    assert breaker.baseline == 1.0


def test_a_model_that_errs_too_much_opens_nothing() -> None:
    breaker = closed()
    for _ in range(60):
        breaker.learned(span(0.4, 0.8, modelled=0.7))
    assert (breaker.state, breaker.trusted) == (State.CLOSED, False)


def test_a_du_that_learns_must_have_proven_itself_first() -> None:
    breaker = Breaker(SPEC, State.UNPROVEN)
    assert learned(breaker, 300, 0.4, 0.8) is None
    assert learned(breaker, 60, 0.8, 0.8) is not None
    assert not breaker.state.baseline
    assert learned(breaker, 60, 0.4, 0.8) is not None
    assert breaker.state.baseline


def test_what_an_operator_opens_stays_open_until_reset() -> None:
    breaker = closed()
    breaker.open_by_hand()
    for _ in range(1000):
        breaker.own(span(0.8, 0.8))
    assert (breaker.state, breaker.next_trial_s) == (State.OPEN, None)
    breaker.reset()
    assert (breaker.state, breaker.manual) == (State.CLOSED, False)


def test_where_nobody_acts_it_goes_through_its_states_by_the_policys_own_frames() -> None:
    breaker = opened()
    states = set()
    for _ in range(200):
        breaker.learned(span(0.8, 0.8))
        states.add(breaker.state)
    assert states == {State.OPEN, State.HALF_OPEN, State.CLOSED}


def test_a_new_life_goes_on_and_counts_a_trial_under_way_as_failed() -> None:
    breaker = opened()
    again = Breaker.again(SPEC, breaker.kept())
    assert again.state is State.OPEN
    assert waited(again) == 60
    waiting = opened()
    waited(waiting)
    assert Breaker.again(SPEC, waiting.kept()).state is State.OPEN
    by_hand = closed()
    by_hand.open_by_hand()
    assert Breaker.again(SPEC, by_hand.kept()).manual


def test_a_reset_proves_nothing_also_after_a_restart() -> None:
    breaker = Breaker(SPEC, State.UNPROVEN)
    breaker.open_by_hand()
    again = Breaker.again(SPEC, breaker.kept())
    for one in (breaker, again):
        one.reset()
        assert one.state is State.UNPROVEN
        assert learned(one, 60, 0.4, 0.8) is None
