"""Packets of a whole DU: Poisson numbers, thrown on its UEs one by one.

One Poisson number per (DU, slice) and TTI, each packet of which falls on one of the slice's UEs with equal
probability, is an independent Poisson number per UE; it costs nothing per UE.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import below, draw
from cadran.radio.jit import kernel

BURST_PEAK = 2.0736
"""Greatest value of the Beta(3, 4) density, 60 x^2 (1 - x)^3, at x = 0.4."""


@kernel
def poisson(uniform: int, cdf: NDArray[np.int64], start: int, length: int) -> int:
    """Smallest n with ``uniform`` < cdf[start + n]: a Poisson number from a 32-bit uniform one."""
    low, high = 0, length - 1
    while low < high:
        middle = (low + high) >> 1
        if uniform < cdf[start + middle]:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def add_packets(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    load_level: NDArray[np.int16],
    s: int,
    size: int,
    factor: NDArray[np.int64],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    cdf: NDArray[np.int64],
    packets_key: int,
    owner_key: int,
) -> None:
    """Add this TTI's packets of slice ``s``, ``size`` bytes each, to ``fresh`` [C, S, U].

    Without UE nothing arrives. The other arguments are those of ``TrafficTables``, and two keys of this TTI.
    """
    for c in range(ues.shape[0]):
        members = int(ues[c, s])
        if members == 0:
            continue
        entity = c * ues.shape[1] + s
        row = factor[load_level[c, s]]
        packets = poisson(draw(packets_key, entity), cdf, int(start[s, row]), int(length[s, row]))
        key = draw(owner_key, entity)
        for packet in range(packets):
            fresh[c, s, below(draw(key, packet), members)] += size


@kernel
def add_burst_packets(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    load_level: NDArray[np.int16],
    s: int,
    size: int,
    factor: NDArray[np.int64],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    cdf: NDArray[np.int64],
    kept: int,
    packets_key: int,
    owner_key: int,
) -> None:
    """As ``add_packets``, where the distributions are those of the peak and of each packet only
    ``kept`` / 2^32 happen.

    A Poisson number of packets of which each is kept or not is a Poisson number again, so that one table
    serves all times of a burst.
    """
    if kept == 0:
        return
    for c in range(ues.shape[0]):
        members = int(ues[c, s])
        if members == 0:
            continue
        entity = c * ues.shape[1] + s
        row = factor[load_level[c, s]]
        packets = poisson(draw(packets_key, entity), cdf, int(start[s, row]), int(length[s, row]))
        key = draw(owner_key, entity)
        for packet in range(packets):
            if draw(key, 2 * packet) < kept:
                fresh[c, s, below(draw(key, 2 * packet + 1), members)] += size


@kernel
def burst_share(x: float) -> float:
    """Bursts up to time ``x`` >= 0 in periods: whole ones, and of the last one the Beta(3, 4) distribution.

    Its distribution function is 20 x^3 - 45 x^4 + 36 x^5 - 10 x^6.
    """
    whole = float(int(x))
    y = x - whole
    return whole + y * y * y * (20.0 + y * (-45.0 + y * (36.0 - 10.0 * y)))


@kernel
def burst_kept(global_tti: int, events: int, ttis: int) -> int:
    """Intensity of a burst source in a TTI over that of its peak, times 2^32.

    The intensity is the mean over the TTI of the Beta(3, 4) density over a period of ``ttis`` / ``events``
    TTIs (TR 37.868 clause 6.1.1), so that the mean over the periods is 1 wherever they begin.
    """
    begin = (global_tti % ttis * events % ttis) / ttis
    share = burst_share(begin + events / ttis) - burst_share(begin)
    return int(share * (ttis / events) / BURST_PEAK * 4294967296.0)
