"""Intervals over episodes, and the sentence that they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class Interval:
    """An estimate (a mean, a median, a share, or a difference of them) with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Of a difference: ``better`` or ``worse`` if the interval excludes 0, else ``tie``."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "tie"


@dataclass(frozen=True)
class Difference:
    """Mean reward of one policy minus that of another on the same episodes."""

    other: str
    interval: Interval


def mean_interval(values: NDArray[np.float64], rng: np.random.Generator) -> Interval:
    """Bootstrap interval of a mean over independent episodes.

    Resampled means are spread about the sample mean by sqrt(n / (n - 1)), because a resample of n values has
    the variance of the sample divided by n, not by n - 1.

    Args:
        values: One number per episode, ``[n]``, n >= 2.
        rng: Draws the resamples; the same generator state gives the same interval.

    Raises:
        ValueError: Fewer than two episodes, which allow no interval.
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"episodes: an interval needs at least 2, not {n}")
    mean = float(values.mean())
    resampled = values[rng.integers(0, n, (RESAMPLES, n))].mean(axis=1)
    tail = (1.0 - LEVEL) / 2
    spread = (np.quantile(resampled, [tail, 1.0 - tail]) - mean) * np.sqrt(n / (n - 1))
    return Interval(mean, mean + float(spread[0]), mean + float(spread[1]))


def sentence(subject: str, episodes: int, differences: Sequence[Difference]) -> str:
    """One plain sentence on what paired differences show, ties as ties and losses as losses."""
    by_verdict = {
        verdict: [d for d in differences if d.interval.verdict == verdict]
        for verdict in ("better", "worse", "tie")
    }
    if not differences:
        return f"{subject} was evaluated on {episodes} held-out episodes, beside nothing else."
    parts = []
    if by_verdict["better"]:
        parts.append("earns more than " + _list(by_verdict["better"]))
    if by_verdict["worse"]:
        parts.append("earns less than " + _list(by_verdict["worse"]))
    if by_verdict["tie"]:
        parts.append("cannot be told apart from " + _list(by_verdict["tie"]))
    claim = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    return (
        f"On {episodes} held-out episodes, each policy on the same ones, {subject} {claim} (95 % intervals)."
    )


def _list(differences: Sequence[Difference]) -> str:
    ordered = sorted(differences, key=lambda d: d.interval.value)
    names = [f"{d.other} ({d.interval.value:+.3f})" for d in ordered]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
