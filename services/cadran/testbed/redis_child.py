"""The Redis of a run: whether it serves, and how much experience it holds."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.exceptions import RedisError

from cadran.replay import ReplayError
from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import RedisReplay, connect, connect_async
from cadran.testbed.ports import LOOPBACK, free_ports
from cadran.testbed.secured import RedisAccess

TIMEOUT_S = 2.0
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
OPEN = RedisAccess()


def redis_url(port: int, tls: bool = False) -> str:
    """The URL of a Redis on this machine's loopback interface."""
    return f"{'rediss' if tls else 'redis'}://{LOOPBACK}:{port}/0"


async def answers_ping(url: str, access: RedisAccess = OPEN) -> bool:
    """Whether the Redis at ``url`` answers PING now; one that is still loading its file does not."""
    client = connect_async(url, TIMEOUT_S, access.password, access.tls)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


def transitions_in(url: str, region: str, access: RedisAccess = OPEN) -> int:
    """Transitions ever stored under ``region`` in the Redis at ``url``; 0 where nothing is.

    Raises:
        ReplayUnavailable: Redis does not answer.
    """
    client = connect(url, TIMEOUT_S, access.password, access.tls)
    try:
        replay = RedisReplay.read(client, region)
    except ReplayError:
        return 0
    else:
        return sum(replay.count(du) for du in range(replay.dus))
    finally:
        client.close()


@contextmanager
def serving_redis(folder: Path) -> Iterator[str]:
    """A Redis on the data in ``folder`` for as long as the context lasts; gives its URL.

    Raises:
        RedisServerMissingError: there is no ``redis-server`` on this machine.
        TimeoutError: it does not answer in time.
    """
    port = free_ports(1)[0]
    server = subprocess.Popen(
        redis_command(find_redis_server(), port, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not asyncio.run(answers_ping(redis_url(port))):
            if server.poll() is not None or time.monotonic() > deadline_s:
                raise TimeoutError(
                    f"redis-server on {folder} ended or did not answer in {START_TIMEOUT_S:g} s"
                )
            time.sleep(0.05)
        yield redis_url(port)
    finally:
        server.terminate()
        server.wait(STOP_TIMEOUT_S)


def serves_folder(url: str, folder: Path, access: RedisAccess = OPEN) -> bool:
    """Whether the Redis at ``url`` serves now, and keeps its data in ``folder``."""
    try:
        with connect(url, TIMEOUT_S, access.password, access.tls) as client:
            found = client.config_get("dir")
    except (RedisError, OSError):
        return False
    return any(Path(os.fsdecode(value)) == folder.resolve() for value in found.values())
