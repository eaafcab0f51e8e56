"""Redis as a child of the testbed: where it is, and whether it serves."""

import redis.asyncio
from redis.exceptions import RedisError

from cadran.testbed.ports import LOOPBACK

CONNECT_TIMEOUT_S = 2.0


def redis_url(port: int) -> str:
    """The URL of a Redis on this machine's loopback interface."""
    return f"redis://{LOOPBACK}:{port}/0"


async def answers_ping(url: str) -> bool:
    """Whether the Redis at ``url`` answers PING now; one that is still loading its file does not."""
    client = redis.asyncio.from_url(
        url, socket_connect_timeout=CONNECT_TIMEOUT_S, socket_timeout=CONNECT_TIMEOUT_S
    )
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()
