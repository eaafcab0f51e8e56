"""Files that are either the old ones or the new ones, never half of each."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


def atomic_write(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a crash at any moment leaves the old content or the new one.

    The bytes go to a temporary file of the same folder, which is flushed to the disk and then renamed over
    `path`; the folder is flushed last, because the rename itself is data of the folder. The file gets the
    mode that the process's umask gives to new files.

    Args:
        path: the file; its folder must exist.
        data: the whole content [bytes].

    Raises:
        OSError: the folder is missing or not writable, or the disk is full; `path` is as it was.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file; a disk that is full leaves none of it.

    Args:
        path: the file; created if absent.
        line: without its end.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    with path.open("ab", buffering=0) as file:
        end, data = file.tell(), line.encode() + b"\n"
        if file.write(data) < len(data):  # a disk that fills up takes a part, and refuses the next write
            file.truncate(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Claim a folder for this process inside this context; a process that ends in any way lets go of it.

    Args:
        folder: an existing folder; a file named `lock` in it is what is held.

    Raises:
        BlockingIOError: another process holds it.
        OSError: the folder is missing or not writable.
    """
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exposed(mode: int) -> bool:
    """Whether a file's mode lets others read it, or lets anyone but its owner change it."""
    return bool(mode & 0o027)
