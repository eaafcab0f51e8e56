"""The RAN keeps its books, obeys either form of decision, and begins episodes anew."""

from __future__ import annotations

import numpy as np
from rans import FALLBACK, WORLD, ran

from cadran.problem import Assignment, Quota
from cadran.ransim.ladder import Source, Submitted


def test_every_byte_is_delivered_dropped_discarded_or_queued() -> None:
    made = ran()
    for _ in range(3 * WORLD.episode_frames + 2):
        made.run_frame()
        books = made.ledger()
        assert books.offered == books.delivered + books.dropped + books.discarded + books.queued
    assert books.offered > 0
    assert books.delivered > 0


def test_one_du_may_assign_resource_blocks_while_another_sets_quotas() -> None:
    made = ran()
    only_urllc = Assignment(np.full(WORLD.rbs, 2, dtype=np.int8))
    only_embb = Quota.hard(np.array([100, 0, 0], dtype=np.int32))
    for frame in range(WORLD.episode_frames):
        made.submit(0, Submitted(frame, 1, only_urllc))
        made.submit(1, Submitted(frame, 1, only_embb))
        outcome = made.run_frame().outcome
        np.testing.assert_array_equal(outcome.rbs_quota, [[0, 0, WORLD.rbs], [WORLD.rbs, 0, 0]])


def test_mixed_forms_run_as_each_alone_would() -> None:
    quota = Quota.hard(np.array([50, 20, 30], dtype=np.int32))
    mixed, alone = ran(), ran()
    shares = quota.rbs(WORLD.rbs)[2]
    assignment = Assignment(np.repeat(np.arange(3, dtype=np.int8), shares))
    mixed.submit(0, Submitted(0, 1, quota))
    mixed.submit(1, Submitted(0, 1, assignment))
    alone.submit(0, Submitted(0, 1, quota))
    alone.submit(1, Submitted(0, 1, quota))
    quotas = [one.run_frame().outcome.rbs_quota for one in (mixed, alone)]
    np.testing.assert_array_equal(quotas[0], quotas[1])


def test_an_episodes_last_frame_gives_the_start_of_the_next() -> None:
    made = ran(deterministic_every=2)
    results = [made.run_frame() for _ in range(2 * WORLD.episode_frames)]
    last = WORLD.episode_frames - 1
    assert [result.frame for result in results if result.start is not None] == [last, 2 * last + 1]
    assert [results[0].deterministic, results[last + 1].deterministic] == [False, True]
    assert results[last].start is not None
    assert not results[last].start.queued_bytes.any()


def test_without_a_dapp_the_fallback_is_in_force() -> None:
    applied = ran().run_frame().applied
    assert [choice.source for choice in applied] == [Source.FALLBACK] * WORLD.dus
    assert applied[0].decision is FALLBACK
