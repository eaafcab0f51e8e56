"""Checkpoints of the learner host: one file each, whole or absent, verified on reading.

Layout of a file: 8 bytes magic, 8 bytes little-endian length of the header, the header (JSON, UTF-8),
the learner's state. The header carries the SHA-256 of the state, so a torn or altered file is seen.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cadran.runtime.files import atomic_write

MAGIC = b"CADRANC1"
_PREFIX = struct.Struct("<8sQ")


class CheckpointError(ValueError):
    """A checkpoint file that cannot be used; the text names file and reason."""


@dataclass(frozen=True)
class Checkpoint:
    """Everything the learner host needs to go on as if it had not stopped.

    Attributes:
        updates: Learner updates done.
        policy_version: Newest policy version given out.
        cursor: Per DU, rows of the replay that the learner had seen (``replay.Mirror.counts``).
        sampler_state: State of the sampler's ``numpy.random.Generator`` bit generator.
        learner: ``learn.Learner.state_bytes()``.
        created_unix_s: Wall clock at writing.
    """

    updates: int
    policy_version: int
    cursor: tuple[int, ...]
    sampler_state: Mapping[str, Any]
    learner: bytes
    created_unix_s: float


def encode(checkpoint: Checkpoint) -> bytes:
    """Serialise: prefix, JSON header, learner state."""
    header = json.dumps(
        {
            "updates": checkpoint.updates,
            "policy_version": checkpoint.policy_version,
            "cursor": checkpoint.cursor,
            "sampler_state": checkpoint.sampler_state,
            "created_unix_s": checkpoint.created_unix_s,
            "learner_sha256": hashlib.sha256(checkpoint.learner).hexdigest(),
        }
    ).encode()
    return _PREFIX.pack(MAGIC, len(header)) + header + checkpoint.learner


def decode(data: bytes) -> Checkpoint:
    """Inverse of :func:`encode`.

    Raises:
        CheckpointError: Not a checkpoint, cut short, or altered.
    """
    if len(data) < _PREFIX.size or data[:8] != MAGIC:
        raise CheckpointError("not a checkpoint file")
    start = _PREFIX.size + _PREFIX.unpack_from(data)[1]
    try:
        header = json.loads(data[_PREFIX.size : start])
        learner = data[start:]
        if hashlib.sha256(learner).hexdigest() != header["learner_sha256"]:
            raise CheckpointError("content does not match its SHA-256")
        return Checkpoint(
            updates=int(header["updates"]),
            policy_version=int(header["policy_version"]),
            cursor=tuple(int(count) for count in header["cursor"]),
            sampler_state=header["sampler_state"],
            learner=learner,
            created_unix_s=float(header["created_unix_s"]),
        )
    except CheckpointError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"header cannot be read: {error}") from error


class CheckpointStore:
    """The newest ``kept`` checkpoints of one state directory (``checkpoints/<number>.ckpt``).

    Numbers only grow, so the newest file is the last by name whatever the clock or the update
    counter (which goes back after a divergence) does.
    """

    def __init__(self, directory: Path, kept: int) -> None:
        self._directory = directory
        self._kept = kept
        directory.mkdir(parents=True, exist_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("[0-9]*.ckpt"))

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write durably, then remove what is older than the newest ``kept``; returns the file."""
        files = self._files()
        number = int(files[-1].stem) + 1 if files else 1
        path = self._directory / f"{number:08d}.ckpt"
        atomic_write(path, encode(checkpoint))
        for old in [*files, path][: -self._kept]:
            old.unlink(missing_ok=True)
        return path

    def newest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest checkpoint that reads well, and one line for each newer one that does not.

        Returns:
            ``(None, [])`` when there is no file at all.

        Raises:
            CheckpointError: Files exist, and none of them can be used.
        """
        refused: list[str] = []
        for path in reversed(self._files()):
            try:
                return decode(path.read_bytes()), refused
            except CheckpointError as error:
                refused.append(f"{path}: {error}")
        if refused:
            raise CheckpointError("no usable checkpoint: " + "; ".join(refused))
        return None, refused
