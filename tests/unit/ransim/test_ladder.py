"""The DU is never without a decision."""

from __future__ import annotations

import numpy as np

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
