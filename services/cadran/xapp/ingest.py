"""From dApp reports to rows at rest: validate, coalesce, store, and only then say so.

Each DU has its own bounded queue and its own writer, so that one DU's backlog delays nobody else. A writer
takes everything that waits, stores it as one append, and repeats the append while the store is away. A row
is announced as stored after the append has returned, never before; whoever hears of it may acknowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from cadran.replay.schema import Identity, ReplayError, ReplayUnavailable, Rows, TransitionSchema, identities
from cadran.runtime.retry import RetrySpec
from cadran.wire.causes import Cause

T = TypeVar("T")


class AsyncStore(Protocol):
    """The part of an asynchronous replay store that ingest needs."""

    async def append(self, du: int, rows: Rows) -> int:
        """Store what is new; ``ReplayUnavailable`` if the store does not answer."""

    async def last(self, du: int) -> Identity | None:
        """Identity of the row stored last."""

    async def count(self, du: int) -> int:
        """Rows ever stored."""


@dataclass(frozen=True)
class Report:
    """One dApp report as it came over E2, not yet looked into.

    Attributes:
        du: DU of the association that it came over.
        stated_du: DU that the report itself names.
        fingerprint: Schema of the rows, as the dApp names it.
        row_count: Rows that the dApp says it sent.
        rows: The rows' bytes.
        previous: The dApp's unacknowledged row right before them; None if they begin with the oldest one.
    """

    du: int
    stated_du: int
    fingerprint: str
    row_count: int
    rows: bytes
    previous: Identity | None = None


class ReportError(ValueError):
    """A report that cannot be stored; repeating it does not help.

    Attributes:
        cause: What to tell the dApp.
    """

    def __init__(self, cause: Cause) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True)
class Stored:
    """What one append brought to rest.

    Attributes:
        du: The DU.
        fresh: Identities newly stored, ascending; empty if all were there before.
        duplicates: Rows of the reports that were there before.
        last: Identity of the DU's last row at rest.
        seconds: From the first attempt to the append's return.
        beyond_gap: Rows left out because the ones before them have not come; the dApp will send them again.
    """

    du: int
    fresh: tuple[Identity, ...]
    duplicates: int
    last: Identity | None
    seconds: float
    beyond_gap: int = 0


class IngestObserver(Protocol):
    """Whoever wants to know how ingest goes; called in the event loop."""

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        """The store has told what it holds per DU, rows ever stored and the last one; appends follow."""

    def stored(self, stored: Stored) -> None:
        """Rows are at rest (or were already)."""

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        """The store did not answer; the append will be repeated."""


def decode_report(report: Report, schema: TransitionSchema) -> Rows:
    """The rows of a report, checked in full.

    Raises:
        ReportError: Wrong DU, schema, length or count, a number that is not finite, or rows that do not
            rise in (epoch, frame).
    """
    if report.stated_du != report.du:
        text = f"the report names DU {report.stated_du}, this is the association of DU {report.du}"
        raise ReportError(Cause("dapp", "du-unknown", text))
    if report.fingerprint != schema.fingerprint:
        text = f"rows of schema '{report.fingerprint}', only '{schema.fingerprint}' can be stored"
        raise ReportError(Cause("dapp", "schema-mismatch", text))
    try:
        rows = schema.decode(report.rows)
    except ReplayError as error:
        raise ReportError(Cause("protocol", "semantic-error", str(error))) from error
    if len(rows) != report.row_count:
        text = f"the report names {report.row_count} rows and holds {len(rows)}"
        raise ReportError(Cause("protocol", "semantic-error", text))
    if not _rises(rows):
        raise ReportError(Cause("protocol", "semantic-error", "rows must rise in (epoch, frame)"))
    return rows


def _rises(rows: Rows) -> bool:
    epoch, frame = rows["epoch"], rows["frame"]
    later = (epoch[1:] > epoch[:-1]) | ((epoch[1:] == epoch[:-1]) & (frame[1:] > frame[:-1]))
    return bool(later.all())


def _after(rows: Rows, last: Identity | None) -> Rows:
    """The rows beyond ``last``; rising rows, so they are a tail."""
    if last is None or len(rows) == 0 or identities(rows[:1])[0] > last:
        return rows
    fresh: Rows = rows[(rows["epoch"] > last[0]) | ((rows["epoch"] == last[0]) & (rows["frame"] > last[1]))]
    return fresh


@dataclass(frozen=True)
class _Waiting:
    rows: Rows
    previous: Identity | None


class Ingest:
    """Queues and writers of all DUs.

    Args:
        schema: Layout of the rows.
        dus: Number of DUs.
        store: Where rows come to rest.
        observer: Hears of every append.
        retry: Waits while the store is away.
        limit: Reports that may wait per DU.
    """

    def __init__(
        self,
        schema: TransitionSchema,
        dus: int,
        store: AsyncStore,
        observer: IngestObserver,
        retry: RetrySpec,
        limit: int,
    ) -> None:
        self.schema = schema
        self._store = store
        self._observer = observer
        self._retry = retry
        self._queues: list[asyncio.Queue[_Waiting]] = [asyncio.Queue(limit) for _ in range(dus)]
        self._last: list[Identity | None] = [None] * dus
        self._counts = [0] * dus

    @property
    def counts(self) -> tuple[int, ...]:
        """Per DU, rows ever at rest; all 0 until the store has answered."""
        return tuple(self._counts)

    def last(self, du: int) -> Identity | None:
        """Identity of the DU's last row at rest, as far as known here."""
        return self._last[du]

    def offer(self, report: Report) -> None:
        """Take one report into its DU's queue; never waits.

        Raises:
            ReportError: The report is unsound, or the queue is full.
        """
        rows = decode_report(report, self.schema)
        try:
            self._queues[report.du].put_nowait(_Waiting(rows, report.previous))
        except asyncio.QueueFull as error:
            text = f"{self._queues[report.du].maxsize} reports wait for the store, send it again later"
            raise ReportError(Cause("dapp", "not-stored", text)) from error

    async def run(self) -> None:
        """Write until cancelled."""
        for du in range(len(self._queues)):
            self._last[du] = await self._until_answered(du, partial(self._store.last, du))
            self._counts[du] = await self._until_answered(du, partial(self._store.count, du))
        self._observer.opened(self._counts, self._last)
        async with asyncio.TaskGroup() as writers:
            for du in range(len(self._queues)):
                writers.create_task(self._write(du), name=f"ingest of DU {du}")

    async def _write(self, du: int) -> None:
        queue = self._queues[du]
        while True:
            waiting = [await queue.get()]
            while not queue.empty():
                waiting.append(queue.get_nowait())
            await self._append(du, waiting)

    async def _append(self, du: int, waiting: list[_Waiting]) -> None:
        rows, beyond_gap = self._fresh(du, waiting)
        fresh = tuple(identities(rows))
        clock = asyncio.get_running_loop().time
        started = clock()
        if len(rows):
            await self._until_answered(du, partial(self._store.append, du, rows))
            self._last[du] = fresh[-1]
            self._counts[du] += len(rows)
        self._observer.stored(
            Stored(
                du=du,
                fresh=fresh,
                duplicates=sum(len(one.rows) for one in waiting) - len(rows) - beyond_gap,
                last=self._last[du],
                seconds=clock() - started,
                beyond_gap=beyond_gap,
            )
        )

    def _fresh(self, du: int, waiting: list[_Waiting]) -> tuple[Rows, int]:
        """What the queued reports hold beyond the last row at rest and beyond each other, in order.

        The second result is the number of rows left out because they lie beyond a gap.
        Acknowledgements are cumulative, so nothing beyond a gap may be stored: the rows that fill the gap
        would count as acknowledged and never be sent again.
        """
        last, parts, beyond_gap = self._last[du], [], 0
        for one in waiting:
            if one.previous is not None and (last is None or last < one.previous):
                beyond_gap += len(one.rows)
                continue
            fresh = _after(one.rows, last)
            if len(fresh):
                last = identities(fresh[-1:])[0]
                parts.append(fresh)
        if len(parts) == 1:
            return parts[0], beyond_gap
        return (np.concatenate(parts) if parts else self.schema.empty(0)), beyond_gap

    async def _until_answered(self, du: int, attempt: Callable[[], Awaitable[T]]) -> T:
        failures = 0
        while True:
            try:
                return await attempt()
            except ReplayUnavailable as error:
                failures += 1
                self._observer.retried(du, error)
                await asyncio.sleep(self._retry.wait_s(failures))
