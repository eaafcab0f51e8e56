"""Fields that are correlated between sites and over the way that a UE moves."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def draw_sites(count: int, sites: int, correlation: float, rng: np.random.Generator) -> Array:
    """Standard normal values, float64[count, sites]; two sites' values of one UE have ``correlation``.

    A common term per UE and one per link (TR 36.942 clause 5.2.1: 0.5 between sites; TR 38.901: 0).
    """
    own = rng.standard_normal((count, sites))
    if correlation == 0:
        return own
    common = rng.standard_normal((count, 1))
    return sqrt(correlation) * common + sqrt(1 - correlation) * own


def walk(values: NDArray[np.float32], innovations: Array, moved_m: Array, distance_m: Array | float) -> Array:
    """The field after the way ``moved_m``: ``a x + sqrt(1 - a^2) z`` with ``a = exp(-moved / distance)``.

    That is a first-order autoregression whose steps may differ in length, with the correlation
    ``exp(-dx / D)`` of TR 38.901 clause 7.4.4.

    Args:
        values: standard normal, float32[N, sites].
        innovations: standard normal, float64[N, sites], with the correlation between sites that is to stay.
        moved_m: float64[N, 1], >= 0.
        distance_m: decorrelation distance, of each link or of all.
    """
    kept = np.exp(-moved_m / distance_m)
    fresh: Array = np.sqrt(1 - kept**2)
    return kept * values + fresh * innovations
