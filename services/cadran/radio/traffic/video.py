"""Distributions of the video frames of an XR source (TR 38.838 clause 5.1), as tables of quantiles."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cadran.radio.traffic.cycles import FRACTION_BITS
from cadran.radio.world import World

QUANTILES = 1024
"""Values told apart in a frame's size and in its jitter: a power of two."""
SIZE_CUT = 0.5
"""A frame's size differs from the mean by at most this part of it (TR 38.838: 50 % to 150 %)."""
JITTER_CUT = 2.0
"""Standard deviations at which the jitter is cut (TR 38.838: 4 ms of 2 ms)."""


def truncated_normal(cut: float) -> NDArray[np.float64]:
    """Middles of the QUANTILES equally likely parts of N(0, 1) between ``-cut`` and ``cut``, float64[n]."""
    normal = NormalDist()
    low = normal.cdf(-cut)
    probability = low + (np.arange(QUANTILES) + 0.5) / QUANTILES * (1 - 2 * low)
    return np.array([normal.inv_cdf(p) for p in probability])


def frame_sizes(world: World) -> NDArray[np.int64]:
    """Equally likely sizes of a video frame in bytes, int64[QUANTILES]; their mean is xr_bps / (8 xr_fps).

    ``load.scale`` multiplies them.
    """
    load = world.load
    mean = load.xr_bps * load.scale / (8 * load.xr_fps)
    if load.xr_size_std == 0:
        shape = np.ones(QUANTILES)
    else:
        shape = 1 + load.xr_size_std * truncated_normal(SIZE_CUT / load.xr_size_std)
    # The sums are rounded, not the sizes: so the error of the mean stays below 1 / QUANTILES bytes.
    sizes: NDArray[np.int64] = np.diff(np.rint(np.cumsum(mean * shape)), prepend=0).astype(np.int64)
    return sizes


def frame_jitter(world: World) -> NDArray[np.int64]:
    """Equally likely jitters of a video frame, int64[QUANTILES], ascending.

    In units of 2^-FRACTION_BITS / xr_fps s.
    """
    load = world.load
    jitter = load.xr_jitter_s * load.xr_fps * 2**FRACTION_BITS * truncated_normal(JITTER_CUT)
    return np.asarray(np.rint(jitter), dtype=np.int64)
