"""Intervals over training runs and episodes at once: every run of a method is evaluated on the same episodes.

A score belongs to a run and to an episode, and both are drawn by chance: other seeds would have trained other
agents, and other episodes would have been easier or harder for all of them. Runs and episodes are therefore
resampled apart, whole rows and whole columns (Owen, The pigeonhole bootstrap, Ann. Appl. Stat. 1 (2007)), and
the interval says what other seeds **and** other episodes of the same kind would have given: what the main
tables of a study have to show. Resampling both counts what runs and episodes do to each other three times;
the spread of the percentiles takes that back (`intervals.spread_of`). A method of one run, such as a rule
that does not learn, is fixed: its interval is over episodes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
from cadran.lab.statistics.stratified import blocks, counts


@dataclass(frozen=True)
class Crossing:
    """A two-way layout's parts of the variance of its grand mean.

    Attributes:
        runs: Level of the rows.
        interaction: Unbiased variance of what rows and columns do to each other.
        interaction_resampled: What resampling both adds for it beyond both levels.
    """

    runs: Level
    interaction: float
    interaction_resampled: float


def crossing_of(scores: Array) -> Crossing:
    """The parts of ``[rows, columns]``."""
    rows, columns = scores.shape
    by_row, by_column = scores.mean(axis=1), scores.mean(axis=0)
    rest = scores - by_row[:, None] - by_column + scores.mean()
    resampled = float((rest**2).mean()) / scores.size
    if rows == 1 or columns == 1:
        return Crossing(level_of(by_row), 0.0, 0.0)
    unbiased = resampled * scores.size / ((rows - 1) * (columns - 1))
    return Crossing(level_of(by_row), unbiased, resampled)


def crossed_interval(
    scores: Array, rng: np.random.Generator, statistic: Statistic = mean, replicates: int = REPLICATES
) -> Interval:
    """Interval of a statistic over training runs and episodes.

    Args:
        scores: ``[runs, episodes]`` with at least 2 episodes; one run is a fixed policy.
        rng: Draws the resamples; the same state gives the same interval, whatever the order of the runs.
        statistic: Of all scores together.
        replicates: Resamples.

    Raises:
        ValueError: Fewer than two episodes, or a score that is not finite.
    """
    scores = _in_order(scores_of("scores", scores, 1, 2))
    parts = crossing_of(scores)
    spread = spread_of(
        [parts.runs, level_of(scores.mean(axis=0))], parts.interaction, parts.interaction_resampled
    )
    value = float(statistic(scores.reshape(1, -1))[0])
    return spread_interval(value, _bootstrap(scores, statistic, rng, replicates), spread)


def crossed_difference(
    first: Array, second: Array, rng: np.random.Generator, replicates: int = REPLICATES
) -> Interval:
    """Interval of the mean of one method minus that of another, over the runs of both and shared episodes.

    Episodes are paired: a hard one is hard for both. Runs are not: equal seeds do not make equal trainings.

    Args:
        first: ``[runs, episodes]``; one run is a fixed policy.
        second: ``[other runs, episodes]``, the same episodes in the same order.
        rng: Draws the resamples.
        replicates: Resamples.

    Raises:
        ValueError: Different or fewer than two episodes, or a score that is not finite.
    """
    first, second = same_episodes(first, second)
    value = float(first.mean() - second.mean())
    difference = first.mean(axis=0) - second.mean(axis=0)
    parts = crossing_of(first), crossing_of(second)
    spread = spread_of(
        [*(part.runs for part in parts), level_of(difference)],
        sum(part.interaction for part in parts),
        sum(part.interaction_resampled for part in parts),
    )
    episodes = draw(len(difference), rng, replicates)
    resampled = [
        ((draw(len(scores), rng, replicates) @ scores) * episodes).sum(axis=1) for scores in (first, second)
    ]
    return spread_interval(value, resampled[0] - resampled[1], spread)


def crossed_gain_percent(
    scores: Array, base: Array, rng: np.random.Generator, replicates: int = REPLICATES
) -> Interval | None:
    """How much more the mean is than that of a base, in percent of it; None where the base's is not above 0.

    The interval is that of the ratio's linear part: of scores - g base, g being the ratio, over the base.

    Args:
        scores: ``[runs, episodes]``.
        base: ``[other runs, episodes]``, the same episodes in the same order.
        rng: Draws the resamples.
        replicates: Resamples.

    Raises:
        ValueError: As `crossed_difference`.
    """
    level = float(base.mean())
    if level <= 0:
        return None
    ratio = float(scores.mean()) / level
    about = crossed_difference(scores, ratio * base, rng, replicates)
    value, low, high = (100.0 * (ratio - 1.0 + part / level) for part in (0.0, about.low, about.high))
    return Interval(value, low, high)


def draw(n: int, rng: np.random.Generator, replicates: int) -> Array:
    """Shares of ``n`` things in resamples of as many, float64 ``[replicates, n]``."""
    return counts(rng.integers(0, n, (replicates, n)), n) / n


def _bootstrap(scores: Array, statistic: Statistic, rng: np.random.Generator, replicates: int) -> Array:
    runs, episodes = scores.shape
    flat = np.ascontiguousarray(scores).reshape(-1)
    results = np.empty(replicates)
    for block in blocks(replicates, scores.size):
        size = block.stop - block.start
        rows = rng.integers(0, runs, (size, runs, 1), dtype=np.uint32) * np.uint32(episodes)
        entries = flat[rows + rng.integers(0, episodes, (size, 1, episodes), dtype=np.uint32)]
        results[block] = statistic(entries.reshape(size, -1))
    return results


def same_episodes(first: Array, second: Array) -> tuple[Array, Array]:
    """Both methods' scores, checked, with runs in an order that does not depend on the caller's.

    Raises:
        ValueError: Different or fewer than two episodes, or a score that is not finite.
    """
    first, second = scores_of("first", first, 1, 2), scores_of("second", second, 1, 2)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"episodes: both must have the same, not {first.shape[1]} and {second.shape[1]}")
    return _in_order(first), _in_order(second)


def _in_order(scores: Array) -> Array:
    """Runs sorted by their scores, so that their order does not matter to what is drawn."""
    return scores[np.lexsort(scores.T[::-1])]
