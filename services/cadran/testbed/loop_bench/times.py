"""Times as they are published: median, 99th percentile, longest, and how many there are of them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

now_ns = time.monotonic_ns
"""The clock of every process of a bench: Linux has one CLOCK_MONOTONIC for the whole machine."""


@dataclass(frozen=True)
class Times:
    """How long something took, over many times [ms]."""

    p50: float
    p99: float
    max: float
    count: int

    def as_object(self) -> dict[str, Any]:
        """The figures by name."""
        return asdict(self)


def times_ms(taken_ns: ArrayLike) -> Times | None:
    """Quantiles of durations in nanoseconds; None where there are none."""
    taken = np.asarray(taken_ns, dtype=np.float64).ravel() / 1e6
    if not taken.size:
        return None
    p50, p99, longest = np.quantile(taken, [0.5, 0.99, 1.0]).round(4).tolist()
    return Times(p50, p99, longest, taken.size)


def as_object(times: Times | None) -> dict[str, Any] | None:
    """The figures by name, or null."""
    return None if times is None else times.as_object()
