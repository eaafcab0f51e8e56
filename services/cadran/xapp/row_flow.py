"""What happens to rows at rest: they are acknowledged, in lock-step after the updates that they make due."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from cadran.replay import Identity, ReplayUnavailable
from cadran.xapp.acknowledger import Acknowledger
from cadran.xapp.frame_gate import CompleteFrame, FrameGate
from cadran.xapp.ingest import IngestObserver, Stored


class FlowObserver(IngestObserver, Protocol):
    """Whoever wants to know how rows flow; called in the event loop."""

    def frame_forced(self, epoch: int, frame: int) -> None:
        """Lock-step went on without a row that did not come."""


class FreeFlow:
    """Acknowledges rows as soon as they are at rest; the learner takes them when it wants.

    Args:
        acknowledger: Tells the dApps.
        observer: Hears of appends.
    """

    def __init__(self, acknowledger: Acknowledger, observer: FlowObserver) -> None:
        self._acknowledger = acknowledger
        self._observer = observer

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        """What is at rest from an earlier life is acknowledged."""
        self._observer.opened(counts, last)
        for du, identity in enumerate(last):
            if identity is not None:
                self._acknowledger.acknowledge(du, identity)

    def stored(self, stored: Stored) -> None:
        """Rows came to rest."""
        self._observer.stored(stored)
        if stored.last is not None:
            self._acknowledger.acknowledge(stored.du, stored.last)

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        """The store did not answer."""
        self._observer.retried(du, error)


class LockstepFlow:
    """Acknowledges a frame once it is complete, its updates made and their policies handed to the streams.

    A dApp that died reports nothing, and the RAN waits for acknowledgements: after ``patience_s`` a frame is
    completed without the rows that are missing. Only DUs whose rows up to the frame are at rest are told.

    What is at rest from an earlier life counts as complete, except the rows that the learner's checkpoint has
    not seen: their frames are completed one by one, as they would have been without the interruption.

    Args:
        acknowledger: Tells the dApps.
        observer: Hears of events.
        unseen: Given the rows at rest per DU, tells which of them, the last ones, the learner has not seen.
        learn: Makes the updates of a complete frame.
        patience_s: Longest wait for a DU's rows.
    """

    def __init__(
        self,
        acknowledger: Acknowledger,
        observer: FlowObserver,
        unseen: Callable[[Sequence[int]], Awaitable[Sequence[Sequence[Identity]]]],
        learn: Callable[[CompleteFrame], Awaitable[None]],
        patience_s: float,
    ) -> None:
        self._acknowledger = acknowledger
        self._observer = observer
        self._unseen = unseen
        self._learn = learn
        self._patience_s = patience_s
        self._gate = FrameGate(())
        self._last: dict[int, Identity] = {}
        self._opened = asyncio.Event()
        self._counts: Sequence[int] = ()
        self._at_rest: Sequence[Identity | None] = ()
        self._came = asyncio.Event()

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        """The store has told what it holds; :meth:`run` takes it up."""
        self._observer.opened(counts, last)
        self._gate = FrameGate(counts)
        self._counts, self._at_rest = tuple(counts), tuple(last)
        self._last = {du: identity for du, identity in enumerate(last) if identity is not None}
        self._opened.set()

    def stored(self, stored: Stored) -> None:
        """Rows came to rest; rows that were at rest already are acknowledged as far as they were before."""
        self._observer.stored(stored)
        if stored.last is not None:
            self._last[stored.du] = stored.last
        if stored.fresh:
            self._gate.stored(stored.du, stored.fresh)
            self._came.set()
        else:
            self._acknowledger.repeat(stored.du)

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        """The store did not answer."""
        self._observer.retried(du, error)

    async def run(self) -> None:
        """Complete frames until cancelled."""
        await self._take_up()
        while True:
            while (frame := self._gate.complete()) is not None:
                await self._complete(frame)
            patience_s = self._patience_s if self._gate.waiting() else None
            try:
                # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(patience_s):
                    await self._came.wait()
            except TimeoutError:
                if (frame := self._gate.force()) is not None:
                    self._observer.frame_forced(*frame.identity)
                    await self._complete(frame)
            self._came.clear()

    async def _take_up(self) -> None:
        """Acknowledge what is at rest and seen; what is not seen waits for its frame."""
        await self._opened.wait()
        unseen = await self._unseen(self._counts)
        for du, (identities, last) in enumerate(zip(unseen, self._at_rest, strict=True)):
            if identities:
                self._gate.reopen(du, identities)
            elif last is not None:
                self._acknowledger.acknowledge(du, last)

    async def _complete(self, frame: CompleteFrame) -> None:
        await self._learn(frame)
        for du, last in self._last.items():
            if last >= frame.identity:
                self._acknowledger.acknowledge(du, frame.identity)
