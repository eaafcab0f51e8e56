"""A REST application on a socket of its own, served from the service's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cadran.rest.certified import caller_in
from cadran.rest.security import CERTIFIED
from cadran.runtime import Address, ConfigError
from cadran.runtime.tls import Tls

_CLOSE_S = 1
_MOST_CONNECTIONS = 256
"""Of all callers together; those beyond are cut off at once."""


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


class _Connection(H11Protocol):
    """A connection that tells the application who its client certificate names."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
            return
        secured = transport.get_extra_info("ssl_object")
        if secured is None:
            return
        caller, app = caller_in(secured.getpeercert()), self.app

        async def certified(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, CERTIFIED: caller}, receive, send)

        self.app = certified


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listening: socket.socket, tls: Tls | None = None) -> AsyncIterator[None]:
    """REST answers inside this context.

    Args:
        app: the application.
        listening: from `listen`.
        tls: certificates; None: clear text.
    """
    config = uvicorn.Config(
        app,
        http=_Connection,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_CLOSE_S,
    )
    config.load()
    config.ssl = tls.server_context() if tls else None
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]), name="rest")
    try:
        yield
    finally:
        server.should_exit = True
        await task
