"""A run's Redis: durable over a kill, back on the same port, ready when it answers."""

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import redis

from cadran.replay import TransitionSchema
from cadran.replay.redis_protocol import Layout
from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed.ports import free_ports
from cadran.testbed.redis_child import answers_ping, redis_url, transitions_in
from cadran.testbed.supervisor import Backoff, Child, Supervisor


async def test_what_was_written_is_there_after_a_kill_and_a_restart(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    url = redis_url(port)
    assert not await answers_ping(url)
    command = redis_command(find_redis_server(), port, tmp_path)
    child = Child("redis", lambda _: command, tmp_path / "redis.log", ready=lambda: answers_ping(url))
    supervisor, stop = Supervisor([child], Backoff(first_s=0.01)), asyncio.Event()
    run = asyncio.create_task(supervisor.run(stop))
    try:
        await _until(url)
        with redis.Redis.from_url(url) as client:
            assert client.config_get("appendfsync")["appendfsync"] == "always"
            assert client.config_get("bind")["bind"] == "127.0.0.1"
            client.set("key", "kept")
        assert supervisor.states()[0].pid is not None
        os.kill(supervisor.states()[0].pid, signal.SIGKILL)
        await asyncio.sleep(0.05)
        await _until(url)
        with redis.Redis.from_url(url) as client:
            assert client.get("key") == b"kept"
        assert supervisor.restarts == {"redis": 1}
    finally:
        stop.set()
        await run
    assert not await answers_ping(url)


async def _until(url: str) -> None:
    async with asyncio.timeout(60):
        while not await answers_ping(url):
            await asyncio.sleep(0.02)


def test_experience_in_a_region_is_counted(redis_server: object) -> None:
    url = redis_server.url
    schema = TransitionSchema(state_dim=2, action_dim=1, kpi_dim=1)
    assert transitions_in(url, "testbed-none") == 0
    replay = RedisReplay.open(connect(url, 2.0), Layout("testbed-some", schema, 2, 100))
    rows = np.zeros(7, schema.dtype)
    rows["frame"] = np.arange(7)
    replay.append(0, rows)
    replay.append(1, rows[:3])
    assert transitions_in(url, "testbed-some") == 10
