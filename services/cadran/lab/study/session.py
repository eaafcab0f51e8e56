"""The time that a study took: one record per session, so that interrupted ones count as well."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cadran.runtime import atomic_write

BEAT_EVERY_S = 10.0

End = Literal["killed", "finished", "interrupted", "failed"]


@dataclass(frozen=True)
class SessionRecord:
    """One start of the command.

    Attributes:
        started: Local time with its offset, ISO 8601.
        elapsed_s: How long it ran; of a killed one, to within ``BEAT_EVERY_S`` before its end [s].
        results: Results that it computed.
        ended: How. It counts as killed until it says otherwise.
    """

    started: str
    elapsed_s: float
    results: int
    ended: End = "killed"


class Session:
    """Writes down that this session goes on.

    Args:
        path: Its record.
        clock: Monotonic time [s].
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._began_s = clock()
        self._beat_s = self._began_s
        self._started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._results = 0
        self._write("killed")

    def beat(self, results: int) -> None:
        """Note the time, if the last note is old, and how many results there are from this session."""
        self._results = results
        if self._clock() - self._beat_s >= BEAT_EVERY_S:
            self._beat_s = self._clock()
            self._write("killed")

    def end(self, how: End) -> None:
        """Note the time, and that it is over."""
        self._write(how)

    def _write(self, ended: End) -> None:
        record = SessionRecord(self._started, self._clock() - self._began_s, self._results, ended)
        atomic_write(self._path, (json.dumps(asdict(record), indent=1) + "\n").encode())


@contextmanager
def recorded(folder: Path) -> Iterator[Session]:
    """A session whose record in ``folder`` says how it ended."""
    folder.mkdir(parents=True, exist_ok=True)
    session = Session(folder / f"{time.time_ns()}.json")
    try:
        yield session
    except KeyboardInterrupt:
        session.end("interrupted")
        raise
    except BaseException:
        session.end("failed")
        raise
    session.end("finished")


def sessions(folder: Path) -> tuple[SessionRecord, ...]:
    """All sessions of a folder, the first one first."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json")))
    return tuple(SessionRecord(**json.loads(text)) for text in texts)
