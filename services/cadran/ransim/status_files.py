"""What a RAN leaves in a folder for people: written by a thread, so that no frame waits for a disk."""

from __future__ import annotations

import csv
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cadran.runtime import atomic_write
from cadran.runtime.disk import DiskWatch

_STATUS, _EPISODES = "status.json", "episodes.csv"


class StatusFiles:
    """status.json and episodes.csv of one folder.

    A write that the disk refuses is told of, and lost: the next status says more, and the RAN goes on.

    Args:
        folder: made if it is not there.
        fields: names of the columns of episodes.csv.
        disk: hears of what the disk refuses.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path, fields: Sequence[str], disk: DiskWatch) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._fields = fields
        self._disk = disk
        self._lock = threading.Lock()
        self._status: bytes | None = None
        self._writer = ThreadPoolExecutor(1, "status-files")

    def replace_status(self, status: bytes) -> None:
        """Replaces status.json; on a slow disk only the newest of those that wait is written."""
        with self._lock:
            waits, self._status = self._status is not None, status
        if not waits:
            self._writer.submit(self._write_status)

    def append_episode(self, rows: Sequence[Sequence[object]]) -> None:
        """Appends rows to episodes.csv."""
        self._writer.submit(self._write_episode, rows)

    def close(self) -> None:
        """Returns when all is written."""
        self._writer.shutdown()

    def _write_status(self) -> None:
        with self._lock:
            status, self._status = self._status, None
        if status is not None:
            with self._disk.writing(_STATUS):
                atomic_write(self._folder / _STATUS, status)

    def _write_episode(self, rows: Sequence[Sequence[object]]) -> None:
        path = self._folder / _EPISODES
        with self._disk.writing(_EPISODES), path.open("a", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(self._fields)
            writer.writerows(rows)
