"""What a service says about files that it cannot write: one log line when it begins, one when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Counter

from cadran.runtime.http import Health

DISK = "disk"
"""Condition of health: everything that was to be written could be."""


class DiskWatch:
    """Remembers which files cannot be written now; may be told from several threads.

    Args:
        refusals: Counts failed writes; its one label is the file.
        health: Has the condition ``DISK``, which holds from the beginning; None: no
            readiness depends on it.
    """

    def __init__(self, refusals: Counter, health: Health | None) -> None:
        self._refusals = refusals
        self._health = health
        self._lock = threading.Lock()
        self._failing: dict[str, str] = {}
        self._tell(None)

    @contextmanager
    def writing(self, file: str) -> Iterator[None]:
        """Write inside of it what may be missing for a while: a refusal is told of, and goes no further."""
        try:
            yield
        except OSError as error:
            self.refused(file, error)
        else:
            self.written(file)

    def refused(self, file: str, error: OSError) -> None:
        """A write failed; nothing of it is there."""
        reason = f"{file}: {error.strerror or error}"
        self._refusals.labels(file).inc()
        with self._lock:
            new = file not in self._failing
            self._failing[file] = reason
            self._tell(reason)
        if new:
            structlog.get_logger("cadran.disk").error("a file cannot be written", file=file, error=str(error))

    def written(self, file: str) -> None:
        """A write came through."""
        with self._lock:
            if self._failing.pop(file, None) is None:
                return
            self._tell(next(iter(self._failing.values()), None))
        structlog.get_logger("cadran.disk").info("a file can be written again", file=file)

    def _tell(self, reason: str | None) -> None:
        """Called with the lock held, so that health hears in order what happened."""
        if self._health is None:
            return
        if reason is None:
            self._health.met(DISK)
        else:
            self._health.unmet(DISK, reason)
