"""An estimate with its interval, and how bootstrap replicates become one that holds for few runs too.

A percentile interval of the bootstrap is too narrow for few runs, twice over: resamples of n values have the
variance of the sample divided by n rather than n - 1, and their quantiles are those of a normal variable
where Student's are due. For five runs it holds the truth in 83 % of the cases rather than in 95 %. Here the
percentiles are therefore spread about the estimate by sqrt(V / V*) t / z, where V is the unbiased variance of
the mean, V* that of its resamples, and t and z are Student's and the normal quantile. The percentiles keep
what the data say of skewness; for the mean of normal values the interval becomes about Student's.
See Hesterberg, What teachers should know about the bootstrap, Am. Stat. 69 (2015), on the same two defects.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cadran.runtime.student import LEVEL, student_quantile

Array = NDArray[np.float64]
Statistic = Callable[[Array], Array]
"""Reduces samples ``[replicates, n]`` to one number each, ``[replicates]``."""

REPLICATES = 50_000


@dataclass(frozen=True)
class Interval:
    """An estimate (a mean, a median, a share, or a difference of them) with its 95 % confidence interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> Literal["better", "worse", "tie"]:
        """Of a difference: ``better`` or ``worse`` if the interval excludes 0, else ``tie``."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "tie"


@dataclass(frozen=True)
class Level:
    """What one thing that is drawn by chance (runs, episodes) adds to the variance of a mean.

    Attributes:
        variance: Unbiased estimate.
        resampled: What resampling it adds.
        degrees: Of freedom of ``variance``.
    """

    variance: float
    resampled: float
    degrees: float


def level_of(means: Array) -> Level:
    """The level of the things whose means these are, ``[n]``; a single one is fixed and adds nothing."""
    n = len(means)
    if n == 1:
        return Level(0.0, 0.0, 1.0)
    resampled = float(means.var()) / n
    return Level(resampled * n / (n - 1), resampled, n - 1.0)


def spread_of(levels: Sequence[Level], interaction: float = 0.0, interaction_resampled: float = 0.0) -> float:
    """How far percentiles have to be spread about the estimate.

    Args:
        levels: Whose variances add up.
        interaction: Variance that every one of several levels holds and that must count once: subtracted.
        interaction_resampled: What resampling several levels at once adds beyond ``Level.resampled``.

    Returns:
        A factor; 1 where no level has any variance to take it from.
    """
    total = sum(level.variance for level in levels)
    resampled = sum(level.resampled for level in levels) + interaction_resampled
    if resampled <= 0 or total <= 0:
        return 1.0
    # The difference of estimates can be anything down to below 0; no level adds less than nothing.
    variance = max(total - interaction, *(level.variance for level in levels))
    degrees = total**2 / sum(level.variance**2 / level.degrees for level in levels)
    return math.sqrt(variance / resampled) * student_quantile(degrees) / NormalDist().inv_cdf((1 + LEVEL) / 2)


def spread_interval(value: float, replicates: Array, spread: float) -> Interval:
    """The percentiles of the replicates, spread about the estimate."""
    tail = (1.0 - LEVEL) / 2
    low, high = (np.quantile(replicates, [tail, 1.0 - tail]) - value) * spread
    return Interval(value, value + float(low), value + float(high))


def mean(samples: Array) -> Array:
    """Mean of each sample, ``[replicates, n]`` to ``[replicates]``."""
    return np.asarray(samples.mean(axis=-1))


def median(samples: Array) -> Array:
    """Median of each sample, ``[replicates, n]`` to ``[replicates]``."""
    return np.asarray(np.median(samples, axis=-1))


def interquartile_mean(samples: Array) -> Array:
    """IQM: mean of what is left of each sample without its lowest and its highest quarter (rounded down).

    As in Agarwal et al., Deep RL at the edge of the statistical precipice (NeurIPS 2021).

    Args:
        samples: ``[replicates, n]``.
    """
    n = samples.shape[-1]
    cut = n // 4
    return np.asarray(np.sort(samples, axis=-1)[..., cut : n - cut].mean(axis=-1))


def scores_of(name: str, scores: Array, least_runs: int, least_columns: int) -> Array:
    """The scores as float64, with runs in an order that does not depend on the caller's.

    Raises:
        ValueError: Too few runs or columns, or a score that is not finite.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2 or scores.shape[0] < least_runs or scores.shape[1] < least_columns:
        raise ValueError(
            f"{name}: must be [runs, columns] with at least {least_runs} runs and {least_columns} columns, "
            f"not {list(scores.shape)}"
        )
    if not np.isfinite(scores).all():
        run, column = np.argwhere(~np.isfinite(scores))[0]
        raise ValueError(f"{name}: must be finite, but run {run}, column {column} is {scores[run, column]}")
    return scores
