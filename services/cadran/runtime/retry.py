"""How long to wait between attempts while something is away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetrySpec:
    """Waits between attempts: doubling from ``first_s`` to at most ``max_s``, for ever."""

    first_s: float
    max_s: float

    def wait_s(self, failures: int) -> float:
        """The wait after the given number of failures in a row (>= 1), in seconds."""
        return float(min(self.max_s, self.first_s * 2.0 ** min(failures - 1, 30)))
