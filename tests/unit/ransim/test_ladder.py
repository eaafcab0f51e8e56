"""The DU is never without a decision."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cadran.problem import Quota
from cadran.ransim.ladder import DecisionLadder, Source, Submitted

FALLBACK = Quota(np.zeros(3, np.int32), np.array([20, 20, 30], np.int32), np.full(3, 100, np.int32))
DECISION = Quota.hard(np.array([50, 20, 30], np.int32))


def test_the_dapps_decision_for_the_frame_comes_first() -> None:
    ladder = DecisionLadder(FALLBACK, 2)
    ladder.submit(Submitted(0, 3, DECISION))
    applied = ladder.choose(0)
    assert (applied.source, applied.decision_frame, applied.policy_version) == (Source.DAPP, 0, 3)
    assert ladder.missed_frames == 0


def test_a_silent_dapp_is_followed_by_its_last_decision_then_by_the_fallback() -> None:
    ladder = DecisionLadder(FALLBACK, 2)
    ladder.submit(Submitted(0, 1, DECISION))
    sources = [ladder.choose(frame).source for frame in range(5)]
    assert sources == [Source.DAPP, Source.LAST_VALID, Source.LAST_VALID, Source.FALLBACK, Source.FALLBACK]
    assert (ladder.missed_frames, ladder.fallback_frames) == (4, 2)


def test_the_dapp_comes_back_at_once() -> None:
    ladder = DecisionLadder(FALLBACK, 0)
    assert ladder.choose(0).source is Source.FALLBACK
    ladder.submit(Submitted(1, 1, DECISION))
    assert ladder.choose(1).source is Source.DAPP


def test_an_older_decision_never_replaces_a_newer_one() -> None:
    ladder = DecisionLadder(FALLBACK, 10)
    ladder.submit(Submitted(5, 1, DECISION))
    ladder.submit(Submitted(4, 1, FALLBACK))
    assert ladder.choose(5).decision is DECISION


@given(
    decided=st.sets(st.integers(0, 40)),
    ordered=st.sets(st.integers(0, 40)),
    away=st.sets(st.integers(0, 40)),
    max_age=st.integers(0, 6),
    max_absence=st.none() | st.integers(0, 6),
)
def test_each_frame_is_ruled_by_the_first_rung_that_applies(
    decided: set[int], ordered: set[int], away: set[int], max_age: int, max_absence: int | None
) -> None:
    """Against the words of the module, told again without state."""
    ladder = DecisionLadder(FALLBACK, max_age, max_absence)
    own = 0
    for frame in range(41):
        ladder.ordered = frame in ordered
        if frame in away:
            ladder.ric_absent(frame)
        else:
            ladder.ric_present()
        if frame in decided:
            ladder.submit(Submitted(frame, 1, DECISION))
        newest = max((f for f in decided if f <= frame), default=None)
        gone_since = next(f for f in range(frame, -2, -1) if f not in away) + 1
        absent = frame in away and max_absence is not None and frame - gone_since > max_absence
        applied = ladder.choose(frame)
        if frame in ordered:
            expected = Source.ORDERED
        elif absent:
            expected = Source.RIC_ABSENT
        elif newest == frame:
            expected = Source.DAPP
        elif newest is not None and frame - newest <= max_age:
            expected = Source.LAST_VALID
        else:
            expected = Source.FALLBACK
        assert applied.source is expected
        assert applied.decision is (DECISION if expected.learned else FALLBACK)
        assert applied.decision_frame == (newest if expected.learned else None)
        own += not expected.learned
    assert ladder.fallback_frames == own


def test_a_dapp_that_is_overruled_has_missed_nothing() -> None:
    ladder = DecisionLadder(FALLBACK, 0, max_absence_frames=0)
    ladder.ordered = True
    ladder.choose(0)
    ladder.ordered = False
    ladder.ric_absent(0)
    ladder.choose(1)
    assert ladder.missed_frames == 0
    ladder.ric_present()
    ladder.choose(2)
    assert ladder.missed_frames == 1
