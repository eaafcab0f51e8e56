"""One bidirectional gRPC stream as a session: a reader, a writer, an end with a cause.

gRPC hands over raw bytes, so a malformed PDU is answered with a cause here and never reaches gRPC's own
deserialiser. The handler of a service is called straight from the reader: no task and no queue per PDU.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import grpc

from cadran.wire.causes import Cause, WireError
from cadran.wire.link import GRPC_OPTIONS, MOST_STREAMS, Lane, LinkCounters, LinkSettings, Outbox
from cadran.wire.peers import Authenticated
from cadran.wire.taps import Tap, tapped

#: What gRPC raises on a stream that is gone.
STREAM_ERRORS = (grpc.aio.AioRpcError, grpc.aio.BaseError, asyncio.InvalidStateError)

_SERVER_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 4),
    ("grpc.max_allowed_incoming_connections", MOST_STREAMS),
    ("grpc.server_handshake_timeout_ms", 10_000),
)

_log = logging.getLogger("cadran.wire")


class ByteStream(Protocol):
    """The common part of a gRPC server context and a client call: serialised PDUs both ways."""

    async def read(self) -> object:
        """The next PDU as bytes, or `grpc.aio.EOF`."""

    async def write(self, data: bytes) -> None:
        """Write one PDU."""


class PeerStream(ByteStream, Authenticated, Protocol):
    """A stream on the serving side, which can tell who the peer is."""


class SetupRefusedError(WireError):
    """A setup is refused.

    Args:
        cause: why.
        answer: the serialised PDU that says so to the peer.
    """

    def __init__(self, cause: Cause, answer: bytes) -> None:
        super().__init__(cause)
        self.answer = answer


class Session(ABC):
    """One association. `serve` runs it; `end` ends it from anywhere in the event loop."""

    interface: str

    def __init__(self, stream: ByteStream, settings: LinkSettings, counters: LinkCounters) -> None:
        self._stream = stream
        self._settings = settings
        self._counters = counters
        self._road = None if settings.impairments is None else settings.impairments.road(stream.write)
        write = stream.write if self._road is None else self._road.take
        self._outbox = Outbox(write, settings, lambda kind: counters.dropped(self.interface, kind))
        self._ended: asyncio.Future[Cause] = asyncio.get_running_loop().create_future()

    @property
    def open(self) -> bool:
        """Whether the session has not ended. PDUs sent after its end are discarded."""
        return not self._ended.done()

    def end(self, cause: Cause) -> None:
        """End the session without telling the peer more than is queued already. The first cause stays."""
        if not self._ended.done():
            self._ended.set_result(cause)
            self._outbox.close()

    async def serve(self, half_close: Callable[[], Awaitable[None]] | None = None) -> Cause:
        """Read and write until the session ends, and return why. Queued PDUs are flushed, within a time.

        Args:
            half_close: on the connecting side, says that nothing more is written; the peer then reads what
                was written last before the stream is torn down.
        """
        reader: asyncio.Task[Any] = asyncio.create_task(self._read())
        writer: asyncio.Task[Any] = asyncio.create_task(self._write())
        tasks = [reader, writer, asyncio.create_task(self._beat())]
        try:
            await asyncio.wait([*tasks, self._ended], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    self.end(_cause_of(task))
            await asyncio.wait([writer], timeout=self._settings.close_timeout_s)
            if half_close is not None and writer.done() and not reader.done():
                with suppress(*STREAM_ERRORS):  # the peer was faster
                    await half_close()
                await asyncio.wait([reader], timeout=self._settings.close_timeout_s)
        finally:
            self.end(Cause("transport", "unspecified", "the stream was cut"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._ended.result()

    async def _read(self) -> Cause:
        while True:
            data = await self._stream.read()
            if not isinstance(data, bytes):
                return Cause("transport", "unspecified", "the peer closed the stream")
            if self.open:
                self._receive(data)

    async def _write(self) -> None:
        if self._road is None:
            await self._outbox.run()
        else:
            await self._road.run(self._outbox.run)

    async def _beat(self) -> Cause:
        """What a session does by the clock; by default nothing, for ever."""
        return await asyncio.shield(self._ended)

    @abstractmethod
    def _receive(self, data: bytes) -> None:
        """Handle one serialised PDU."""

    def _post(self, lane: Lane, kind: str, data: bytes) -> None:
        self._outbox.post(lane, kind, data)
        self._counters.sent(self.interface, kind)


def _cause_of(task: asyncio.Task[Any]) -> Cause:
    """Why a finished reader, writer or heartbeat finished."""
    error = task.exception()
    if error is None:
        result = task.result()
        return result if isinstance(result, Cause) else Cause("transport", "unspecified", "nothing to write")
    if isinstance(error, WireError):
        return error.cause
    if isinstance(error, grpc.aio.AioRpcError):
        return Cause("transport", "transport-resource-unavailable", describe(error))
    if isinstance(error, STREAM_ERRORS):
        return Cause("transport", "unspecified", f"the stream is gone: {error}")
    _log.error("a handler failed; its session ends", exc_info=error)
    return Cause("misc", "unspecified", f"{type(error).__name__} in the handler")


def describe(error: Exception) -> str:
    """An error of the transport in one line."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details() or ''}".replace("\n", " ")
    return f"{type(error).__name__}: {error}" if str(error) else "no answer in time"


Connect = Callable[[PeerStream], Awaitable[None]]


async def start_server(
    listen: str,
    service: str,
    connect: Connect,
    credentials: grpc.ServerCredentials | None,
    tap: Tap | None = None,
) -> tuple[grpc.aio.Server, int]:
    """Serve the bidirectional method `service`/Connect with raw bytes.

    Args:
        listen: host:port; port 0 takes a free one.
        service: full protobuf name of the service.
        connect: called with the stream of each client; the stream ends when it returns.
        credentials: for TLS; None: anybody may connect, in clear text.
        tap: who watches the PDUs; None: nobody.

    Returns:
        The running server and its port.

    Raises:
        OSError: the address cannot be bound.
    """

    async def handle(_: object, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
        with tapped(context, tap, context.peer()) as stream:
            await connect(stream)

    server = grpc.aio.server(options=[*GRPC_OPTIONS, *_SERVER_OPTIONS], maximum_concurrent_rpcs=MOST_STREAMS)
    method = grpc.stream_stream_rpc_method_handler(handle)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Connect": method}),))
    try:
        if credentials is None:
            port = server.add_insecure_port(listen)
        else:
            port = server.add_secure_port(listen, credentials)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {listen}: {error}") from error
    await server.start()
    return server, port


async def first_pdu(stream: ByteStream, timeout_s: float) -> bytes:
    """The first PDU of a stream.

    Raises:
        WireError: none came in time, or the stream ended.
    """
    try:
        # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the PDU.
        async with asyncio.timeout(timeout_s):
            data = await stream.read()
    except TimeoutError:
        cause = Cause("protocol", "message-not-compatible-with-receiver-state", f"no setup in {timeout_s} s")
        raise WireError(cause) from None
    if not isinstance(data, bytes):
        raise WireError(Cause("transport", "unspecified", "the peer closed the stream before its setup"))
    return data
