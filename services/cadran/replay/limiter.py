"""Samples per insert: how much may be learned from how much experience (after Reverb, arXiv 2102.04736)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class RateLimiter:
    """Keeps `inserts * samples_per_insert - samples` inside a band around its value when learning may begin.

    With d = inserts * samples_per_insert - samples and d0 = min_size * samples_per_insert:

    - below `min_size` inserts, inserting is always allowed and sampling never is;
    - from then on, n samples are allowed if d - n >= d0 - error_buffer (the learner is not too far ahead),
    and
      n inserts if d + n * samples_per_insert <= d0 + error_buffer (the experience is not too far ahead).

    A service that cannot hold back its experience, since the RAN waits for nobody, asks only `may_sample`.

    Attributes:
        samples_per_insert: rows sampled per row stored, > 0.
        min_size: rows stored before the first sample, >= 1.
        error_buffer: half width of the band [samples].
        largest_sample: most rows that one call samples.
        largest_insert: most rows that one call stores.
        inserts: rows stored so far; part of a checkpoint.
        samples: rows sampled so far; part of a checkpoint.
    """

    samples_per_insert: float
    min_size: int
    error_buffer: float
    largest_sample: int = 1
    largest_insert: int = 1
    inserts: int = 0
    samples: int = 0

    def __post_init__(self) -> None:
        if not self.samples_per_insert > 0:
            raise ValueError(
                f"samples_per_insert = {self.samples_per_insert}: must be > 0, or no sample is ever allowed "
                "and inserting stops as well once the band is used up"
            )
        if self.min_size < 1:
            raise ValueError(f"min_size = {self.min_size}: must be >= 1, there is nothing to sample before")
        if self.largest_sample < 1 or self.largest_insert < 1:
            raise ValueError(
                f"largest_sample = {self.largest_sample}, largest_insert = {self.largest_insert}: "
                "must both be >= 1"
            )
        needed = max(self.largest_sample, self.samples_per_insert * self.largest_insert)
        if not self.error_buffer >= needed:
            raise ValueError(
                f"error_buffer = {self.error_buffer}: must be >= max(largest_sample, samples_per_insert * "
                f"largest_insert) = {needed:g}; in a narrower band there are moments when the next sample "
                "would leave it at one end and the next insert at the other, and both wait for ever"
            )

    @property
    def error(self) -> float:
        """d - d0: > 0 if experience is ahead of learning, < 0 if learning is ahead [samples]."""
        return (self.inserts - self.min_size) * self.samples_per_insert - self.samples

    def may_sample(self, rows: int) -> bool:
        """True if `rows` may be sampled now."""
        return self.inserts >= self.min_size and self.error - rows >= -self.error_buffer

    def may_insert(self, rows: int) -> bool:
        """True if `rows` may be stored now."""
        if self.inserts + rows <= self.min_size:
            return True
        return self.error + rows * self.samples_per_insert <= self.error_buffer

    def inserted(self, rows: int) -> None:
        """Count rows that were stored."""
        self.inserts += rows

    def sampled(self, rows: int) -> None:
        """Count rows that were sampled."""
        self.samples += rows
