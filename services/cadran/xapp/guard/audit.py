"""The audit log: one JSON line for each decision of the guard, on disk, bounded, and never in the way.

``append`` hands a line to a thread of its own and returns; the thread writes what has gathered, flushes it,
and asks the disk to keep it (fsync) at most once in ``SYNC_S`` and when it closes. So a killed process loses
what was handed over in the last moment, and a power failure up to ``SYNC_S``. Lines that find more than
``QUEUE_LINES`` waiting are dropped and counted: the loop never waits for a disk.

Files are ``audit.jsonl`` and older ones ``audit.jsonl.1`` ...; lines are only ever appended, a full file is
renamed, and the oldest goes when there are too many. Numbers of lines rise by one and go on over restarts.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from cadran.xapp.guard.control import Event, SourceKind

SYNC_S = 1.0
QUEUE_LINES = 10_000
NEWEST = 200
_END = None
_NAME = "audit.jsonl"

Line = dict[str, Any]
"""An `Event` as JSON has it, with its ``number``."""


class _Kept(BaseModel):
    """A line as `AuditLog` writes it: an `Event` and its number."""

    model_config = ConfigDict(strict=True, extra="forbid")

    number: int
    unix_s: FiniteFloat
    du: int
    source: str
    name: str
    control: str
    verdict: str
    cause: str
    text: str
    values: dict[str, Any]


@dataclass(frozen=True)
class AuditSpec:
    """Bounds of the log.

    Attributes:
        file_bytes: Size at which a file is full.
        files: Files kept, the one written to included; at least 2.
    """

    file_bytes: int
    files: int


@dataclass(frozen=True)
class Query:
    """Which lines are wanted; None: any.

    Attributes:
        du: Of this DU.
        source: Of this source.
        verdict: With this verdict.
        since_s: Not before this Unix time.
        until_s: Before this Unix time.
        before: With a lower number than this, for the next page.
        limit: At most so many.
    """

    du: int | None = None
    source: str | None = None
    verdict: str | None = None
    since_s: float | None = None
    until_s: float | None = None
    before: int | None = None
    limit: int = 100

    def wants(self, line: Line) -> bool:
        """Whether a line is wanted."""
        return (
            (self.du is None or line["du"] == self.du)
            and (self.source is None or line["source"] == self.source)
            and (self.verdict is None or line["verdict"] == self.verdict)
            and (self.since_s is None or line["unix_s"] >= self.since_s)
            and (self.until_s is None or line["unix_s"] < self.until_s)
            and (self.before is None or line["number"] < self.before)
        )


class AuditObserver(Protocol):
    """Whoever wants to know how writing goes; called on the log's thread, the last one in the loop."""

    def disk_refused(self, file: str, error: OSError) -> None:
        """Lines could not be written, and are lost to the file."""

    def disk_written(self, file: str) -> None:
        """Lines were written."""

    def audit_dropped(self) -> None:
        """A line was dropped because too many wait."""


class AuditLog:
    """Appends lines and finds them again.

    Args:
        folder: Where; made if missing.
        spec: Bounds.
        observer: Hears of the disk.
        now_s: Monotonic seconds, for the pace of fsync.

    Attributes:
        verdicts: Lines appended in this life, by verdict.

    Raises:
        OSError: The folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        spec: AuditSpec,
        observer: AuditObserver,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._spec = spec
        self._observer = observer
        self._now_s = now_s
        self._synced_s = now_s()
        self._unsynced = False
        self._torn = True  # whether the file may end within a line
        self._waiting: queue.Queue[Line | None] = queue.Queue(QUEUE_LINES)
        self._renaming = threading.Lock()
        self.verdicts: Counter[str] = Counter()
        self._newest: deque[Line] = deque(maxlen=NEWEST)
        last = self.find(Query(limit=NEWEST))
        self._newest.extend(line for line in reversed(last) if _notable(line))
        self._next = last[0]["number"] + 1 if last else 0
        self._writer = threading.Thread(target=self._write_all, name="audit", daemon=True)
        self._writer.start()

    @property
    def newest(self) -> tuple[Line, ...]:
        """The newest lines, newest first, from memory; policies of the learner that passed are left out."""
        return tuple(reversed(self._newest))

    def append(self, event: Event) -> None:
        """Number a line and hand it to the writer; returns at once."""
        line = {"number": self._next, **asdict(event)}
        self._next += 1
        self.verdicts[event.verdict] += 1
        if _notable(line):
            self._newest.append(line)
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._observer.audit_dropped()

    def find(self, query: Query) -> list[Line]:
        """Lines on disk that are wanted, newest first; reads files, so call it on a thread."""
        with self._renaming:
            lines = (line for path in self._files() if path.exists() for line in _lines(path.read_bytes()))
            return list(itertools.islice(filter(query.wants, lines), query.limit))

    def close(self) -> None:
        """Write what waits, have the disk keep it, and end the thread."""
        self._waiting.put(_END)
        self._writer.join()

    # ------------------------------------------------------------------------------------- the thread

    def _files(self) -> Iterator[Path]:
        """Newest first."""
        yield self._folder / _NAME
        for age in range(1, self._spec.files):
            yield self._folder / f"{_NAME}.{age}"

    def _write_all(self) -> None:
        open_ = True
        while open_:
            lines, open_ = self._gathered()
            if not (lines or self._unsynced):
                continue
            try:
                self._write(lines, sync=not open_)
            except OSError as error:
                self._observer.disk_refused(_NAME, error)
            else:
                self._observer.disk_written(_NAME)

    def _gathered(self) -> tuple[list[Line], bool]:
        """All that waits, or nothing after ``SYNC_S`` without a line; and whether more may come."""
        lines: list[Line] = []
        timeout_s = SYNC_S
        while True:
            try:
                line = self._waiting.get(timeout=timeout_s)
            except queue.Empty:
                return lines, True
            if line is _END:
                return lines, False
            lines.append(line)
            timeout_s = 0.0

    def _write(self, lines: list[Line], *, sync: bool) -> None:
        path = self._folder / _NAME
        with path.open("ab+") as file:
            if self._torn:
                _close_a_torn_line(file)
            self._torn = True
            for line in lines:
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            file.flush()
            self._torn = False
            full = file.tell() >= self._spec.file_bytes
            self._unsynced = True
            if sync or full or self._now_s() - self._synced_s >= SYNC_S:
                self._sync(file)
        if full:
            self._rotate()

    def _sync(self, file: IO[bytes]) -> None:
        os.fsync(file.fileno())
        self._synced_s = self._now_s()
        self._unsynced = False

    def _rotate(self) -> None:
        files = list(self._files())
        with self._renaming:
            for older, newer in zip(reversed(files), reversed(files[:-1]), strict=False):
                if newer.exists():
                    newer.replace(older)


def _close_a_torn_line(file: IO[bytes]) -> None:
    """A killed writer, or a disk that filled, may have left half a line; the next must begin on its own."""
    if file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _notable(line: Line) -> bool:
    """Whether a person wants to see it at once: the learner's policies pass every second."""
    return not (line["source"] == SourceKind.LEARNER.value and line["verdict"] == "allowed")


def _lines(data: bytes) -> Iterator[Line]:
    """Whole lines of a file, the last one first; what is no line of ours is left out."""
    for text in reversed(data.splitlines()):
        try:
            yield _Kept.model_validate_json(text).model_dump()
        except ValidationError:
            continue
