"""The rApp's own copy of the experience: the newest rows of every DU, on disk, in bounded space.

Layout: per DU a file ``du<n>.rows``, a ring of packed rows, and ``head.json`` with what is valid in them.
Rows go into slots that no valid row stands in, are flushed, and count once the head is written; so a kill at
any moment leaves what was valid before or what is valid after, and rows and cursor never disagree.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cadran.replay import ReplayError, Rows, Slice, TransitionSchema
from cadran.runtime.files import atomic_write

_HEAD = "head.json"


class Place(BaseModel):
    """What is kept of one DU."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cursor: int = Field(default=0, ge=0, description="index in the store up to which rows were read")
    count: int = Field(default=0, ge=0, description="rows ever kept")
    skipped: int = Field(default=0, ge=0, description="rows overwritten in the store before they were read")


class _Head(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    form: str
    places: tuple[Place, ...]


class KeptRows:
    """Rings on disk; one process and one thread at a time.

    Args:
        root: Directory of its files; created if absent.
        schema: Layout of a row.
        dus: Number of DUs.
        capacity: Rows that can be read back per DU.
        slack: Rows of a DU that may be appended between two commits.

    Raises:
        ReplayError: The directory holds rows of another form, or a head that cannot be read.
        OSError: The disk has no room for the rings.
    """

    def __init__(
        self, root: Path, schema: TransitionSchema, dus: int, capacity: int, slack: int = 1024
    ) -> None:
        self.schema = schema
        self._root = root
        self._capacity = capacity
        self._slots = capacity + slack
        self._form = f"{schema.fingerprint}/{dus}/{self._slots}"
        root.mkdir(parents=True, exist_ok=True)
        for torn in root.glob(".*.partial"):
            torn.unlink()
        self._valid = self._read_head(dus)
        self._ahead = list(self._valid)
        self._rings = [self._open_ring(root / f"du{du}.rows") for du in range(dus)]

    def _read_head(self, dus: int) -> list[Place]:
        path = self._root / _HEAD
        if not path.exists():
            return [Place()] * dus
        try:
            head = _Head.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ReplayError(f"{path}: {error.errors()[0]['msg']}") from error
        if head.form != self._form:
            raise ReplayError(
                f"{self._root} keeps rows of form {head.form}, this service uses {self._form} "
                "(schema/DUs/rows): choose another state directory"
            )
        if len(head.places) != dus:
            raise ReplayError(f"{path}: tells of {len(head.places)} DUs, not of {dus}")
        return list(head.places)

    def _open_ring(self, path: Path) -> Rows:
        size = self._slots * self.schema.row_bytes
        with path.open("ab") as file:
            file.truncate(size)
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk is told here, not by SIGBUS later
        ring: Rows = np.memmap(path, self.schema.dtype, "r+", shape=(self._slots,))
        return ring

    @property
    def slack(self) -> int:
        """Rows of a DU that may be appended between two commits."""
        return self._slots - self._capacity

    @property
    def places(self) -> list[Place]:
        """What is valid of each DU."""
        return list(self._valid)

    @property
    def cursors(self) -> list[int]:
        """Per DU, the index in the store up to which rows are kept."""
        return [place.cursor for place in self._valid]

    def append(self, du: int, part: Slice) -> None:
        """Put rows that follow the cursor, or come later, behind those there are; `commit` makes them valid.

        As in a store, a row whose identity is not above the last one's is there already and is passed over.

        Raises:
            ReplayError: More rows than the slack since the last commit.
        """
        ahead = self._ahead[du]
        rows = part.rows[self._above_last(du, part.rows)]
        if ahead.count + len(rows) - self._valid[du].count > self.slack:
            raise ReplayError(f"DU {du}: more than {self.slack} rows appended between two commits")
        self._rings[du][(ahead.count + np.arange(len(rows))) % self._slots] = rows
        self._ahead[du] = Place(
            cursor=part.start + len(part.rows),
            count=ahead.count + len(rows),
            skipped=ahead.skipped + max(0, part.start - ahead.cursor),
        )

    def _above_last(self, du: int, rows: Rows) -> NDArray[np.bool_]:
        count = self._ahead[du].count
        if count == 0:
            return np.ones(len(rows), np.bool_)
        last = self._rings[du][(count - 1) % self._slots]
        same = (rows["epoch"] == last["epoch"]) & (rows["frame"] > last["frame"])
        found: NDArray[np.bool_] = same | (rows["epoch"] > last["epoch"])
        return found

    def begin_anew(self, dus: Sequence[int]) -> None:
        """Read on from the beginning of these DUs' rows in the store; those that are kept stay.

        Raises:
            OSError: The disk refuses; the cursors stay.
        """
        for du in dus:
            self._ahead[du] = self._ahead[du].model_copy(update={"cursor": 0})
        self.commit()

    def commit(self) -> None:
        """Make everything appended valid: rows first, then the head.

        Raises:
            OSError: The disk refuses; what was valid stays valid, and what was appended is forgotten.
        """
        try:
            self._write()
        except OSError:
            self._ahead = list(self._valid)
            raise
        self._valid = list(self._ahead)

    def _write(self) -> None:
        for ring, ahead, valid in zip(self._rings, self._ahead, self._valid, strict=True):
            if ahead != valid and isinstance(ring, np.memmap):
                ring.flush()
        head = _Head(form=self._form, places=tuple(self._ahead))
        atomic_write(self._root / _HEAD, head.model_dump_json().encode())

    def rows(self, du: int, upto: int | None = None) -> Rows:
        """A copy of the DU's newest valid rows, oldest first.

        Args:
            du: The DU.
            upto: Number of the row to stop before, counted as ``Place.count`` does; None for all.
        """
        count = self._valid[du].count
        stop = count if upto is None else min(count, upto)
        start = max(0, count - self._capacity)
        found: Rows = self._rings[du][np.arange(start, max(start, stop)) % self._slots]
        return np.array(found)

    def __len__(self) -> int:
        """Number of DUs."""
        return len(self._valid)
