"""Every target."""

from __future__ import annotations

from pathlib import Path

from . import decoders, sessions, state_files
from .target import Target


def all_targets(folder: Path) -> dict[str, Target]:
    """By name.

    Args:
        folder: for state that targets share.
    """
    found = [*decoders.targets(), *state_files.targets(), *sessions.targets(folder)]
    return {one.name: one for one in found}
