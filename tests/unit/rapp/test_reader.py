from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.reader import Reader
from cadran.replay import MemoryReplay, ReplayError, ReplayUnavailable, Rows, Slice
from cadran.replay.consumer_group import ConsumerGroup, ReaderReplacedError
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import RedisReplay, connect
from redis_server import RedisServer
from transitions import SMALL, make_rows

regions = (f"reader-{number}" for number in itertools.count())


class Alone:
    """A group that remembers what was acknowledged, and is away when told."""

    def __init__(self, dus: int = 2) -> None:
        self.positions = [0] * dus
        self.away = False
        self.remembered = True

    def known(self) -> bool:
        return self.remembered

    def join(self) -> list[int]:
        return self.positions

    def acknowledge(self, positions: Sequence[int]) -> None:
        if self.away:
            raise ReplayUnavailable("away")
        self.positions = list(positions)


def kept_in(root: Path, capacity: int = 100, slack: int = 8, dus: int = 2) -> KeptRows:
    return KeptRows(root, SMALL, dus, capacity, slack)


def equal(found: Rows, wanted: Rows) -> None:
    np.testing.assert_array_equal(found, wanted)


def test_rows_of_several_dus_arrive_once_and_in_order(tmp_path: Path) -> None:
    store, group = MemoryReplay(SMALL, 2, 1000), Alone()
    kept = kept_in(tmp_path)
    reader = Reader(store, group, kept)
    assert reader.read().rows == (0, 0)
    store.append(0, make_rows(range(20)))
    store.append(1, make_rows(range(3), du=1))
    first = reader.read()
    assert (first.rows, first.behind) == ((8, 3), (12, 0))
    while any(reader.read().behind):
        pass
    store.append(1, make_rows(range(3, 5), du=1))
    assert reader.read().rows == (0, 2)
    assert reader.read().rows == (0, 0)
    equal(kept.rows(0), make_rows(range(20)))
    equal(kept.rows(1), make_rows(range(5), du=1))
    equal(kept.rows(1, upto=3), make_rows(range(3), du=1))
    assert group.positions == [20, 5]


def test_space_is_bounded_and_the_newest_rows_stay(tmp_path: Path) -> None:
    store, kept = MemoryReplay(SMALL, 2, 1000), kept_in(tmp_path, capacity=10)
    reader = Reader(store, Alone(), kept)
    for start in range(0, 60, 5):
        store.append(0, make_rows(range(start, start + 5)))
        reader.read()
    equal(kept.rows(0), make_rows(range(50, 60)))
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size < 2 * 18 * SMALL.row_bytes + 1000
    equal(kept_in(tmp_path, capacity=10).rows(0), make_rows(range(50, 60)))


def test_rows_overwritten_before_they_were_read_are_counted(tmp_path: Path) -> None:
    store, kept = MemoryReplay(SMALL, 2, 10), kept_in(tmp_path)
    reader = Reader(store, Alone(), kept)
    store.append(0, make_rows(range(4)))
    reader.read()
    store.append(0, make_rows(range(4, 30)))
    assert reader.read().skipped == (16, 0)
    reader.read()
    assert kept.places[0].skipped == 16
    equal(kept.rows(0), make_rows([*range(4), *range(20, 30)]))


def test_an_acknowledgement_that_failed_is_made_later(tmp_path: Path) -> None:
    store, group = MemoryReplay(SMALL, 2, 100), Alone()
    reader = Reader(store, group, kept_in(tmp_path))
    store.append(0, make_rows(range(4)))
    group.away = True
    with pytest.raises(ReplayUnavailable):
        reader.read()
    group.away = False
    assert reader.read().rows == (0, 0)
    assert group.positions == [4, 0]


def test_what_was_not_committed_is_read_again(tmp_path: Path) -> None:
    kept = kept_in(tmp_path, capacity=6, slack=4)
    for start in (0, 3):
        kept.append(0, Slice(start, make_rows(range(start, start + 3)), 10))
        kept.commit()
    kept.append(0, Slice(6, make_rows(range(6, 10)), 10))  # written over the ring's free slots only
    again = kept_in(tmp_path, capacity=6, slack=4)
    assert again.cursors == [6, 0]
    equal(again.rows(0), make_rows(range(6)))
    with pytest.raises(ReplayError, match="more than 4 rows"):
        again.append(0, Slice(6, make_rows(range(6, 11)), 11))


