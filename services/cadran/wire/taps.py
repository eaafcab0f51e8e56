"""Where PDUs of a stream can be watched: as they leave for it and as they come from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol


class Seen(Protocol):
    """One stream that is watched. Called from the event loop for every PDU; must be quick."""

    def sent(self, data: bytes) -> None:
        """A PDU was handed to the stream."""

    def received(self, data: bytes) -> None:
        """A PDU came, well-formed or not."""

    def closed(self) -> None:
        """The stream is over."""


class Tap(Protocol):
    """Who watches the streams of one interface."""

    def opened(self, peer: str) -> Seen:
        """A stream with this peer begins."""


class TappedStream:
    """A stream, served or called, that shows its PDUs to a watcher.

    Args:
        stream: a gRPC server context or call.
        seen: who watches.
    """

    def __init__(self, stream: Any, seen: Seen) -> None:
        self._stream = stream
        self._seen = seen

    async def read(self) -> object:
        """The next PDU as bytes, or `grpc.aio.EOF`."""
        data = await self._stream.read()
        if isinstance(data, bytes):
            self._seen.received(data)
        return data

    async def write(self, data: bytes) -> None:
        """Write one PDU."""
        self._seen.sent(data)
        await self._stream.write(data)

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """Properties of the peer's certificate, on the serving side."""
        held: Mapping[str, Iterable[bytes]] = self._stream.auth_context()
        return held


@contextmanager
def tapped(stream: Any, tap: Tap | None, peer: str) -> Iterator[Any]:
    """The stream itself where nobody watches, else one that shows its PDUs."""
    if tap is None:
        yield stream
        return
    seen = tap.opened(peer)
    try:
        yield TappedStream(stream, seen)
    finally:
        seen.closed()
