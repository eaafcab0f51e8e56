from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.replay import Batch, MemoryReplay, Mirror, ReplayError, RowFlag, Rows
from transitions import SMALL, make_rows

NEUTRAL = np.full(SMALL.action_dim, 0.5, np.float32)
CAPACITY = 16


def mirror_of(replay: MemoryReplay, capacity: int = CAPACITY) -> Mirror:
    mirror = Mirror(replay, capacity, NEUTRAL)
    mirror.refresh()
    return mirror


def assert_same(one: Batch, other: Batch) -> None:
    for field in fields(Batch):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def reference_samplable(rows: Rows, kept: int) -> dict[float, tuple[Rows, np.ndarray]]:
    """Straight from the definition: reward (a row's name) -> row and previous action."""
    found = {}
    held = rows[-kept:]
    for at, row in enumerate(held):
        if row["flags"] & RowFlag.PREVIOUS_IS_NEUTRAL:
            found[float(row["reward"])] = (row, NEUTRAL)
        elif at > 0:
            before = held[at - 1]
            if (
                before["epoch"] == row["epoch"]
                and int(before["frame"]) + 1 == row["frame"]
                and int(before["sequence"]) + 1 == row["sequence"]
            ):
                found[float(row["reward"])] = (row, before["action"])
    return found


Run = tuple[int, bool, int, int]
# A history is made of runs of frames. A run starts 0 to 3 frames after the last one's end; it may begin an
# epoch; its decisions' numbers skip 0 to 2 (a dApp that was restarted); it has a length.
histories = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 2), st.integers(1, 12)),
    min_size=1,
    max_size=12,
)


def rows_of(history: list[Run]) -> list[Rows]:
    frame, epoch, shift, runs = 0, 1, 0, []
    for gap, new_epoch, later, length in history:
        frame, epoch, shift = frame + gap, epoch + new_epoch, shift + later
        rows = make_rows(range(frame, frame + length), epoch=epoch, episode_frames=7)
        rows["sequence"] += shift
        runs.append(rows)
        frame += length
    return runs


