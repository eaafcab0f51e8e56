"""Results on disk: each in a folder that is complete or absent, whenever the process ends."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

_PARTIAL = ".partial"


class Store:
    """Folders named by keys.

    Args:
        root: Where they lie; made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def has(self, key: str) -> bool:
        """Whether the result is there, complete."""
        return self.folder(key).is_dir()

    def folder(self, key: str) -> Path:
        """Where the result lies, or would."""
        return self._root / key

    def keep(self, key: str, write: Callable[[Path], None]) -> None:
        """Store a result at once or not at all; one that is there already stays.

        Args:
            key: Its name.
            write: Writes its files into the empty folder that it is given.
        """
        partial = self._root / f".{key}.{uuid.uuid4().hex}{_PARTIAL}"
        partial.mkdir()
        try:
            write(partial)
            for path in (*partial.rglob("*"), partial):
                _flush(path)
            if not self.has(key):
                partial.rename(self.folder(key))
                _flush(self._root)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what was left half-written. Only for who alone writes here."""
        for partial in self._root.glob(f".*{_PARTIAL}"):
            shutil.rmtree(partial)


def _flush(path: Path) -> None:
    """To the disk, a file's content or a folder's entries, so that the later rename cannot come before it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
