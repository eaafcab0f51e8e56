"""What adapting has brought, shot by shot, in ``adaptation.jsonl``.

A line is one period between two shots: ``time_s`` (Unix seconds, at its end), ``du``, ``initialisation``
(version that the DU started from; null: fresh networks), ``shots`` (made since the start, with the one that
ends the period), ``reward`` (mean per frame of the period), ``update_s`` (seconds that the shot took) and
``diverged`` (why the shot was not made; null: it was).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cadran.runtime.files import append_line
from cadran.xapp.adaptation import Shot


class ShotLog:
    """Appends to the file.

    Args:
        path: The file.
        unix_s: Wall clock.
    """

    def __init__(self, path: Path, unix_s: Callable[[], float]) -> None:
        self._path = path
        self._unix_s = unix_s

    def write(self, shot: Shot) -> None:
        """One shot was made.

        Raises:
            OSError: The disk refuses; that line is lost.
        """
        line = {
            "time_s": self._unix_s(),
            "du": shot.du,
            "initialisation": shot.initialisation,
            "shots": shot.shots,
            "reward": shot.reward,
            "update_s": shot.seconds,
            "diverged": shot.diverged,
        }
        append_line(self._path, json.dumps(line, separators=(",", ":")))
