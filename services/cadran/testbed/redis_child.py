"""The Redis of a run: whether it serves, and how much experience it holds."""

from redis.exceptions import RedisError

from cadran.replay import ReplayError
from cadran.replay.redis_store import RedisReplay, connect, connect_async
from cadran.testbed.ports import LOOPBACK

TIMEOUT_S = 2.0


def redis_url(port: int) -> str:
    """The URL of a Redis on this machine's loopback interface."""
    return f"redis://{LOOPBACK}:{port}/0"


async def answers_ping(url: str) -> bool:
    """Whether the Redis at ``url`` answers PING now; one that is still loading its file does not."""
    client = connect_async(url, TIMEOUT_S)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


def transitions_in(url: str, region: str) -> int:
    """Transitions ever stored under ``region`` in the Redis at ``url``; 0 where nothing is.

    Raises:
        ReplayUnavailable: Redis does not answer.
    """
    client = connect(url, TIMEOUT_S)
    try:
        replay = RedisReplay.read(client, region)
    except ReplayError:
        return 0
    else:
        return sum(replay.count(du) for du in range(replay.dus))
    finally:
        client.close()
