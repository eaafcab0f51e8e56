"""Chores are done in order, never all put off, and never lost."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from cadran.ransim.chores import MOST_WAITING, Chores


def _as_many(done: list[int], most: int) -> bool:
    return len(done) >= most


@given(turns=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_each_turn_does_one_piece_at_least_in_the_order_in_which_they_came(
    turns: list[tuple[int, int]],
) -> None:
    chores, put, done = Chores(), 0, list[int]()
    for pieces, most in turns:
        for _ in range(pieces):
            chores.put(partial(done.append, put))
            put += 1
        waiting, before = len(chores), len(done)
        chores.work(partial(_as_many, done, before + most))
        assert len(done) - before == min(waiting, max(1, most, waiting - MOST_WAITING))
        assert len(chores) == put - len(done) <= MOST_WAITING
    chores.finish()
    assert done == list(range(put))
