"""Checkpoints of meta-training, as `runtime.checkpoints` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cadran.runtime.checkpoints import CheckpointError, CheckpointFiles, pack, unpack

MAGIC = b"CADRANM1"


@dataclass(frozen=True)
class Checkpoint:
    """Everything that meta-training needs to go on as if it had not stopped, the rows kept apart.

    Attributes:
        iterations: Meta-iterations made.
        counts: Per DU, rows ever kept when it was written: those that the iterations had seen.
        sampler_state: State of the sampler's ``numpy.random.Generator`` bit generator.
        metrics: What the last iteration measured, as means over tasks.
        learner: ``MetaLearner.state_bytes()``.
        created_unix_s: Wall clock at writing.
    """

    iterations: int
    counts: tuple[int, ...]
    sampler_state: Mapping[str, Any]
    metrics: Mapping[str, float]
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
            iterations=int(header["iterations"]),
            counts=tuple(int(count) for count in header["counts"]),
            sampler_state=header["sampler_state"],
            metrics={name: float(value) for name, value in header["metrics"].items()},
            learner=learner,
            created_unix_s=float(header["created_unix_s"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"header cannot be read: {error}") from error


class CheckpointStore(CheckpointFiles[Checkpoint]):
    """The newest ``kept`` checkpoints of one state directory."""

    def __init__(self, directory: Path, kept: int) -> None:
        super().__init__(directory, kept, encode, decode)
