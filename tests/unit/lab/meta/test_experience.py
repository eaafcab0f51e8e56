"""What tasks have seen: nothing is mixed up between tasks, and only what counts is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.meta.experience import LevelExperience, pooled

SEEN, DECIDED = 3, 2


def _rows(tasks: int, rows: int, first: int) -> tuple[np.ndarray, ...]:
    """Transitions in which every number tells the task and the row."""
    tag = np.arange(tasks)[:, np.newaxis] * 1000.0 + first + np.arange(rows)
    wide = np.repeat(tag[..., np.newaxis].astype(np.float32), SEEN, axis=-1)
    return wide, wide[..., :DECIDED] + 0.25, wide + 1, tag.astype(np.float32) + 0.5


@given(
    tasks=st.integers(1, 4),
    capacity=st.integers(1, 9),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    seed=st.integers(0, 99),
)
def test_a_sample_is_of_the_newest_rows_of_its_own_task(
    tasks: int, capacity: int, sizes: list[int], seed: int
) -> None:
    experience = LevelExperience(tasks, capacity, SEEN, DECIDED)
    first = 0
    for size in (min(size, capacity) for size in sizes):
        experience.add(*_rows(tasks, size, first))
        first += size
    batch = experience.sample(np.random.default_rng(seed), 50)
    oldest = max(0, first - capacity)
    for task in range(tasks):
        row = batch.observation[task, :, 0] - 1000 * task
        assert ((row >= oldest) & (row < first)).all()
    tag = batch.observation[..., 0]
    np.testing.assert_array_equal(batch.action, np.repeat(tag[..., np.newaxis] + 0.25, DECIDED, axis=-1))
    np.testing.assert_array_equal(batch.next_observation[..., 0], tag + 1)
    np.testing.assert_array_equal(batch.reward, tag + 0.5)
    np.testing.assert_array_equal(experience.counts, min(first, capacity))


def test_rows_that_do_not_count_are_not_kept() -> None:
    experience = LevelExperience(2, 10, SEEN, DECIDED)
    experience.add(*_rows(2, 4, 0), kept=np.array([[True, False, True, False], [False, False, False, True]]))
    batch = experience.sample(np.random.default_rng(0), 60)
    assert set(batch.observation[0, :, 0]) == {0.0, 2.0}
    assert set(batch.observation[1, :, 0]) == {1003.0}
    np.testing.assert_array_equal(experience.counts, [2, 1])


def test_a_task_without_rows_is_named() -> None:
    experience = LevelExperience(2, 10, SEEN, DECIDED)
    experience.add(*_rows(2, 1, 0), kept=np.array([[True], [False]]))
    with pytest.raises(ValueError, match="task 1 holds 0 transitions, needed are 1"):
        experience.sample(np.random.default_rng(0), 1)


def test_pooling_keeps_every_row() -> None:
    experience = LevelExperience(3, 10, SEEN, DECIDED)
    experience.add(*_rows(3, 5, 0))
    batch = experience.sample(np.random.default_rng(0), 4)
    whole = pooled(batch)
    assert whole.tasks == 1
    np.testing.assert_array_equal(whole.observation[0], np.concatenate(list(batch.observation)))
    np.testing.assert_array_equal(whole.reward[0], np.concatenate(list(batch.reward)))


@given(rows=st.integers(2, 12), capacity=st.integers(2, 9), seed=st.integers(0, 99))
def test_two_batches_apart_share_no_row_and_cover_all(rows: int, capacity: int, seed: int) -> None:
    experience = LevelExperience(2, capacity, SEEN, DECIDED)
    for first in range(rows):
        experience.add(*_rows(2, 1, first))
    batches = experience.sample_apart(np.random.default_rng(seed), 200)
    for task in range(2):
        one, other = (set((batch.observation[task, :, 0] - 1000 * task).tolist()) for batch in batches)
        assert not one & other
        assert one | other == set(range(max(0, rows - capacity), rows))


def test_one_row_is_not_enough_for_two_batches() -> None:
    experience = LevelExperience(1, 10, SEEN, DECIDED)
    experience.add(*_rows(1, 1, 0))
    with pytest.raises(ValueError, match="task 0 holds 1 transitions, needed are 2"):
        experience.sample_apart(np.random.default_rng(0), 5)
