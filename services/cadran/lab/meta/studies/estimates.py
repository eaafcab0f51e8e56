"""The intervals of these studies: over training runs and new DUs, or over runs alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.statistics import (
    Interval,
    crossed_difference,
    crossed_gain_percent,
    crossed_improvement,
    crossed_interval,
    interval_of,
    mean,
)

Array = NDArray[np.float64]

REPLICATES = 10_000


def rng() -> np.random.Generator:
    """The generator of an interval; a new one for each, so that none depends on which others are shown."""
    return np.random.default_rng(2512_13715)


def mean_of(scores: Array) -> Interval:
    """Mean over runs and DUs, of ``[runs, dus]``."""
    return crossed_interval(scores, rng(), replicates=REPLICATES)


def difference(first: Array, second: Array) -> Interval:
    """Mean of the first minus mean of the second, on the same DUs."""
    return crossed_difference(first, second, rng(), REPLICATES)


def gain_percent(first: Array, second: Array) -> Interval | None:
    """How much more the mean of the first is, in percent of the second's; None where that is not above 0."""
    return crossed_gain_percent(first, second, rng(), REPLICATES)


def improvement(first: Array, second: Array) -> Interval | None:
    """Probability that a run of the first beats one of the second; None for two rules."""
    if len(first) == len(second) == 1:
        return None
    return crossed_improvement(first, second, rng(), REPLICATES)


def over_runs(values: Sequence[float]) -> Interval | float:
    """Mean of one number per run with its interval over runs; one run alone has none."""
    column = np.asarray(values, dtype=np.float64)[:, np.newaxis]
    if len(column) == 1:
        return float(column[0, 0])
    return interval_of(column, mean, rng(), REPLICATES)
