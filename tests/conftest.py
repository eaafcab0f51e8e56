"""Fixtures that several rooms' tests share, and how long an example may take."""

from hypothesis import HealthCheck, settings

from redis_server import own_redis_server, redis_server

__all__ = ["own_redis_server", "redis_server"]

# A machine that has other work is slow, and its properties hold all the same.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
