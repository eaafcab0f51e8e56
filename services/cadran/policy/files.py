"""Policies on disk: one file per DU and version, written so that a crash never leaves half of one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from cadran.policy.actor import Actor
from cadran.policy.artifact import decode, decode_actor
from cadran.policy.meta import PolicyMeta

_NAME: Final = re.compile(r"du(\d+)-v(\d+)\.safetensors")


def save(directory: Path, artifact: bytes) -> Path:
    """Write an artefact: temporary file, fsync, rename.

    Args:
        directory: where; created if absent.
        artifact: what ``encode`` or ``encode_two_level`` returned; it is verified first.

    Returns:
        ``directory/du{du}-v{version}.safetensors``.

    Raises:
        PolicyError: the artefact is not sound; nothing is written.
        OSError: the directory cannot be written.
    """
    meta, _ = decode(artifact)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"du{meta.du}-v{meta.version:08d}.safetensors"
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(artifact)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_directory(directory)
    return path


def load(path: Path) -> tuple[PolicyMeta, Actor]:
    """Read and verify the artefact of one actor.

    Args:
        path: a file that ``save`` wrote.

    Returns:
        Its description and actor.

    Raises:
        PolicyError: as ``decode_actor``.
        OSError: the file cannot be read.
    """
    return decode_actor(path.read_bytes())


def newest(directory: Path) -> dict[int, Path]:
    """The file with the highest version of each DU.

    Args:
        directory: where ``save`` wrote.

    Returns:
        DU to path, in order of DU; empty if there is no policy.

    Raises:
        OSError: the directory cannot be read.
    """
    best: dict[int, tuple[int, Path]] = {}
    for path in directory.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        du, version = int(match[1]), int(match[2])
        if du not in best or version > best[du][0]:
            best[du] = (version, path)
    return {du: best[du][1] for du in sorted(best)}


def _sync_directory(directory: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
