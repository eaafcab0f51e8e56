"""One contract, two stores: what `Replay` promises, asked of memory and of a real Redis."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cadran.replay import (
    MemoryReplay,
    Mirror,
    Replay,
    ReplayError,
    Rows,
    TransitionSchema,
    export,
    identities,
    read_export,
)
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from redis_server import RedisServer
from transitions import SMALL, make_rows

DUS = 3
CAPACITY = 10
MakeReplay = Callable[[], Replay]
regions = itertools.count()


@pytest.fixture(params=["memory", "redis"])
def make_replay(request: pytest.FixtureRequest) -> Iterator[MakeReplay]:
    if request.param == "memory":
        yield lambda: MemoryReplay(SMALL, DUS, CAPACITY)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with connect(server.url, timeout_s=60.0) as client:
        yield lambda: RedisReplay.open(client, Layout(f"contract-{next(regions)}", SMALL, DUS, CAPACITY))


@pytest.fixture
def replay(make_replay: MakeReplay) -> Replay:
    return make_replay()


def test_a_new_replay_is_empty(replay: Replay) -> None:
    assert (replay.schema, replay.dus, replay.capacity) == (SMALL, DUS, CAPACITY)
    for du in range(DUS):
        assert replay.count(du) == 0
        assert replay.last(du) is None
        assert len(replay.rows(du, 0, 0)) == 0
    assert [len(part.rows) for part in replay.tail([0] * DUS, 5)] == [0] * DUS


def test_rows_come_back_as_they_went(replay: Replay) -> None:
    rows = make_rows(range(7))
    assert replay.append(1, rows) == 7
    np.testing.assert_array_equal(replay.rows(1, 0, 7), rows)
    assert replay.last(1) == (1, 6)
    assert [replay.count(du) for du in range(DUS)] == [0, 7, 0]


def test_appending_twice_stores_once(replay: Replay) -> None:
    assert replay.append(0, make_rows(range(6))) == 6
    assert replay.append(0, make_rows(range(6))) == 0
    assert replay.append(0, make_rows(range(3, 9))) == 3
    np.testing.assert_array_equal(replay.rows(0, 0, 9), make_rows(range(9)))


def test_no_rows_change_nothing(replay: Replay) -> None:
    assert replay.append(0, SMALL.empty(0)) == 0
    assert replay.last(0) is None


def test_gaps_are_accepted_and_rows_out_of_order_are_not(replay: Replay) -> None:
    assert replay.append(0, make_rows([2, 5, 4, 5, 9])) == 3
    assert replay.rows(0, 0, 3)["frame"].tolist() == [2, 5, 9]


def test_a_new_epoch_begins_its_frames_anew_and_an_old_one_is_over(replay: Replay) -> None:
    replay.append(0, make_rows(range(5), epoch=1))
    assert replay.append(0, make_rows(range(3), epoch=2)) == 3
    assert replay.append(0, make_rows(range(5, 9), epoch=1)) == 0
    assert replay.last(0) == (2, 2)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (2**32 - 1, 2**32),
        (2**53, 2**53 + 1),
        (2**63 - 1, 2**63),
        (2**64 - 2, 2**64 - 1),
    ],
)
def test_epochs_are_compared_in_all_their_64_bits(replay: Replay, before: int, after: int) -> None:
    assert replay.append(0, make_rows([7], epoch=before)) == 1
    assert replay.append(0, make_rows([7], epoch=after)) == 1
    assert replay.append(0, make_rows([2**32 - 1], epoch=before)) == 0
    assert replay.last(0) == (after, 7)


def test_old_rows_are_overwritten_and_can_no_longer_be_read(replay: Replay) -> None:
    replay.append(0, make_rows(range(8)))
    replay.append(0, make_rows(range(8, 17)))
    np.testing.assert_array_equal(replay.rows(0, 7, 17), make_rows(range(7, 17)))
    for start, stop in ((6, 8), (16, 18), (17, 18), (-1, 3)):
        with pytest.raises(IndexError, match="can be read"):
            replay.rows(0, start, stop)


def test_more_rows_than_the_capacity_keep_the_newest_and_count_all(replay: Replay) -> None:
    assert replay.append(0, make_rows(range(37))) == 37
    assert replay.count(0) == 37
    np.testing.assert_array_equal(replay.rows(0, 27, 37), make_rows(range(27, 37)))


def test_the_tail_of_all_dus_comes_in_slices_from_the_cursors_on(replay: Replay) -> None:
    replay.append(0, make_rows(range(4), du=0))
    replay.append(2, make_rows(range(25), du=2))
    first, second, third = replay.tail([1, 0, 3], 3)
    np.testing.assert_array_equal(first.rows, make_rows(range(1, 4), du=0))
    assert (first.start, first.count) == (1, 4)
    assert (len(second.rows), second.count) == (0, 0)
    assert (third.start, third.count) == (15, 25)
    assert 1 <= len(third.rows) <= 3
    np.testing.assert_array_equal(third.rows, make_rows(range(15, 15 + len(third.rows)), du=2))


def test_a_cursor_ahead_of_the_store_is_refused(replay: Replay) -> None:
    replay.append(0, make_rows(range(4)))
    with pytest.raises(ReplayError, match="emptied or replaced"):
        replay.tail([5, 0, 0], 3)


@pytest.mark.parametrize("du", [-1, DUS])
def test_a_du_that_is_not_there_is_refused(replay: Replay, du: int) -> None:
    for ask in (replay.count, replay.last, lambda du: replay.append(du, make_rows([1]))):
        with pytest.raises(ReplayError, match="holds DUs 0 to 2"):
            ask(du)


def test_rows_of_another_schema_are_refused(replay: Replay) -> None:
    with pytest.raises(ReplayError, match="schema"):
        replay.append(0, TransitionSchema(4, 4, 3).empty(1))
    assert replay.count(0) == 0


def test_an_export_holds_what_is_kept(replay: Replay, tmp_path: Path) -> None:
    replay.append(0, make_rows(range(33), du=0))
    replay.append(2, make_rows(range(4), du=2))
    path = tmp_path / "all.npz"
    assert export(replay, path) == [10, 0, 4]
    schema, rows = read_export(path)
    assert schema == SMALL
    np.testing.assert_array_equal(rows[0], make_rows(range(23, 33), du=0))
    np.testing.assert_array_equal(rows[2], make_rows(range(4), du=2))


class _Histories(RuleBasedStateMachine):
    """Any order of appends and reads agrees with lists of plain Python."""

    make: ClassVar[MakeReplay]

    def __init__(self) -> None:
        super().__init__()
        self.replay = type(self).make()
        self.mirror = Mirror(self.replay, CAPACITY, np.full(SMALL.action_dim, 0.5, np.float32))
        self.model: list[list[tuple[tuple[int, int], bytes]]] = [[] for _ in range(DUS)]
        self.next = [(1, 0)] * DUS

    def _store(self, du: int, rows: Rows) -> None:
        known = self.model[du]
        fresh = 0
        for identity, row in zip(identities(rows), rows, strict=True):
            if not known or identity > known[-1][0]:
                known.append((identity, row.tobytes()))
                fresh += 1
        assert self.replay.append(du, rows) == fresh

    @rule(du=st.integers(0, DUS - 1), gap=st.integers(0, 2), count=st.integers(0, 2 * CAPACITY + 1))
    def append(self, du: int, gap: int, count: int) -> None:
        epoch, frame = self.next[du]
        self._store(du, make_rows(range(frame + gap, frame + gap + count), epoch=epoch, du=du))
        self.next[du] = (epoch, frame + gap + count)

    @rule(du=st.integers(0, DUS - 1), back=st.integers(1, 2 * CAPACITY), more=st.integers(0, 5))
    def append_again(self, du: int, back: int, more: int) -> None:
        epoch, frame = self.next[du]
        self._store(du, make_rows(range(max(0, frame - back), frame + more), epoch=epoch, du=du))
        self.next[du] = (epoch, frame + more)

    @rule(du=st.integers(0, DUS - 1), step=st.sampled_from([1, 2**32, 2**53]))
    def begin_an_epoch(self, du: int, step: int) -> None:
        self.next[du] = (self.next[du][0] + step, 0)

    @rule(du=st.integers(0, DUS - 1), first=st.integers(0, CAPACITY), count=st.integers(0, CAPACITY))
    def read(self, du: int, first: int, count: int) -> None:
        stored = len(self.model[du])
        start = max(0, stored - CAPACITY) + first
        stop = min(stored, start + count)
        if start <= stop:
            expected = b"".join(row for _, row in self.model[du][start:stop])
            assert self.replay.rows(du, start, stop).tobytes() == expected

    @rule()
    def follow(self) -> None:
        self.mirror.refresh()
        assert self.mirror.counts == tuple(map(len, self.model))

    @invariant()
    def counts_agree(self) -> None:
        for du, known in enumerate(self.model):
            assert self.replay.count(du) == len(known)
            assert self.replay.last(du) == (known[-1][0] if known else None)


def test_any_history_agrees_with_a_plain_model(make_replay: MakeReplay) -> None:
    class Histories(_Histories):
        make = staticmethod(make_replay)

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
