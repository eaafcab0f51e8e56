"""The contract of a replay store, and the store that lives in the process's own memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cadran.replay.schema import Identity, ReplayEmptiedError, ReplayError, Rows, TransitionSchema, identities


@dataclass(frozen=True)
class Slice:
    """Rows that follow each other in a store.

    Attributes:
        start: absolute index of the first row, counted from the first row ever stored.
        rows: the rows; may be empty.
        count: rows ever stored, at the moment of the reading.
    """

    start: int
    rows: Rows
    count: int


class Replay(Protocol):
    """Experience of several DUs, one ring of rows per DU.

    A DU's rows are identified by (epoch, frame), which must rise: a row whose identity is not above the last
    stored one is a duplicate and is dropped; gaps are accepted. A row keeps its absolute index for ever, and
    can be read until `capacity` rows have been stored after it.

    Every method raises `ReplayError` for a DU outside 0..dus-1, and `ReplayUnavailable` if a remote store
    does not answer.
    """

    @property
    def schema(self) -> TransitionSchema:
        """Layout of the rows."""

    @property
    def dus(self) -> int:
        """Number of DUs."""

    @property
    def capacity(self) -> int:
        """Rows kept per DU."""

    def append(self, du: int, rows: Rows) -> int:
        """Store the rows that are new, in their order; returns how many. A second time changes nothing."""

    def count(self, du: int) -> int:
        """Rows ever stored for the DU."""

    def last(self, du: int) -> Identity | None:
        """(epoch, frame) of the row stored last, or None."""

    def rows(self, du: int, start: int, stop: int) -> Rows:
        """Rows start..stop-1 by absolute index; IndexError if one is overwritten or not yet stored."""

    def tail(self, cursors: Sequence[int], limit: int) -> list[Slice]:
        """For each DU, up to `limit` readable rows from its cursor on.

        A slice starts later than its cursor only if the rows between are overwritten. Fewer rows than are
        readable may come, none only if there is none. `ReplayEmptiedError` if a cursor is ahead of the store.
        """


_SLICE_BYTES = 4 << 20


def slice_rows(schema: TransitionSchema) -> int:
    """Rows to ask for at once (4 MiB), so that one reader never holds a server for long."""
    return max(1, _SLICE_BYTES // schema.row_bytes)


def check_du(replay: Replay, du: int) -> None:
    """Raise `ReplayError` unless the store has this DU."""
    if not 0 <= du < replay.dus:
        raise ReplayError(f"DU {du}: this replay holds DUs 0 to {replay.dus - 1}")


def check_sizes(dus: int, capacity: int) -> None:
    """Raise `ReplayError` unless a store can have these sizes."""
    if dus < 1 or capacity < 1:
        raise ReplayError(f"replay of {dus} DUs with {capacity} rows each: both must be at least 1")


def check_cursor(du: int, cursor: int, count: int) -> None:
    """Raise `ReplayEmptiedError` if a reader is ahead of the store, which is not what it was before."""
    if cursor > count:
        raise ReplayEmptiedError(
            du,
            f"DU {du}: read up to row {cursor}, but the store holds {count}: "
            "it was emptied or replaced while in use",
        )


def read_between(replay: Replay, start: Sequence[int], stop: Sequence[int]) -> list[Rows]:
    """Per DU, the rows start..stop-1 by absolute index, without those that are overwritten or not stored yet.

    Raises:
        ReplayUnavailable: the store does not answer.
    """
    limit = slice_rows(replay.schema)
    found: list[list[Rows]] = [[] for _ in start]
    at = [min(pair) for pair in zip(start, stop, strict=True)]
    behind = any(cursor < end for cursor, end in zip(at, stop, strict=True))
    while behind:
        behind = False
        for du, part in enumerate(replay.tail(at, limit)):
            rows = part.rows[: max(0, stop[du] - part.start)]
            at[du] = max(part.start, at[du]) + len(rows)
            if len(rows):
                found[du].append(rows)
                behind = behind or at[du] < stop[du]
    return [np.concatenate(parts) if parts else replay.schema.empty(0) for parts in found]


class MemoryReplay:
    """Replay in this process: for the lab, for tests, and as the model of what the Redis store does."""

    def __init__(self, schema: TransitionSchema, dus: int, capacity: int) -> None:
        check_sizes(dus, capacity)
        self.schema = schema
        self.dus = dus
        self.capacity = capacity
        self._ring: Rows = np.zeros((dus, capacity), schema.dtype)
        self._count = [0] * dus
        self._last: list[Identity | None] = [None] * dus

    def append(self, du: int, rows: Rows) -> int:
        """See `Replay.append`."""
        check_du(self, du)
        self.schema.check(rows)
        new = self._new_rows(du, rows)
        if len(new) == 0:
            return 0
        readable = new[-self.capacity :]
        first = self._count[du] + len(new) - len(readable)
        self._ring[du, (first + np.arange(len(readable))) % self.capacity] = readable
        self._count[du] += len(new)
        self._last[du] = identities(new[-1:])[0]
        return len(new)

    def _new_rows(self, du: int, rows: Rows) -> Rows:
        last = self._last[du]
        new: list[int] = []
        for index, identity in enumerate(identities(rows)):
            if last is None or identity > last:
                new.append(index)
                last = identity
        return rows if len(new) == len(rows) else rows[new]

    def count(self, du: int) -> int:
        """See `Replay.count`."""
        check_du(self, du)
        return self._count[du]

    def last(self, du: int) -> Identity | None:
        """See `Replay.last`."""
        check_du(self, du)
        return self._last[du]

    def rows(self, du: int, start: int, stop: int) -> Rows:
        """See `Replay.rows`."""
        check_du(self, du)
        count = self._count[du]
        oldest = max(0, count - self.capacity)
        if not oldest <= start <= stop <= count:
            raise IndexError(f"DU {du}: rows {start} to {stop}: only {oldest} to {count} can be read")
        rows: Rows = self._ring[du, np.arange(start, stop) % self.capacity]
        return rows

    def tail(self, cursors: Sequence[int], limit: int) -> list[Slice]:
        """See `Replay.tail`."""
        slices = []
        for du, cursor in enumerate(cursors):
            count = self.count(du)
            check_cursor(du, cursor, count)
            start = max(cursor, count - self.capacity)
            slices.append(Slice(start, self.rows(du, start, min(count, start + limit)), count))
        return slices
