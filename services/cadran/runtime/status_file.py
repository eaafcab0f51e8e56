"""What a service says of itself in a file, again and again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from cadran.runtime.disk import DiskWatch
from cadran.runtime.files import atomic_write


class StatusFile:
    """One file; what stands in it was made after all that stood there before.

    Args:
        path: of the file; its folder must exist.
        period_s: time between two writes [s].
        status: makes the content; called from any thread.
        disk: hears of what the disk refuses.
    """

    def __init__(self, path: Path, period_s: float, status: Callable[[], bytes], disk: DiskWatch) -> None:
        self._path = path
        self._period_s = period_s
        self._status = status
        self._disk = disk
        self._lock = threading.Lock()

    async def keep(self) -> None:
        """Write until cancelled. A write that is under way then goes on, in its thread."""
        while True:
            await asyncio.to_thread(self.write)
            await asyncio.sleep(self._period_s)

    def write(self) -> None:
        """Write once, after a write that is under way."""
        with self._lock, self._disk.writing(self._path.name):
            atomic_write(self._path, self._status())