def test_another_form_or_a_damaged_head_is_refused(tmp_path: Path) -> None:
    kept_in(tmp_path).commit()
    for other in ({"capacity": 99}, {"slack": 9}, {"dus": 3}):
        with pytest.raises(ReplayError, match="choose another state directory"):
            kept_in(tmp_path, **other)
    (tmp_path / "head.json").write_text("{")
    with pytest.raises(ReplayError, match=r"head\.json"):
        kept_in(tmp_path)


def test_a_store_that_was_emptied_is_read_from_its_beginning(tmp_path: Path) -> None:
    store, kept = MemoryReplay(SMALL, 2, 100), kept_in(tmp_path)
    for du in (0, 1):
        store.append(du, make_rows(range(6), du=du))
    Reader(store, Alone(), kept).read()
    emptied = MemoryReplay(SMALL, 2, 100)
    emptied.append(1, make_rows(range(6, 8), du=1))
    reader = Reader(emptied, Alone(), kept)
    assert reader.read().rows == (0, 2)
    assert reader.emptied == {0, 1}
    emptied.append(0, make_rows(range(3), epoch=2))
    again = kept_in(tmp_path)
    reader = Reader(emptied, Alone(), again)
    assert reader.read().rows == (3, 0)
    assert reader.emptied == set()
    equal(again.rows(0), np.concatenate([make_rows(range(6)), make_rows(range(3), epoch=2)]))
    equal(again.rows(1), make_rows(range(8), du=1))
    assert [place.skipped for place in again.places] == [0, 0]


def test_a_store_that_was_emptied_and_has_as_many_rows_again_is_known_by_its_group(tmp_path: Path) -> None:
    store, group, kept = MemoryReplay(SMALL, 2, 100), Alone(), kept_in(tmp_path)
    store.append(0, make_rows(range(6)))
    Reader(store, group, kept).read()
    refilled = MemoryReplay(SMALL, 2, 100)
    refilled.append(0, make_rows(range(6, 14)))
    group.remembered = False
    reader = Reader(refilled, group, kept)
    reader.read()
    assert reader.emptied == {0, 1}
    equal(kept.rows(0), make_rows(range(14)))


@pytest.mark.parametrize("left", range(13))
def test_a_store_that_lost_its_newest_rows_gives_none_twice(tmp_path: Path, left: int) -> None:
    store, kept = MemoryReplay(SMALL, 2, 100), kept_in(tmp_path)
    store.append(0, make_rows(range(12)))
    reader = Reader(store, Alone(), kept)
    while any(reader.read().behind):
        pass
    older = MemoryReplay(SMALL, 2, 100)
    older.append(0, make_rows(range(left)))
    reader = Reader(older, Alone(), kept)
    reader.read()
    older.append(0, make_rows(range(12, 15)))
    while any(reader.read().behind):
        pass
    equal(kept.rows(0), make_rows(range(15)))
    assert kept.places[0].skipped == 0