@settings(deadline=None)
@given(histories, st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_exactly_the_rows_with_a_known_previous_action_are_sampled(
    history: list[Run], capacity: int, seed: int
) -> None:
    runs = rows_of(history)
    replay = MemoryReplay(SMALL, 1, 1000)
    mirror = Mirror(replay, capacity, NEUTRAL)
    for rows in runs:
        replay.append(0, rows)
        mirror.refresh()
    expected = reference_samplable(np.concatenate(runs), capacity)
    assert mirror.samplable == (len(expected),)
    if not expected:
        return
    batch = mirror.sample(np.random.default_rng(seed), 64)
    for at, name in enumerate(batch.reward[0].tolist()):
        row, previous = expected[name]
        np.testing.assert_array_equal(batch.observation[0, at], np.concatenate((row["state"], previous)))
        np.testing.assert_array_equal(batch.action[0, at], row["action"])
        np.testing.assert_array_equal(batch.kpis[0, at], row["kpis"])
        after = np.concatenate((row["next_state"], row["action"]))
        np.testing.assert_array_equal(batch.next_observation[0, at], after)
        assert batch.discount_mask[0, at] == 1


@settings(deadline=None)
@given(histories, st.integers(4, 40), st.integers(0, 2**32 - 1))
def test_what_is_sampled_does_not_depend_on_how_the_rows_arrived(
    history: list[Run], capacity: int, seed: int
) -> None:
    runs = rows_of(history)
    whole, piecewise = MemoryReplay(SMALL, 1, 1000), MemoryReplay(SMALL, 1, 1000)
    whole.append(0, np.concatenate(runs))
    at_once = mirror_of(whole, capacity)
    following = Mirror(piecewise, capacity, NEUTRAL)
    for row in np.concatenate(runs):
        piecewise.append(0, np.atleast_1d(row))
        following.refresh()
    assert at_once.counts == following.counts
    assert at_once.samplable == following.samplable
    if at_once.samplable[0]:
        assert_same(
            at_once.sample(np.random.default_rng(seed), 32), following.sample(np.random.default_rng(seed), 32)
        )


def test_all_samplable_rows_are_drawn_equally_often() -> None:
    replay = MemoryReplay(SMALL, 1, 100)
    replay.append(0, make_rows(range(30)))
    drawn = mirror_of(replay, 100).sample(np.random.default_rng(1), 30_000).reward[0]
    _, counts = np.unique(drawn, return_counts=True)
    assert len(counts) == 30
    # Pearson's statistic of 30 equally likely rows: 58.3 is exceeded once in a thousand seeds.
    assert np.sum((counts - 1000) ** 2 / 1000) < 58.3


def test_dus_are_kept_apart() -> None:
    replay = MemoryReplay(SMALL, 3, 100)
    for du in range(3):
        replay.append(du, make_rows(range(20 + du), du=du))
    batch = mirror_of(replay).sample(np.random.default_rng(0), 50)
    assert batch.observation.shape == (3, 50, SMALL.state_dim + SMALL.action_dim)
    for du in range(3):
        assert set((batch.reward[du] // 1_000_000).tolist()) == {du}


def test_the_same_generator_gives_the_same_batch_and_another_one_another() -> None:
    replay = MemoryReplay(SMALL, 2, 100)
    for du in range(2):
        replay.append(du, make_rows(range(60), du=du))
    mirror = mirror_of(replay)
    one, same, other = (mirror.sample(np.random.default_rng(seed), 32) for seed in (7, 7, 8))
    assert_same(one, same)
    assert not np.array_equal(one.reward, other.reward)


def test_a_batch_is_the_callers_own() -> None:
    replay = MemoryReplay(SMALL, 1, 100)
    replay.append(0, make_rows(range(20)))
    mirror = mirror_of(replay)
    before = mirror.sample(np.random.default_rng(0), 8)
    before.observation[:] = 0
    before.action[:] = 0
    assert mirror.sample(np.random.default_rng(0), 8).observation.any()


def test_refresh_stops_where_it_is_told_and_goes_on_from_there() -> None:
    replay = MemoryReplay(SMALL, 2, 100)
    for du in range(2):
        replay.append(du, make_rows(range(30), du=du))
    mirror = Mirror(replay, 50, NEUTRAL)
    assert mirror.refresh(upto=[10, 12]) == 22
    assert mirror.counts == (10, 12)
    assert mirror.refresh(upto=[10, 5]) == 0
    assert mirror.refresh() == 38
    assert mirror.counts == (30, 30)


def test_a_reader_that_is_too_slow_skips_and_says_so() -> None:
    replay = MemoryReplay(SMALL, 1, 10)
    mirror = Mirror(replay, 40, NEUTRAL)
    replay.append(0, make_rows(range(1, 6)))
    mirror.refresh()
    replay.append(0, make_rows(range(6, 31), episode_frames=1000))
    mirror.refresh()
    assert mirror.counts == (30,)
    assert mirror.skipped == (15,)
    drawn = mirror.sample(np.random.default_rng(0), 500)
    # Frames 21..30 could still be read; the previous action of 21 is lost.
    assert set(drawn.reward[0].tolist()) == {1000.0 + frame for frame in (2, 3, 4, 5, *range(22, 31))}


def test_sampling_before_there_is_anything_names_the_du() -> None:
    replay = MemoryReplay(SMALL, 2, 10)
    replay.append(0, make_rows(range(5)))
    with pytest.raises(ReplayError, match="DU 1 has no row to sample yet"):
        mirror_of(replay).sample(np.random.default_rng(0), 4)


def test_a_store_that_lost_rows_is_noticed() -> None:
    replay = MemoryReplay(SMALL, 1, 10)
    replay.append(0, make_rows(range(5)))
    mirror = mirror_of(replay)
    mirror._replay = MemoryReplay(SMALL, 1, 10)
    with pytest.raises(ReplayError, match="emptied or replaced"):
        mirror.refresh()


@pytest.mark.parametrize("capacity", [0, -1])
def test_sizes_are_checked(capacity: int) -> None:
    replay = MemoryReplay(SMALL, 1, 10)
    with pytest.raises(ReplayError, match="at least 1"):
        Mirror(replay, capacity, NEUTRAL)
    with pytest.raises(ReplayError, match="neutral action"):
        Mirror(replay, 10, np.zeros(5, np.float32))


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 40))
def test_unread_rows_are_those_between_the_cursors_that_the_store_still_holds(
    stored: int, start: int, stop: int, capacity: int
) -> None:
    replay = MemoryReplay(SMALL, 2, capacity)
    replay.append(1, make_rows(range(stored)))
    mirror = Mirror(replay, CAPACITY, NEUTRAL)
    end = min(stop, stored)
    expected = [(1, frame) for frame in range(max(start, stored - capacity), end)]
    assert mirror.unread([5, start], [0, end]) == [[], expected]
    assert mirror.counts == (0, 0)
