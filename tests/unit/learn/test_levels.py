from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.learn.levels import draw_batches, frames_of
from cadran.problem.hierarchy import Transitions
from cadran.replay import RowFlag
from transitions import SMALL, make_rows


def held(count: int, task: int = 0) -> Transitions:
    """Transitions that tell their task and number apart by their reward."""
    number = np.arange(count, dtype=np.float32) + 1000 * (task + 1)
    wide = number[:, np.newaxis]
    return Transitions(np.repeat(wide, 3, 1), np.repeat(-wide, 2, 1), number, np.repeat(wide + 0.5, 3, 1))


def test_rows_tell_where_frames_hang_together() -> None:
    rows = make_rows([5, 6, 8, 9, 10, 11, 20])
    rows["flags"][:6] = [
        0,
        RowFlag.EPISODE_END,
        RowFlag.GOAL,
        0,
        RowFlag.PREVIOUS_IS_NEUTRAL | RowFlag.GOAL,
        0,
    ]
    rows["flags"][6] = 0
    rows["sequence"][6] = 12
    rows["epoch"][5:] = 2
    rows["sequence"][2:5] -= 1  # frame 7 was not decided; nothing of it is lost
    frames = frames_of(rows)
    assert frames.after.tolist() == [0, 1, 2, 1, 1, 0, 9]
    assert np.flatnonzero(frames.decided).tolist() == [2, 4]
    assert np.flatnonzero(frames.starts).tolist() == [4]
    assert np.flatnonzero(frames.ends).tolist() == [1]
    np.testing.assert_array_equal(frames.state, rows["state"])
    assert len(frames_of(SMALL.empty(0)).starts) == 0


@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    rows=st.integers(1, 12),
    batches=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_batches_share_no_transition_and_say_how_many_they_hold(
    sizes: list[int], rows: int, batches: int, seed: int
) -> None:
    tasks = [held(size, task) for task, size in enumerate(sizes)]
    drawn = draw_batches(np.random.default_rng(seed), tasks, rows, batches)
    assert len(drawn) == batches
    for task, size in enumerate(sizes):
        found = [batch.reward[task][batch.weight[task] > 0] for batch in drawn]
        assert [len(part) for part in found] == [min(rows, size // batches)] * batches
        together = np.concatenate(found)
        assert len(set(together)) == len(together)
        assert set(together) <= set(tasks[task].reward)
    for batch in drawn:
        counts = batch.weight > 0
        np.testing.assert_array_equal(batch.observation[..., 0], batch.reward)
        np.testing.assert_array_equal(batch.action[..., 1], -batch.reward)
        np.testing.assert_array_equal(batch.next_observation[counts][:, 2], batch.reward[counts] + 0.5)
        assert (batch.reward[~counts] == 0).all()
        assert (batch.discount == 1).all()


def test_draws_repeat_with_the_generator_and_are_uniform() -> None:
    tasks = [held(10)]
    one, again = (draw_batches(np.random.default_rng(4), tasks, 3, 2) for _ in range(2))
    for first, second in zip(one, again, strict=True):
        np.testing.assert_array_equal(first.reward, second.reward)
    rng = np.random.default_rng(1)
    counts = np.zeros(10)
    for _ in range(2000):
        for batch in draw_batches(rng, tasks, 2, 2):
            counts[batch.reward[0].astype(int) - 1000] += 1
    assert counts / 800 == pytest.approx(np.ones(10), abs=0.15)
