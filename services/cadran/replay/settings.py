"""Settings of a service that keeps or reads experience in Redis."""

from __future__ import annotations

from pydantic import BaseModel, Field

from cadran.replay.redis_protocol import REGION_PATTERN


class RedisSettings(BaseModel):
    """Where Redis is, what the experience is called there, and how long to wait for it."""

    redis: str = Field(
        default="redis://127.0.0.1:6379/0",
        pattern=r"^(redis|rediss|unix)://",
        description="URL of the Redis that keeps the experience",
    )
    redis_region: str = Field(
        default="cadran",
        pattern=f"^{REGION_PATTERN}$",
        description="name under which Redis keeps the experience, one for all that write and read it: 1 to "
        "64 letters, digits, '.', '_' or '-'",
    )
    redis_timeout_s: float = Field(
        default=1.0, gt=0, le=60, description="wait for a connection or a reply of Redis"
    )
    redis_retry_first_s: float = Field(default=0.05, gt=0, le=10, description="first wait before a retry")
    redis_retry_max_s: float = Field(default=1.0, gt=0, le=60, description="longest wait before a retry")
