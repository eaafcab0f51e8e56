"""Samples per insert: how much may be learned from how much experience (after Reverb, arXiv 2102.04736)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class RateLimiter:
    """Holds sampling back until there is experience for it; experience itself is never held back.

    Reverb's limiter has two sides: it blocks readers that are ahead and writers that are. The RAN waits for
    nobody, so only the reader's side is here, and a learner that is slow just falls behind. Counters stay
    with their owners (the store counts inserts, the learner its samples), so that a checkpoint of them
    restores the limiter too.

    Attributes:
        samples_per_insert: samples allowed per row stored, > 0.
        min_size: rows stored when the first samples are allowed, >= 1; that row is the first to count.
    """

    samples_per_insert: float
    min_size: int

    def __post_init__(self) -> None:
        if not 0 < self.samples_per_insert < math.inf:
            raise ValueError(
                f"samples_per_insert = {self.samples_per_insert}: must be > 0 and finite, or no sample is "
                "ever allowed, or any number of them"
            )
        if self.min_size < 1:
            raise ValueError(f"min_size = {self.min_size}: must be >= 1, there is nothing to sample before")

    def allowed(self, inserts: int, samples: int) -> int:
        """How many samples may be taken now.

        Args:
            inserts: rows ever stored.
            samples: samples ever taken.

        Returns:
            floor((inserts - min_size + 1) * samples_per_insert) - samples, at least 0, and 0 below
            `min_size`.
        """
        counted = inserts - self.min_size + 1
        if counted <= 0:
            return 0
        return max(0, math.floor(counted * self.samples_per_insert) - samples)
