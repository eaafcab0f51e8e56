"""Intervals over training runs: every score comes from a training of its own.

A column is a task (a world, a load, a number of DUs) that was trained on apart from the others, so runs are
resampled within each task. Episodes on which one trained agent was evaluated are **not** tasks: they share
that agent, and resampling them apart makes the interval far too narrow; `crossed` is for them. Intervals here
say what other training seeds would have given on these very tasks and evaluation episodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.lab.statistics.intervals import (
    REPLICATES,
    Array,
    Interval,
    Level,
    Statistic,
    level_of,
    mean,
    scores_of,
    spread_interval,
    spread_of,
)

BLOCK = 1 << 19
"""Scores resampled at once: as many as fit in a cache."""


@dataclass(frozen=True)
class Band:
    """A curve with a pointwise 95 % interval, each float64 ``[points]``."""

    value: Array
    low: Array
    high: Array


def bootstrap(
    scores: Array, statistic: Statistic, rng: np.random.Generator, replicates: int = REPLICATES
) -> Array:
    """The statistic of stratified resamples, float64 ``[replicates]``.

    Args:
        scores: ``[runs, tasks]``; each resample draws ``runs`` of them within each task.
        statistic: Sees the scores of all tasks together, ``[replicates, runs * tasks]``.
        rng: Draws the resamples.
        replicates: How many.
    """
    runs, tasks = scores.shape
    flat = np.ascontiguousarray(scores).reshape(-1)
    results = np.empty(replicates)
    for block in blocks(replicates, scores.size):
        rows = rng.integers(0, runs, (block.stop - block.start, runs, tasks), dtype=np.uint32)
        entries = flat[rows * np.uint32(tasks) + np.arange(tasks, dtype=np.uint32)]
        results[block] = statistic(entries.reshape(len(entries), -1))
    return results


def interval_of(
    scores: Array, statistic: Statistic, rng: np.random.Generator, replicates: int = REPLICATES
) -> Interval:
    """Interval of a statistic over training runs, tasks and evaluation episodes being as they are.

    Args:
        scores: One for each training, ``[runs, tasks]`` with at least 2 runs; of a single task ``[runs, 1]``.
        statistic: Such as `mean`, `interquartile_mean`, `median`; of all scores together.
        rng: Draws the resamples; the same state gives the same interval, whatever the order of the runs.
        replicates: Resamples.

    Raises:
        ValueError: Fewer than two runs, which allow no interval, or a score that is not finite.
    """
    scores = np.sort(scores_of("scores", scores, 2, 1), axis=0)
    value = float(statistic(scores.reshape(1, -1))[0])
    tasks = scores.shape[1]
    levels = [
        Level(level.variance / tasks**2, level.resampled / tasks**2, level.degrees)
        for level in map(level_of, scores.T)
    ]
    return spread_interval(value, bootstrap(scores, statistic, rng, replicates), spread_of(levels))


def mean_interval(values: Array, rng: np.random.Generator) -> Interval:
    """Interval of a mean over independent values, such as the episodes of one policy.

    Args:
        values: ``[n]``, n >= 2.
        rng: Draws the resamples; the same generator state gives the same interval.

    Raises:
        ValueError: Fewer than two values, which allow no interval.
    """
    if len(values) < 2:
        raise ValueError(f"episodes: an interval needs at least 2, not {len(values)}")
    return interval_of(np.asarray(values)[:, None], mean, rng)


def band_of(curves: Array, rng: np.random.Generator, replicates: int = 5_000) -> Band:
    """Mean of curves over runs with a pointwise interval; whole runs are resampled.

    Args:
        curves: ``[runs, points]``; a single run gives a band without width.
        rng: Draws the resamples.
        replicates: Resamples.
    """
    curves = scores_of("curves", curves, 1, 1)
    runs, points = curves.shape
    value = curves.mean(axis=0)
    if runs == 1:
        return Band(value, value, value)
    weights = counts(rng.integers(0, runs, (replicates, runs)), runs) / runs
    results = weights @ curves
    intervals = [
        spread_interval(float(value[at]), results[:, at], spread_of([level_of(curves[:, at])]))
        for at in range(points)
    ]
    return Band(value, np.array([one.low for one in intervals]), np.array([one.high for one in intervals]))


def blocks(replicates: int, entries: int) -> Iterator[slice]:
    """Replicates in blocks that keep ``entries`` of each within `BLOCK`."""
    step = max(1, BLOCK // entries)
    for start in range(0, replicates, step):
        yield slice(start, min(start + step, replicates))


def counts(drawn: NDArray[np.int64], n: int) -> Array:
    """How often each of ``n`` things was drawn: ``[replicates, draws]`` to float64 ``[replicates, n]``."""
    replicates = len(drawn)
    places = drawn + n * np.arange(replicates)[:, None]
    return np.bincount(places.reshape(-1), minlength=replicates * n).reshape(replicates, n).astype(np.float64)
