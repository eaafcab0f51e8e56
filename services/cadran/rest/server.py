"""A REST application on a socket of its own, served from the service's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI

from cadran.runtime import Address, ConfigError

_CLOSE_S = 1


@contextlib.contextmanager
def listen(address: Address) -> Iterator[socket.socket]:
    """A listening socket for REST.

    Raises:
        ConfigError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address.host, address.port))
        except OSError as error:
            raise ConfigError(f"--rest {address}: cannot listen: {error.strerror or error}") from error
        listening.listen(128)
        yield listening


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process's lifecycle owns signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listening: socket.socket) -> AsyncIterator[None]:
    """REST answers inside this context."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_CLOSE_S,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]), name="rest")
    try:
        yield
    finally:
        server.should_exit = True
        await task
