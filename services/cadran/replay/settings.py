"""Settings of a service that keeps or reads experience in Redis."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from cadran.replay.redis_protocol import REGION_PATTERN
from cadran.replay.redis_store import RedisTls


class RedisSettings(BaseModel):
    """Where Redis is, what the experience is called there, and how long to wait for it."""

    redis: str = Field(
        default="redis://127.0.0.1:6379/0",
        pattern=r"^(redis|rediss|unix)://",
        description="URL of the Redis that keeps the experience",
    )
    redis_password_file: Path | None = Field(
        default=None,
        description="file that holds the password of Redis, on one line; none: the URL's, or no password",
    )
    redis_ca: Path | None = Field(
        default=None,
        description="certificates (PEM) of the CA of a Redis whose URL begins with rediss://; none: tls_ca, "
        "or the system's. The service shows its own certificate, tls_cert, where it has one",
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

    @field_validator("redis_password_file")
    @classmethod
    def _readable(cls, file: Path | None) -> Path | None:
        if file is not None:
            _password_in(file)
        return file

    @model_validator(mode="after")
    def _ca_of_tls(self) -> RedisSettings:
        if self.redis_ca is not None and not self.redis.startswith("rediss://"):
            raise ValueError("redis_ca: means something only where redis begins with rediss://")
        return self

    @model_validator(mode="after")
    def _one_password(self) -> RedisSettings:
        if self.redis_password_file is not None and urlsplit(self.redis).password is not None:
            raise ValueError("redis_password_file: the URL names a password as well, give one of them")
        return self

    def redis_tls(self, ca: Path | None, cert: Path | None, key: Path | None) -> RedisTls | None:
        """How to speak to Redis; None: in clear text, or with the system's CAs.

        Args:
            ca, cert, key: the service's own `tls_...`.
        """
        chosen = self.redis_ca or ca
        if chosen is None or not self.redis.startswith("rediss://"):
            return None
        return RedisTls(chosen, cert, key)

    @property
    def redis_password(self) -> str | None:
        """What the password's file holds now; None: there is no such file."""
        return None if self.redis_password_file is None else _password_in(self.redis_password_file)


def _password_in(file: Path) -> str:
    """The password that a file holds.

    Raises:
        ValueError: it cannot be read, or does not hold one line; the text does not tell what it holds.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 text (byte {error.start})") from error
    if len(lines) != 1 or not lines[0]:
        raise ValueError("must hold the password on one line, and nothing else")
    return lines[0]
