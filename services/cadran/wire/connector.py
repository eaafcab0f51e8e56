"""The connecting end of an association: attempts, waits, attempts again. Start order does not matter."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import grpc
import numpy as np

from cadran.wire.causes import Cause, WireError
from cadran.wire.link import GRPC_OPTIONS, Backoff, LinkCounters, LinkSettings
from cadran.wire.stream import STREAM_ERRORS, ByteStream, Session, describe
from cadran.wire.taps import tapped

S = TypeVar("S", bound=Session)
ChannelCredentials = Callable[[], grpc.ChannelCredentials]
"""Makes the credentials of one connection, so that the next one may have renewed ones."""

# A channel of its own for each attempt: gRPC's shared subchannels would impose their own, longer backoff.
_CHANNEL_OPTIONS = (*GRPC_OPTIONS, ("grpc.use_local_subchannel_pool", 1))


def _as_is(data: bytes) -> bytes:
    return data


class Connector(ABC, Generic[S]):
    """Keeps one association open, until it is stopped.

    Args:
        target: host:port of the service.
        rng: jitter of the waits between attempts.
        settings: limits and times.
        counters: where to count.
        credentials: for TLS; None: clear text.
    """

    interface: str
    service: str

    def __init__(
        self,
        target: str,
        rng: np.random.Generator,
        settings: LinkSettings,
        counters: LinkCounters,
        credentials: ChannelCredentials | None = None,
    ) -> None:
        self._target = target
        self._settings = settings
        self._counters = counters
        self._credentials = credentials
        self._backoff = Backoff(settings, rng)
        self._session: S | None = None
        self._stopping = asyncio.Event()
        self._time_to_wait_s = 0.0  # what the peer asked for when it refused the last setup

    @property
    def session(self) -> S | None:
        """The open session, if there is one."""
        return self._session if self._session is not None and self._session.open else None

    async def run(self) -> Cause:
        """Connect, serve, reconnect. Returns only when stopped, or when coming back would be wrong."""
        while True:
            cause = await self._attempt()
            self._session = None
            self._counters.closed(self.interface, cause)
            self._on_closed(cause)
            if self._stopping.is_set() or self._final(cause):
                return cause
            if await self._stopped_within(max(self._backoff.next_s(), self._time_to_wait_s)):
                return cause

    def stop(self) -> None:
        """End the session, telling the peer, and let `run` return."""
        self._stopping.set()
        if self.session is not None:
            self._release(self.session)

    async def _attempt(self) -> Cause:
        async with self._channel() as channel:
            call = channel.stream_stream(f"/{self.service}/Connect", _as_is, _as_is)(None)
            self._time_to_wait_s = 0.0
            try:
                with tapped(call, self._settings.tap, self._target) as stream:
                    async with asyncio.timeout(self._settings.setup_timeout_s):
                        session = await self._set_up(stream)
                    self._backoff.reset()
                    if self._stopping.is_set():  # `stop` came while there was no session to end
                        self._release(session)
                    cause = await session.serve(call.done_writing)
            except WireError as error:
                return error.cause
            except (*STREAM_ERRORS, TimeoutError) as error:
                text = f"{self._target}: {describe(error)}"
                return Cause("transport", "transport-resource-unavailable", text)
            else:
                return cause
            finally:
                call.cancel()

    def _channel(self) -> grpc.aio.Channel:
        if self._credentials is None:
            return grpc.aio.insecure_channel(self._target, options=_CHANNEL_OPTIONS)
        return grpc.aio.secure_channel(self._target, self._credentials(), options=_CHANNEL_OPTIONS)

    async def _stopped_within(self, wait_s: float) -> bool:
        try:
            # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the event.
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    @abstractmethod
    async def _set_up(self, stream: ByteStream) -> S:
        """Open the association: set `self._session`, tell the handler, and return the session."""

    @abstractmethod
    def _release(self, session: S) -> None:
        """End the session from this side."""

    @abstractmethod
    def _on_closed(self, cause: Cause) -> None:
        """Tell the handler."""

    def _final(self, cause: Cause) -> bool:
        """Whether not to come back after this end."""
        return False
