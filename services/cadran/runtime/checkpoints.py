"""Checkpoints of a learner: one file each, whole or absent, verified on reading.

Their numbers only grow, so the newest is known whatever the clock or any counter inside does.

Layout of a file: 8 bytes magic, 8 bytes little-endian length of the header, the header (JSON, UTF-8), the
learner's state. The header carries the SHA-256 of the state, so a torn or altered file is seen.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from cadran.runtime.files import atomic_write

T = TypeVar("T")

_PREFIX = struct.Struct("<8sQ")
_DIGEST = "learner_sha256"


class CheckpointError(ValueError):
    """A checkpoint file that cannot be used; the text names file and reason."""


def pack(magic: bytes, header: Mapping[str, Any], learner: bytes) -> bytes:
    """Serialise.

    Args:
        magic: 8 bytes that name the kind of checkpoint and its version.
        header: JSON values.
        learner: the learner's state, as it reads it itself.
    """
    digest = {_DIGEST: hashlib.sha256(learner).hexdigest()}
    text = json.dumps({**header, **digest}).encode()
    return _PREFIX.pack(magic, len(text)) + text + learner


def unpack(magic: bytes, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Inverse of `pack`: header and learner's state.

    Raises:
        CheckpointError: not a checkpoint of this kind, cut short, or altered.
    """
    if len(data) < _PREFIX.size or data[:8] != magic:
        raise CheckpointError("not a checkpoint file")
    start = _PREFIX.size + _PREFIX.unpack_from(data)[1]
    learner = data[start:]
    try:
        header = json.loads(data[_PREFIX.size : start])
        digest = header.pop(_DIGEST)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"header cannot be read: {error}") from error
    if hashlib.sha256(learner).hexdigest() != digest:
        raise CheckpointError("content does not match its SHA-256")
    return header, learner


class CheckpointFiles(Generic[T]):
    """The newest ``kept`` checkpoints of one directory (``<number>.ckpt``)."""

    def __init__(
        self, directory: Path, kept: int, encode: Callable[[T], bytes], decode: Callable[[bytes], T]
    ) -> None:
        """Open or create the directory.

        Args:
            directory: where; created if absent.
            kept: files that stay.
            encode: makes a file's content.
            decode: reads it; raises `CheckpointError` for one that cannot be used.
        """
        self._directory = directory
        self._kept = kept
        self._encode = encode
        self._decode = decode
        directory.mkdir(parents=True, exist_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("[0-9]*.ckpt"))

    def save(self, checkpoint: T) -> Path:
        """Write durably, then remove what is older than the newest ``kept``; returns the file."""
        files = self._files()
        number = int(files[-1].stem) + 1 if files else 1
        path = self._directory / f"{number:08d}.ckpt"
        atomic_write(path, self._encode(checkpoint))
        for old in [*files, path][: -self._kept]:
            old.unlink(missing_ok=True)
        return path

    def newest(self) -> tuple[T | None, list[str]]:
        """The newest checkpoint that reads well, and one line for each newer one that does not.

        Returns:
            ``(None, [])`` when there is no file at all.

        Raises:
            CheckpointError: files exist, and none of them can be used.
        """
        refused: list[str] = []
        for path in reversed(self._files()):
            try:
                return self._decode(path.read_bytes()), refused
            except CheckpointError as error:
                refused.append(f"{path}: {error}")
        if refused:
            raise CheckpointError("no usable checkpoint: " + "; ".join(refused))
        return None, refused
