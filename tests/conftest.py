"""Fixtures that several rooms' tests share."""

from redis_server import own_redis_server, redis_server

__all__ = ["own_redis_server", "redis_server"]
