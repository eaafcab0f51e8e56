"""What makes a run a secured one: certificates, tokens and the password of Redis, in a folder of the run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from cadran.replay.redis_server import RedisSecrets, speaks_tls
from cadran.replay.redis_store import RedisTls
from cadran.rest import Role
from cadran.testbed.certificates import CA_FILE, CERT_FILE, KEY_FILE, make, subjects, utc_now

DAYS = 30.0
_TOKEN_BYTES = 32
_REST_SERVICES = ("xapp", "rapp")
_OWN = "operator"
"""Whose certificate the testbed itself shows to Redis."""


@dataclass(frozen=True)
class RedisAccess:
    """What a client of Redis needs besides its URL; None: nothing."""

    password: str | None = None
    tls: RedisTls | None = None


@dataclass(frozen=True)
class Secured:
    """The folder, and what each service is told of it.

    Attributes:
        folder: where it all is.
        redis_tls: whether the run's Redis speaks TLS; one that cannot has its password, on loopback.
    """

    folder: Path
    redis_tls: bool

    @property
    def tokens(self) -> Path:
        """The bearer tokens of REST, one for each role."""
        return self.folder / "tokens"

    @property
    def redis_password(self) -> Path:
        """The password of the run's Redis."""
        return self.folder / "redis-password"

    @property
    def redis_config(self) -> Path:
        """The same as Redis reads it: on its command line anybody could."""
        return self.folder / "redis.conf"

    def environment(self, name: str) -> dict[str, str]:
        """Settings of a service, as environment variables.

        Args:
            name: of the process, such as `dapp-3`.
        """
        service = name.partition("-")[0]
        settings = {f"tls_{kind}": path for kind, path in self._files(name).items()}
        if service in _REST_SERVICES:
            settings |= {"rest_tokens": self.tokens, "redis_password_file": self.redis_password}
        return {f"CADRAN_{service}_{key}".upper(): str(path) for key, path in settings.items()}

    def redis_server(self) -> RedisSecrets:
        """What the run's Redis is started with."""
        files = self._files("redis")
        tls = (files["ca"], files["cert"], files["key"]) if self.redis_tls else None
        return RedisSecrets(self.redis_config, tls)

    def redis_access(self) -> RedisAccess:
        """What the testbed itself needs to ask the run's Redis."""
        files = self._files(_OWN)
        tls = RedisTls(files["ca"], files["cert"], files["key"]) if self.redis_tls else None
        return RedisAccess(self.redis_password.read_text().strip(), tls)

    def _files(self, name: str) -> dict[str, Path]:
        place = self.folder / name
        return {"ca": place / CA_FILE, "cert": place / CERT_FILE, "key": place / KEY_FILE}


def secure(folder: Path, dus: int, redis_server: Path | None) -> Secured:
    """Make certificates, tokens and a password in a new folder.

    Args:
        folder: where; nobody else can look into it.
        dus: number of DUs.
        redis_server: the program that will be the run's Redis; None: it has none of its own.

    Raises:
        ConfigError: the folder holds certificates already, or cannot be written.
    """
    made = Secured(folder, redis_server is not None and speaks_tls(redis_server))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    make(folder, subjects(dus, {}), DAYS, utc_now())
    people = {"reader": Role.READ, "operator": Role.OPERATE, "admin": Role.ADMIN}
    lines = [f"{role.name.lower()} {name} {_secret()}" for name, role in people.items()]
    _write(made.tokens, "\n".join(lines))
    password = _secret()
    _write(made.redis_password, password)
    _write(made.redis_config, f"requirepass {password}")
    return made


def redis_access_of(folder: Path, url: str) -> RedisAccess:
    """What it takes to ask the Redis of a run; nothing if the run was not secured.

    Args:
        folder: the run's `tls` folder, which an open run does not have.
        url: of its Redis.
    """
    secured = Secured(folder, redis_tls=url.startswith("rediss://"))
    return secured.redis_access() if secured.redis_password.is_file() else RedisAccess()


def _secret() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _write(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text + "\n")
