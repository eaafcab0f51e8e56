"""How the load of a (DU, slice) moves in time.

A load level is a position in a profile, and the profile names a load factor at each. Under random loads the
profile is the list of all factors and levels jump; otherwise levels move on from one position to the next.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cadran.radio.world import SLICES, World

RANDOM, DAY, MEASURED = range(3)
PROFILES = ("random", "day", "measured")

LOAD_LEVELS = 64
"""Load factors told apart under random loads."""
MEASURED_LEVELS = 256
"""Load factors told apart under measured loads."""
LONGEST_PROFILE = 32767
"""Positions of a profile: a load level is an int16."""

DAY_PERCENT = (
    *(80, 60, 42, 30, 22, 18, 20, 32, 46, 56, 62, 66),
    *(70, 70, 69, 70, 72, 76, 82, 88, 95, 100, 98, 92),
)
"""ASSUMED: load at each full hour, of the busiest one's, in a residential area: quiet before dawn, busiest
in the evening."""
DAY_STEPS = 96


class Profile(NamedTuple):
    """Load factors over time.

    Attributes:
        kind: RANDOM, DAY or MEASURED.
        factors: float64[L], the factors that occur.
        factor: int64[N], which of them at each position.
        first: int64[C, S], first position that a (DU, slice) may be at under random loads.
        choices: int64[C, S], positions from there on that it may be at.
    """

    kind: int
    factors: NDArray[np.float64]
    factor: NDArray[np.int64]
    first: NDArray[np.int64]
    choices: NDArray[np.int64]


def profile(world: World, measured: NDArray[np.float64] | None) -> Profile:
    """The load factors of ``world``; ``measured`` float64[n] is what it plays where loads are measured.

    Raises:
        ValueError: ``measured`` is missing, not asked for, or unusable.
    """
    kind = PROFILES.index(world.load.profile)
    if (measured is not None) != (kind == MEASURED):
        raise ValueError(
            f"load_profile: load.profile is {world.load.profile}; allowed, and needed, with measured only"
        )
    if kind == RANDOM:
        return _random(world)
    if measured is not None:
        factors, factor = _quantised(np.asarray(measured, dtype=np.float64))
    else:
        factors, factor = day_factors(), np.arange(DAY_STEPS)
    return Profile(kind, factors, factor, *_everywhere(world, len(factor)))


def _everywhere(world: World, positions: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``first`` and ``choices`` where every (DU, slice) may be at every position."""
    shape = (world.dus, SLICES)
    return np.zeros(shape, dtype=np.int64), np.full(shape, positions, dtype=np.int64)


def _random(world: World) -> Profile:
    """Random loads: each (DU, slice) has the factors that lie within the window of its DU's profile.

    A window between two factors has one of its own, its geometric middle.
    """
    shared = random_factors(world)
    first, choices = _everywhere(world, LOAD_LEVELS)
    own: list[float] = []
    for c, du in enumerate(world.profiles):
        for s, (low, high) in enumerate(du.load or ()):
            within = np.flatnonzero((shared >= low) & (shared <= high))
            if len(within) == 0:
                within = np.array([LOAD_LEVELS + len(own)])
                own.append(min(max(sqrt(low * high), low), high))
            first[c, s], choices[c, s] = within[0], len(within)
    factors = np.append(shared, own)
    return Profile(RANDOM, factors, np.arange(len(factors)), first, choices)


def random_factors(world: World) -> NDArray[np.float64]:
    """Load factors, float64[LOAD_LEVELS]: geometric middles of equal bins of log factor.

    ASSUMED: 64 levels in place of a continuous log-uniform factor (at the defaults 4 % apart), so that every
    Poisson distribution can be tabled in integers.
    """
    load = world.load
    middle = (np.arange(LOAD_LEVELS) + 0.5) / LOAD_LEVELS
    factors: NDArray[np.float64] = load.factor_min * (load.factor_max / load.factor_min) ** middle
    return factors


def day_factors() -> NDArray[np.float64]:
    """Load factors of a day from midnight on in steps of 15 min, float64[96], mean 1."""
    hours = np.append(DAY_PERCENT, DAY_PERCENT[0])
    curve = np.interp(np.arange(DAY_STEPS) / 4, np.arange(25), hours)
    factors: NDArray[np.float64] = curve / curve.mean()
    return factors


def _quantised(measured: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Factors on an even grid from 0 up and the index of each step's; the mean over the steps is 1."""
    if measured.ndim != 1 or not 1 <= len(measured) <= LONGEST_PROFILE:
        raise ValueError(
            f"load_profile: shape {measured.shape}, allowed is one dimension of 1 to {LONGEST_PROFILE} values"
        )
    if not np.isfinite(measured).all() or (measured < 0).any() or not measured.any():
        raise ValueError("load_profile: allowed are finite values >= 0, not all 0")
    index = np.rint(measured / measured.max() * (MEASURED_LEVELS - 1)).astype(np.int64)
    return np.arange(MEASURED_LEVELS) / index.mean(), index


def load_profile(times_s: ArrayLike, values: ArrayLike, step_s: float) -> NDArray[np.float64]:
    """A measured load at even steps, float64[n]: the mean of the values in each step.

    Step 0 begins at the first row that has a value. A step without value repeats the last one before it.

    Args:
        times_s: time of each row in s, float[n], not decreasing; rows may share a time.
        values: load in any unit, float[n], >= 0; NaN is no value.
        step_s: length of a step in s, > 0.

    Raises:
        ValueError: lengths that differ, times that decrease or are not finite, no value, or a negative one.
    """
    times, given = np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if times.ndim != 1 or times.shape != given.shape:
        raise ValueError(
            f"load profile: times {times.shape} and values {given.shape}: allowed are equal lengths"
        )
    if step_s <= 0:
        raise ValueError(f"load profile: step_s {step_s}: allowed are values > 0")
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("load profile: times must be finite and not decrease")
    known = ~np.isnan(given)
    times, given = times[known], given[known]
    if len(given) == 0:
        raise ValueError("load profile: no row has a value")
    if (given < 0).any() or not np.isfinite(given).all():
        raise ValueError("load profile: values must be finite and >= 0")
    steps = np.floor((times - times[0]) / step_s).astype(np.int64)
    rows = np.bincount(steps)
    means = np.bincount(steps, weights=given) / np.maximum(rows, 1)
    last = np.maximum.accumulate(np.where(rows > 0, np.arange(len(rows)), 0))
    return np.asarray(means[last], dtype=np.float64)
