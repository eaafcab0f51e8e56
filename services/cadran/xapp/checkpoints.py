"""Checkpoints of the learner host, as `runtime.checkpoints` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cadran.runtime.checkpoints import CheckpointError, CheckpointFiles, pack, unpack

MAGIC = b"CADRANC1"


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
    """Serialise: header and learner state."""
    header = asdict(checkpoint)
    return pack(MAGIC, header, header.pop("learner"))


def decode(data: bytes) -> Checkpoint:
    """Inverse of :func:`encode`.

    Raises:
        CheckpointError: Not a checkpoint, cut short, or altered.
    """
    header, learner = unpack(MAGIC, data)
    try:
        return Checkpoint(
            updates=int(header["updates"]),
            policy_version=int(header["policy_version"]),
            cursor=tuple(int(count) for count in header["cursor"]),
            sampler_state=header["sampler_state"],
            learner=learner,
            created_unix_s=float(header["created_unix_s"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"header cannot be read: {error}") from error


class CheckpointStore(CheckpointFiles[Checkpoint]):
    """The newest ``kept`` checkpoints of one state directory."""

    def __init__(self, directory: Path, kept: int) -> None:
        super().__init__(directory, kept, encode, decode)
