"""Where time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Wall and processor time by phase.

    Attributes:
        wall_s: by phase.
        cpu_s: by phase, all threads.
    """

    def __init__(self) -> None:
        self.wall_s: defaultdict[str, float] = defaultdict(float)
        self.cpu_s: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Count what happens inside to a phase."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s[phase] += time.perf_counter() - wall
        self.cpu_s[phase] += time.process_time() - cpu
