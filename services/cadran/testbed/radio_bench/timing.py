"""Rates from several short windows: the median of a shared machine, and its least disturbed moment."""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_SIGNIFICANT = 5


@dataclass(frozen=True)
class Effort:
    """How long something is measured.

    Attributes:
        warm_steps: untimed steps before.
        windows: number of windows, each timed by itself.
        window_s: length of a window in s; a step is never cut.
    """

    warm_steps: int
    windows: int
    window_s: float


class Window(NamedTuple):
    """Steps, wall time and CPU time (all threads) of a window."""

    steps: int
    wall_s: float
    cpu_s: float


class Rates(NamedTuple):
    """Per second of wall time and of CPU time: median over the windows, and the best of them."""

    per_s: float
    per_s_best: float
    per_cpu_s: float
    per_cpu_s_best: float


def timed(step: Callable[[], object], seconds: float) -> Window:
    """Calls ``step`` until ``seconds`` have passed, once at least."""
    steps, wall_s, cpu_s = 0, time.perf_counter(), time.process_time()
    while True:
        step()
        steps += 1
        passed_s = time.perf_counter() - wall_s
        if passed_s >= seconds:
            return Window(steps, passed_s, time.process_time() - cpu_s)


def measure(step: Callable[[], object], effort: Effort) -> list[Window]:
    """Windows of ``step`` after its warm-up."""
    for _ in range(effort.warm_steps):
        step()
    return [timed(step, effort.window_s) for _ in range(effort.windows)]


def rates(windows: Sequence[Window], per_step: float) -> Rates:
    """Rates of something of which a step holds ``per_step``."""
    wall = [per_step * window.steps / window.wall_s for window in windows]
    cpu = [per_step * window.steps / window.cpu_s for window in windows]
    return Rates(*map(significant, (statistics.median(wall), max(wall), statistics.median(cpu), max(cpu))))


def significant(value: float) -> float:
    """``value`` to five significant digits, more than any timing has."""
    return float(f"{value:.{_SIGNIFICANT}g}")


def peak_mb() -> float:
    """Greatest resident memory of this process so far, in MB.

    Not ``getrusage``: its maximum begins with what the process was before ``exec``, a copy of its parent.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    kibibytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return significant(kibibytes * 1024 / 1e6)


def cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0))


def say(text: str) -> None:
    """A line of progress."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
