"""How learning went before this process: the end of the progress file, as far as it can be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

MOST_BYTES: Final = 1 << 20
"""Of the file's end: an hour or so of a small network, minutes of a large one."""


class PastLine(BaseModel):
    """What the curves need of a line; see `xapp.progress`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    time_s: FiniteFloat
    critic_loss: FiniteFloat
    beta: FiniteFloat
    sam_share: list[FiniteFloat]
    reward: list[FiniteFloat | None] = Field(default_factory=list)


def read_past(path: Path, dus: int) -> list[PastLine]:
    """The newest lines of a network of so many DUs, oldest first; lines that say nothing sound are left out.

    Raises:
        OSError: The file is there and cannot be read.
    """
    if not path.exists():
        return []
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        lines = file.read(MOST_BYTES).split(b"\n")
    found = [line for line in map(_line, lines) if line is not None]
    return [line for line in found if len(line.sam_share) == dus and len(line.reward) in (0, dus)]


def _line(text: bytes) -> PastLine | None:
    try:
        return PastLine.model_validate_json(text)
    except ValidationError:
        return None
