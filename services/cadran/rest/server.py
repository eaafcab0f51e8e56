"""A REST application on a socket of its own, served from the service's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator

import h11
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cadran.rest.certified import caller_in
from cadran.rest.security import CERTIFIED
from cadran.runtime import Address, ConfigError
from cadran.runtime.tls import Tls

_CLOSE_S = 1
_MOST_CONNECTIONS = 256
"""Of all callers together; those beyond are cut off at once."""
_REQUEST_S = 30.0
"""For a request to come as a whole: else silent connections, as many as may be, would keep others out."""


@contextlib.contextmanager
def listen(address: Address) -> Iterator[socket.socket]:
    """A listening socket for REST.

    Raises:
        ConfigError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on connections. Without it the second part of an
    # answer waits for the acknowledgement of the first, which a peer delays by 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
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


class RestTls:
    """Certificates of REST, and a count of those who want to speak TLS.

    Args:
        tls: the certificates.
        registry: where `cadran_rest_tls_handshakes_total` lives.
    """

    def __init__(self, tls: Tls, registry: CollectorRegistry) -> None:
        self._tls = tls
        self._handshakes = Counter(
            "cadran_rest_tls_handshakes_total",
            "TLS handshakes of REST that were begun and completed; the difference has failed",
            ("stage",),
            registry=registry,
        )
        self._begun = self._handshakes.labels("begun")
        self._completed = self._handshakes.labels("completed")

    def context(self) -> ssl.SSLContext:
        """For the server."""
        return self._tls.server_context(self._begun.inc)

    def completed(self) -> None:
        """A handshake has come to its end."""
        self._completed.inc()


def _nothing() -> None:
    """Nobody speaks TLS."""


class _Connection(H11Protocol):
    """A connection that tells the application who its client certificate names.

    It is cut off when a request does not come as a whole in time. Where none has begun after an answer, a
    shorter time-out of uvicorn's holds; answers may take as long as they do.
    """

    _completed = staticmethod(_nothing)
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
            return
        self._watch()
        secured = transport.get_extra_info("ssl_object")
        if secured is None:
            return
        caller, app = caller_in(secured.getpeercert()), self.app
        self._completed()

        async def certified(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, CERTIFIED: caller}, receive, send)

        self.app = certified

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which also begins with what has come of the next request
        if self.conn.their_state is not h11.IDLE:  # else the answer may still be on its way to a slow caller
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Let the time of a request run while more of it is to come."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._rest()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_REQUEST_S, self.transport.abort)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _connections(completed: Callable[[], None]) -> type[_Connection]:
    """The protocol of one server: uvicorn makes its connections from a class."""

    class Counted(_Connection):
        _completed = staticmethod(completed)

    return Counted


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listening: socket.socket, tls: RestTls | None = None) -> AsyncIterator[None]:
    """REST answers inside this context.

    Args:
        app: the application.
        listening: from `listen`.
        tls: certificates; None: clear text.
    """
    config = uvicorn.Config(
        app,
        http=_connections(tls.completed if tls else _nothing),
        proxy_headers=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_CLOSE_S,
    )
    config.load()
    config.ssl = tls.context() if tls else None
    server = _Server(config)
    task = asyncio.create_task(server.serve([listening]), name="rest")
    try:
        yield
    finally:
        server.should_exit = True
        await task