MOVES = st.lists(st.one_of(st.integers(1, 12), st.sampled_from(["read", "reopen", "lost ack"])), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_whatever_happens_the_copy_is_the_newest_rows_without_doubles(
    tmp_path_factory: pytest.TempPathFactory, moves: list[int | str]
) -> None:
    root = tmp_path_factory.mktemp("kept")
    store, group = MemoryReplay(SMALL, 2, 1000), Alone()
    kept, written = kept_in(root, capacity=15), 0
    reader = Reader(store, group, kept)
    for move in moves:
        if isinstance(move, int):
            store.append(0, make_rows(range(written, written + move)))
            written += move
        elif move == "reopen":
            kept = kept_in(root, capacity=15)
            reader = Reader(store, group, kept)
        else:
            group.away = move == "lost ack"
            with contextlib.suppress(ReplayUnavailable):
                reader.read()
            group.away = False
        read = kept.cursors[0]
        equal(kept.rows(0), make_rows(range(max(0, read - 15), read)))


# ------------------------------------------------------------------------------------------------ in Redis


@pytest.fixture
def client(redis_server: RedisServer) -> Any:
    with connect(redis_server.url, timeout_s=60.0) as client:
        yield client


def test_a_groups_place_is_kept_on_the_server_and_never_falls(client: Any) -> None:
    layout = Layout(next(regions), SMALL, 2, 100)
    group = ConsumerGroup(client, layout, "rapp")
    assert group.join() == [0, 0]
    group.acknowledge([5, 0])
    client.script_flush()
    group.acknowledge([3, 2])
    assert ConsumerGroup(client, layout, "rapp").join() == [5, 2]
    assert ConsumerGroup(client, layout, "other").join() == [0, 0]


def test_an_emptied_server_takes_its_reader_back_and_still_only_one(client: Any) -> None:
    layout = Layout(next(regions), SMALL, 2, 100)
    first, second = (ConsumerGroup(client, layout, "rapp") for _ in range(2))
    assert not first.known()
    first.join()
    assert first.known()
    client.delete(f"cadran:{{{layout.region}}}:replay:group:rapp")
    assert not first.known()
    first.acknowledge([3, 0])
    with pytest.raises(ReaderReplacedError):
        second.acknowledge([9, 9])
    assert ConsumerGroup(client, layout, "rapp").join() == [3, 0]


def test_a_reader_that_was_replaced_is_told_and_changes_nothing(client: Any) -> None:
    layout = Layout(next(regions), SMALL, 2, 100)
    first, second = (ConsumerGroup(client, layout, "rapp") for _ in range(2))
    first.join()
    second.join()
    second.acknowledge([1, 1])
    with pytest.raises(ReaderReplacedError, match="another process reads for it now"):
        first.acknowledge([9, 9])
    assert ConsumerGroup(client, layout, "rapp").join() == [1, 1]


def test_wrong_names_and_sizes_are_refused(client: Any) -> None:
    layout = Layout(next(regions), SMALL, 2, 100)
    with pytest.raises(ReplayError, match="consumer group 'a b'"):
        ConsumerGroup(client, layout, "a b")
    with pytest.raises(ReplayError, match="3 positions for 2 DUs"):
        ConsumerGroup(client, layout, "rapp").acknowledge([1, 2, 3])


def test_no_server_is_unavailable(unused_tcp_port: int) -> None:
    nobody = connect(f"redis://127.0.0.1:{unused_tcp_port}/0", timeout_s=0.2)
    group = ConsumerGroup(nobody, Layout("any", SMALL, 2, 100), "rapp")
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        group.known()
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        group.join()
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        group.acknowledge([0, 0])


READER = """
import sys
from pathlib import Path
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.reader import Reader
from cadran.replay.consumer_group import ConsumerGroup
from cadran.replay.redis_store import RedisReplay, connect

url, region, root = sys.argv[1:]
client = connect(url, 5.0)
replay = RedisReplay.read(client, region)
kept = KeptRows(Path(root), replay.schema, replay.dus, 100_000, slack=7)
reader = Reader(replay, ConsumerGroup(client, replay.layout, "rapp"), kept)
print("open", flush=True)
while True:
    reader.read()
"""


def acknowledged_rows(client: Any, layout: Layout) -> int:
    """Of DU 0."""
    return int(client.hget(f"cadran:{{{layout.region}}}:replay:group:rapp", 0) or 0)


def test_a_killed_reader_goes_on_and_has_each_row_once(
    tmp_path: Path, redis_server: RedisServer, client: Any
) -> None:
    """kill -9 at moments spread over a round, while rows of two DUs go on arriving."""
    layout = Layout(next(regions), SMALL, 2, 50_000)
    store = RedisReplay.open(client, layout)
    written = 0
    for turn in range(5):
        command = [sys.executable, "-c", READER, redis_server.url, layout.region, str(tmp_path / "kept")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            for du in (0, 1):
                store.append(du, make_rows(range(written, written + 60), du=du))
            while acknowledged_rows(client, layout) < written + 7:
                time.sleep(0.001)
            written += 60
            time.sleep(0.0017 * turn)
            process.kill()
    kept = KeptRows(tmp_path / "kept", SMALL, 2, 100_000, slack=7)
    assert acknowledged_rows(client, layout) <= kept.cursors[0]
    reader = Reader(store, ConsumerGroup(client, layout, "rapp"), kept)
    while any(reader.read().behind):
        pass
    for du in (0, 1):
        equal(kept.rows(du), make_rows(range(written), du=du))
    assert [place.skipped for place in kept.places] == [0, 0]
    assert ConsumerGroup(client, layout, "rapp").join() == [written, written]
