"""How often a source may control a DU: a token bucket for each pair, on a clock that is handed in."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class RateSpec:
    """Of one bucket.

    Attributes:
        per_s: Tokens that flow in each second, above 0.
        burst: Tokens that it holds, at least 1.
    """

    per_s: float
    burst: int

    def __post_init__(self) -> None:
        if not (0 < self.per_s < math.inf and self.burst >= 1):
            raise ValueError(f"{self}: per_s must be above 0 and burst at least 1")


class TokenBuckets:
    """One bucket for each key, full at first.

    Over any span of t seconds at most ``burst + per_s t`` takings of one key succeed.
    """

    def __init__(self, spec: RateSpec) -> None:
        self._spec = spec
        self._held: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable, now_s: float) -> float:
        """Take a token; returns 0, or the seconds until there is one and takes none.

        Args:
            key: Whose bucket.
            now_s: Seconds on a clock that never goes back.
        """
        spec = self._spec
        tokens, at_s = self._held.get(key, (float(spec.burst), now_s))
        tokens = min(float(spec.burst), tokens + spec.per_s * max(0.0, now_s - at_s))
        if tokens >= 1.0:
            self._held[key] = (tokens - 1.0, now_s)
            return 0.0
        self._held[key] = (tokens, now_s)
        return (1.0 - tokens) / spec.per_s
