"""A real `redis-server` of a test's own: on loopback, durable, in its own folder, ended by its process id."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from cadran.replay.redis_server import find_redis_server, redis_command
from cadran.replay.redis_store import connect

START_TIMEOUT_S = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """One server process; it can be killed and started again on the same folder and port."""

    folder: Path
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and return when it answers."""
        log = (self.folder / "redis.log").open("ab")
        with log:
            command = redis_command(find_redis_server(), self.port, self.folder)
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"redis-server does not start: {(self.folder / 'redis.log').read_text()}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        client = connect(self.url, timeout_s=1.0)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def kill(self) -> None:
        """kill -9."""
        self._end(by_kill=True)

    def stop(self) -> None:
        self._end(by_kill=False)

    def _end(self, by_kill: bool) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if by_kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server shared by a whole test session; each test takes a region of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may kill."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()
