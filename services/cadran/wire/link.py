"""What every session is made of: bounded outgoing queues with two lanes, settings, backoff, counters.

A stream has one writer. PDUs in the fast lane (indications, decisions, answers) go before those in the
ordered lane (policy chunks, report acknowledgements, reports), so an indication waits for at most the one
chunk that is being written; within a lane the order stays. A full fast lane drops its oldest PDU, because an
old indication is worth nothing; a full ordered lane refuses, because what is in it must not be lost.

A fast lane that is filled faster than the peer reads would never let the other one go: after as many PDUs
as it holds, one of the ordered lane goes before the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from cadran.wire.causes import Cause, QueueFullError
from cadran.wire.impairments import Impairments
from cadran.wire.taps import Tap


class Lane(IntEnum):
    """The queue of a stream that a PDU waits in."""

    FAST = 0
    ORDERED = 1


@dataclass(frozen=True)
class LinkSettings:
    """Limits and times of one association.

    Attributes:
        setup_timeout_s: how long either side waits for the peer's part of the setup.
        control_timeout_s: how long an E2 subscription or control waits for its answer.
        close_timeout_s: how long the last PDUs may take to leave when a session ends.
        fast_limit: PDUs in the fast lane; as many leave it in a row while one of the ordered lane waits.
        ordered_limit_bytes: bytes in the ordered lane.
        backoff_first_s, backoff_max_s: wait after the first failed connection; the longest wait.
        tap: who watches the PDUs; None: nobody.
        impairments: what befalls PDUs between outbox and stream; None: nothing.
    """

    setup_timeout_s: float = 5.0
    control_timeout_s: float = 2.0
    close_timeout_s: float = 1.0
    fast_limit: int = 64
    ordered_limit_bytes: int = 16 * 2**20
    backoff_first_s: float = 0.1
    backoff_max_s: float = 5.0
    tap: Tap | None = None
    impairments: Impairments | None = None


#: Longest message of gRPC: many times the longest of ours, a policy's chunk or a report.
MOST_MESSAGE_BYTES = 4 * 2**20
#: Streams that a server has at once, and connections: two for each DU of the largest RAN, and some to refuse.
MOST_STREAMS = 256

#: gRPC options of servers and channels. The flow-control window is held at its initial 64 KiB: with bandwidth
#: probing it grows to megabytes, and then an indication queues behind all the chunks already in flight.
#: Keep-alive stands for the heartbeat of SCTP under E2AP: a silent network ends an association after 15 s.
#: The time-out of pings is a setting of its own, a minute by default, before which nothing is cut. So is the
#: least time between the pings of a peer, five minutes by default: an idle one would be cut off for asking.
GRPC_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


class LinkCounters(Protocol):
    """Where a session counts; `interface` is "e2" or "e3", `kind` the name of the PDU in its oneof."""

    def sent(self, interface: str, kind: str) -> None:
        """A PDU was put on the stream's queue."""

    def received(self, interface: str, kind: str) -> None:
        """A well-formed PDU arrived."""

    def dropped(self, interface: str, kind: str) -> None:
        """A PDU left the full fast lane unsent."""

    def refused(self, interface: str, kind: str, cause: Cause) -> None:
        """A PDU of the peer was refused; kind "malformed" when it could not be parsed."""

    def missed(self, interface: str, count: int) -> None:
        """The sequence numbers of the peer's indications jumped over `count` of them."""

    def opened(self, interface: str) -> None:
        """A session passed its setup."""

    def closed(self, interface: str, cause: Cause) -> None:
        """A session ended, or a setup failed."""


class NoCounters:
    """Counts nothing."""

    def sent(self, interface: str, kind: str) -> None:
        """Ignore."""

    def received(self, interface: str, kind: str) -> None:
        """Ignore."""

    def dropped(self, interface: str, kind: str) -> None:
        """Ignore."""

    def refused(self, interface: str, kind: str, cause: Cause) -> None:
        """Ignore."""

    def missed(self, interface: str, count: int) -> None:
        """Ignore."""

    def opened(self, interface: str) -> None:
        """Ignore."""

    def closed(self, interface: str, cause: Cause) -> None:
        """Ignore."""


class Outbox:
    """The bounded outgoing queues of one stream, and the loop that writes them.

    Args:
        write: writes one serialised PDU; at most one call is outstanding.
        settings: `fast_limit` and `ordered_limit_bytes` are used.
        on_drop: called with the kind of a PDU that the full fast lane dropped.
    """

    def __init__(
        self,
        write: Callable[[bytes], Awaitable[None]],
        settings: LinkSettings,
        on_drop: Callable[[str], None],
    ) -> None:
        self._write = write
        self._settings = settings
        self._on_drop = on_drop
        self._fast: deque[tuple[str, bytes]] = deque()
        self._ordered: deque[bytes] = deque()
        self._ordered_bytes = 0
        self._passed_by = 0
        self._closing = False
        self._idle: asyncio.Future[None] | None = None

    def post(self, lane: Lane, kind: str, data: bytes) -> None:
        """Queue one serialised PDU; never waits.

        Raises:
            QueueFullError: the ordered lane is full.
        """
        if self._closing:
            return
        if lane is Lane.FAST:
            if len(self._fast) >= self._settings.fast_limit:
                self._on_drop(self._fast.popleft()[0])
            self._fast.append((kind, data))
        else:
            self.check_room(len(data))
            self._ordered.append(data)
            self._ordered_bytes += len(data)
        self._wake()

    def check_room(self, size: int) -> None:
        """Raise `QueueFullError` when the ordered lane cannot take `size` more bytes."""
        if self._ordered and self._ordered_bytes + size > self._settings.ordered_limit_bytes:
            text = f"{self._ordered_bytes} bytes wait; at most {self._settings.ordered_limit_bytes} may"
            raise QueueFullError(Cause("misc", "control-processing-overload", text))

    def close(self) -> None:
        """Take no more PDUs; `run` returns once what is queued is written."""
        self._closing = True
        self._wake()

    async def run(self) -> None:
        """Write until closed and empty.

        Raises:
            grpc.aio.AioRpcError, asyncio.InvalidStateError: whatever `write` raises when the stream is gone.
        """
        while True:
            if self._fast and not self._ordered_is_due():
                self._passed_by += bool(self._ordered)
                await self._write(self._fast.popleft()[1])
            elif self._ordered:
                self._passed_by = 0
                data = self._ordered.popleft()
                self._ordered_bytes -= len(data)
                await self._write(data)
            elif self._closing:
                return
            else:
                self._idle = asyncio.get_running_loop().create_future()
                await self._idle
                self._idle = None

    def _ordered_is_due(self) -> bool:
        return bool(self._ordered) and self._passed_by >= self._settings.fast_limit

    def _wake(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)


class Backoff:
    """Waits between attempts to connect: exponential from first to max, each cut by up to half at random.

    Args:
        settings: `backoff_first_s` and `backoff_max_s` are used.
        rng: source of the jitter.
    """

    def __init__(self, settings: LinkSettings, rng: np.random.Generator) -> None:
        self._settings = settings
        self._rng = rng
        self._failures = 0

    def reset(self) -> None:
        """A connection succeeded: start again from the first wait."""
        self._failures = 0

    def next_s(self) -> float:
        """The next wait, in seconds: within [half, all] of min(first * 2^failures, max)."""
        exponent = min(self._failures, 30)
        self._failures += 1
        full = min(self._settings.backoff_first_s * 2.0**exponent, self._settings.backoff_max_s)
        return full * (1.0 - 0.5 * float(self._rng.random()))
