"""What the Redis store promises beyond the contract: kills, lost replies, wrong formats, durability."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from cadran.replay import Mirror, ReplayError, ReplayUnavailable, TransitionSchema, export, read_export
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_store import (
    AsyncRedisReplay,
    RedisReplay,
    connect,
    connect_async,
    require_durable,
)
from redis_server import RedisServer
from transitions import SMALL, make_rows

regions = itertools.count()


def layout(capacity: int = 5000, dus: int = 2, schema: TransitionSchema = SMALL) -> Layout:
    return Layout(f"own-{next(regions)}", schema, dus, capacity)


@pytest.fixture
def client(redis_server: RedisServer) -> Any:
    with connect(redis_server.url, timeout_s=60.0) as client:
        yield client


class LosesReplies:
    """A client whose server does as it is told, while the first replies never arrive."""

    def __init__(self, client: redis.Redis, lost: int) -> None:
        self._client: Any = client
        self.lost = lost

    def execute_command(self, *command: Any) -> Any:
        reply = self._client.execute_command(*command)
        if self.lost > 0:
            self.lost -= 1
            raise redis.TimeoutError("the reply was lost")
        return reply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


# ---------------------------------------------------------------------------------------- failures


def test_no_acknowledged_row_is_lost_or_doubled_by_a_kill(own_redis_server: RedisServer) -> None:
    place = layout(capacity=100_000)
    acknowledged = 0

    def write_until_it_fails() -> None:
        nonlocal acknowledged
        replay = RedisReplay.open(connect(own_redis_server.url, 60.0), place, attempts=1)
        for first in itertools.count(0, 5):
            try:
                replay.append(0, make_rows(range(first, first + 5)))
            except ReplayUnavailable:
                return
            acknowledged = first + 5

    writer = threading.Thread(target=write_until_it_fails)
    writer.start()
    deadline = time.monotonic() + 60
    while acknowledged < 500 and time.monotonic() < deadline:
        time.sleep(0.001)
    own_redis_server.kill()
    writer.join()
    own_redis_server.start()

    replay = RedisReplay.open(connect(own_redis_server.url, 60.0), place)
    stored = replay.count(0)
    # The append that was under way may have been stored without having been acknowledged.
    assert stored in (acknowledged, acknowledged + 5)
    assert acknowledged >= 500
    np.testing.assert_array_equal(replay.rows(0, 0, stored), make_rows(range(stored)))

    # A sender resends all that it holds, from long before the kill on.
    replay.append(0, make_rows(range(acknowledged - 200, acknowledged + 50)))
    np.testing.assert_array_equal(replay.rows(0, 0, acknowledged + 50), make_rows(range(acknowledged + 50)))


def test_a_reader_goes_on_after_a_kill(own_redis_server: RedisServer) -> None:
    replay = RedisReplay.open(connect(own_redis_server.url, 60.0), layout(capacity=50))
    mirror = Mirror(replay, 50, np.full(SMALL.action_dim, 0.5, np.float32))
    replay.append(0, make_rows(range(30)))
    mirror.refresh()
    own_redis_server.kill()
    with pytest.raises(ReplayUnavailable):
        mirror.refresh()
    own_redis_server.start()
    replay.append(0, make_rows(range(30, 60)))
    assert mirror.refresh() == 30
    assert mirror.counts == (60, 0)
    assert mirror.skipped == (0, 0)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_row_whose_reply_was_lost_is_stored_once(client: redis.Redis, lost: int) -> None:
    place = layout()
    RedisReplay.open(client, place)
    flaky: Any = LosesReplies(client, lost)
    RedisReplay(flaky, place).append(0, make_rows(range(8)))
    replay = RedisReplay(client, place)
    assert replay.count(0) == 8
    np.testing.assert_array_equal(replay.rows(0, 0, 8), make_rows(range(8)))


def test_a_silent_server_is_given_up_after_the_attempts(client: redis.Redis) -> None:
    flaky: Any = LosesReplies(client, 100)
    with pytest.raises(ReplayUnavailable, match="the reply was lost"):
        RedisReplay(flaky, layout(), attempts=4).append(0, make_rows(range(8)))
    assert flaky.lost == 96


def test_no_server_is_unavailable(unused_tcp_port: int) -> None:
    nobody = connect(f"redis://127.0.0.1:{unused_tcp_port}/0", timeout_s=0.2)
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        RedisReplay.open(nobody, layout(), attempts=1)
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        RedisReplay.read(nobody, "any")
    with pytest.raises(ReplayUnavailable, match="does not answer"):
        require_durable(nobody)


def test_scripts_that_the_server_forgot_are_sent_again(client: redis.Redis) -> None:
    replay = RedisReplay.open(client, layout())
    replay.append(0, make_rows(range(3)))
    client.script_flush()
    assert replay.append(0, make_rows(range(5))) == 2
    client.script_flush()
    assert [part.count for part in replay.tail([0, 0], 10)] == [5, 0]


def test_a_full_server_is_unavailable_and_recovers(own_redis_server: RedisServer) -> None:
    client = connect(own_redis_server.url, 60.0)
    replay = RedisReplay.open(client, layout(), attempts=1)
    client.config_set("maxmemory", 1)
    with pytest.raises(ReplayUnavailable):
        replay.append(0, make_rows(range(3)))
    client.config_set("maxmemory", 0)
    assert replay.append(0, make_rows(range(3))) == 3


# ----------------------------------------------------------------------------------------- formats


def test_a_region_keeps_the_format_that_it_was_opened_with(client: redis.Redis) -> None:
    first = layout(capacity=100)
    RedisReplay.open(client, first).append(0, make_rows(range(3)))
    for other in (
        Layout(first.region, TransitionSchema(3, 2, 2), 2, 100),
        Layout(first.region, SMALL, 2, 101),
    ):
        with pytest.raises(
            ReplayError, match=rf"'{first.region}' holds rows of format .*choose another region"
        ):
            RedisReplay.open(client, other)
        # A writer that was open before the region was replaced is stopped by the script itself.
        with pytest.raises(ReplayError, match="holds rows of format"):
            RedisReplay(client, other).append(0, other.schema.empty(1))
        with pytest.raises(ReplayError, match="holds rows of format"):
            RedisReplay(client, other).tail([0, 0], 5)
    with pytest.raises(ReplayError, match="holds 2 DUs, this service uses 3"):
        RedisReplay.open(client, Layout(first.region, SMALL, 3, 100))
    assert RedisReplay.open(client, first).count(0) == 3


def test_a_region_can_be_read_by_its_name_alone(redis_server: RedisServer, tmp_path: Path) -> None:
    place = layout(capacity=40)
    with connect(redis_server.url, 60.0) as client:
        RedisReplay.open(client, place).append(1, make_rows(range(70)))
        path = tmp_path / "experience.npz"
        assert export(RedisReplay.read(client, place.region), path) == [0, 40]
    schema, rows = read_export(path)
    assert schema == SMALL
    np.testing.assert_array_equal(rows[1], make_rows(range(30, 70)))


def test_an_unknown_region_is_named(client: redis.Redis) -> None:
    with pytest.raises(ReplayError, match="'nowhere': nothing is stored"):
        RedisReplay.read(client, "nowhere")


@pytest.mark.parametrize("region", ["", "a b", "a{b}", "x" * 65, "ü"])
def test_a_region_must_fit_into_a_key(region: str) -> None:
    with pytest.raises(ReplayError, match="letters, digits"):
        Layout(region, SMALL, 1, 1)


def test_a_ring_longer_than_redis_keeps_is_refused_with_what_fits() -> None:
    schema = TransitionSchema(6, 200, 0)
    most = (512 << 20) // schema.row_bytes
    assert Layout("a", schema, 1, most).capacity == most
    with pytest.raises(ReplayError, match=f"at most {most} rows"):
        Layout("a", schema, 1, most + 1)


def test_the_keys_of_a_du_share_one_hash_slot() -> None:
    place = layout().keys(1)
    tags = {key[key.index("{") + 1 : key.index("}")] for key in place}
    assert len(tags) == 1


def test_a_large_append_goes_in_pieces(client: redis.Redis) -> None:
    schema = TransitionSchema(6, 200, 0)
    replay = RedisReplay.open(client, layout(capacity=3000, schema=schema))
    rows = make_rows(range(2500), schema=schema)
    assert replay.append(0, rows) == 2500
    np.testing.assert_array_equal(replay.rows(0, 0, 2500), rows)


# -------------------------------------------------------------------------------------- durability


def test_a_durable_server_is_accepted(client: redis.Redis) -> None:
    require_durable(client)


@pytest.mark.parametrize(("name", "value"), [("appendonly", "no"), ("appendfsync", "everysec")])
def test_a_server_that_may_lose_rows_is_refused(own_redis_server: RedisServer, name: str, value: str) -> None:
    with connect(own_redis_server.url, 60.0) as client:
        client.config_set(name, value)
        with pytest.raises(ReplayError, match=f"{name} {value}, needed is"):
            require_durable(client)
        require_durable(client, allow_loss=True)


# ------------------------------------------------------------------------------------ asynchronous


async def test_the_asynchronous_writer_and_the_synchronous_reader_see_the_same(
    redis_server: RedisServer, client: redis.Redis
) -> None:
    place = layout(capacity=20)
    writing = connect_async(redis_server.url, 60.0)
    writer = await AsyncRedisReplay.open(writing, place)
    assert await writer.last(0) is None
    assert await writer.append(0, make_rows(range(12))) == 12
    client.script_flush()
    assert await writer.append(0, make_rows(range(8, 30))) == 18
    assert (await writer.count(0), await writer.last(0)) == (30, (1, 29))
    reader = RedisReplay.open(client, place)
    np.testing.assert_array_equal(reader.rows(0, 10, 30), make_rows(range(10, 30)))
    with pytest.raises(ReplayError, match="holds rows of format"):
        await AsyncRedisReplay.open(writing, Layout(place.region, SMALL, 2, 21))
    await writing.aclose()


async def test_the_asynchronous_writer_survives_a_kill(own_redis_server: RedisServer) -> None:
    writing = connect_async(own_redis_server.url, 60.0)
    writer = await AsyncRedisReplay.open(writing, layout(), attempts=2)
    assert await writer.append(0, make_rows(range(12))) == 12
    own_redis_server.kill()
    with pytest.raises(ReplayUnavailable):
        await writer.append(0, make_rows(range(12, 20)))
    own_redis_server.start()
    assert await writer.append(0, make_rows(range(20))) == 8
    await writing.aclose()


class SwallowsCancellation:
    """A client that waits for ever and, when cancelled, answers or fails as if nothing had happened."""

    def __init__(self, outcome: Exception | None) -> None:
        self._outcome = outcome

    async def execute_command(self, *arguments: object) -> object:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        if self._outcome is not None:
            raise self._outcome
        return b"7"


@pytest.mark.parametrize("outcome", [None, redis.ConnectionError("no route")])
async def test_a_cancellation_that_the_client_swallows_still_ends_the_task(outcome: Exception | None) -> None:
    writer = AsyncRedisReplay(SwallowsCancellation(outcome), layout())  # type: ignore[arg-type]
    task = asyncio.create_task(writer.count(0))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)
