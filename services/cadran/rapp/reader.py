"""Brings experience of all DUs from the shared store into the rApp's own copy, each row once.

A round takes up what the store has beyond the copy, in bounded pieces, makes it valid on disk, and only then
acknowledges it for the consumer group. A kill before the copy is valid reads the same rows again; a kill
between the copy and the acknowledgement finds them in the copy, which decides where reading goes on.

A store that does not know the group any more, or holds fewer rows of a DU than were read, has lost them:
reading goes on from the beginning of what it holds, and what is kept stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cadran.rapp.kept_rows import KeptRows
from cadran.replay import ReplayEmptiedError, Slice
from cadran.replay.store import slice_rows


class Source(Protocol):
    """The part of a replay store that reading needs; see `replay.Replay`."""

    def tail(self, cursors: Sequence[int], limit: int) -> list[Slice]:
        """For each DU, up to `limit` readable rows from its cursor on."""


class Group(Protocol):
    """A membership in a consumer group; see `replay.consumer_group.ConsumerGroup`."""

    def known(self) -> bool:
        """Whether the server remembers the group."""

    def join(self) -> list[int]:
        """Become the group's reader."""

    def acknowledge(self, positions: Sequence[int]) -> None:
        """Say that rows below these indices are kept."""


@dataclass(frozen=True)
class Read:
    """What one round brought.

    Attributes:
        rows: Rows per DU.
        skipped: Rows per DU that the store overwrote before they were read.
        behind: Rows per DU that the store still has beyond the copy.
    """

    rows: tuple[int, ...]
    skipped: tuple[int, ...]
    behind: tuple[int, ...]


class Reader:
    """Reads for one consumer group.

    Args:
        source: The store.
        group: The membership; joined at the first round.
        kept: The copy.

    Attributes:
        emptied: DUs whose rows the store has lost; whoever has told of them clears it.
    """

    def __init__(self, source: Source, group: Group, kept: KeptRows) -> None:
        self._source = source
        self._group = group
        self._kept = kept
        self._limit = min(kept.slack, slice_rows(kept.schema))
        self._joined = False
        self.emptied: set[int] = set()

    def read(self) -> Read:
        """Take up one piece per DU.

        Raises:
            ReplayUnavailable: The store does not answer; what was kept stays, and the call may be repeated.
            ReaderReplacedError: Another process reads for the group now.
            ReplayError: The store holds rows of another form.
            OSError: The disk refuses.
        """
        if any(self._kept.cursors) and not self._group.known():
            self._begin_anew(range(len(self._kept)))
        if not self._joined:
            self._group.join()
            self._joined = True
        before = self._kept.places
        parts = self._tail()
        for du, part in enumerate(parts):
            if len(part.rows):
                self._kept.append(du, part)
        if any(len(part.rows) for part in parts):
            self._kept.commit()
        # Also when nothing was new: the acknowledgement of an earlier round may not have come through.
        self._group.acknowledge(self._kept.cursors)
        after = self._kept.places
        return Read(
            rows=tuple(now.count - then.count for now, then in zip(after, before, strict=True)),
            skipped=tuple(now.skipped - then.skipped for now, then in zip(after, before, strict=True)),
            behind=tuple(part.count - now.cursor for part, now in zip(parts, after, strict=True)),
        )

    def _tail(self) -> list[Slice]:
        while True:
            try:
                return self._source.tail(self._kept.cursors, self._limit)
            except ReplayEmptiedError as error:
                self._begin_anew([error.du])

    def _begin_anew(self, dus: Sequence[int]) -> None:
        self._kept.begin_anew(dus)
        self.emptied.update(dus)
