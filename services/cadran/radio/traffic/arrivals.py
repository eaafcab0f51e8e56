"""The kernels that draw what arrives in a TTI.

Sources of a whole DU (packets, files, bursts) are one Poisson number per (DU, slice) and TTI, each packet of
which then falls on one of the slice's UEs with equal probability: that is an independent Poisson number per
UE, and costs nothing per UE. The other sources are each UE's own; what they do in a TTI is a function of the
TTI's number over all episodes and of the UE's phase, so that they need no memory and move along with a UE.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import below, draw
from cadran.radio.jit import kernel
from cadran.radio.traffic.tables import (
    PACKETS,
    TrafficTables,
)


@kernel
def add_arrivals(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    phase: NDArray[np.int64],
    queued: NDArray[np.int64],
    queue_limit: NDArray[np.int64],
    load_level: NDArray[np.int16],
    global_tti: int,
    packets_key: int,
    owner_key: int,
    tables: TrafficTables,
) -> None:
    """Set ``fresh`` int64[C, S, U] to the bytes that arrive for each UE in a TTI.

    Args:
        fresh: written, zeros included.
        ues: int32[C, S].
        phase, queued, queue_limit: int64[C, S, U].
        load_level: int16[C, S].
        global_tti: number of the TTI over all episodes.
        packets_key, owner_key: keys of this TTI's random numbers.
        tables: the world's.
    """
    fresh[:] = 0
    for s in range(ues.shape[1]):
        kind = tables.kind[s]
        if kind == PACKETS:
            add_packets(fresh, ues, load_level, s, packets_key, owner_key, tables)


@kernel
def add_packets(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    load_level: NDArray[np.int16],
    s: int,
    packets_key: int,
    owner_key: int,
    tables: TrafficTables,
) -> None:
    """Add the Poisson packets of slice ``s``. Without UE nothing arrives."""
    size, cdf, start, length = int(tables.packet_bytes[s]), tables.cdf, tables.start, tables.length
    for c in range(ues.shape[0]):
        members = int(ues[c, s])
        if members == 0:
            continue
        entity = c * ues.shape[1] + s
        factor = tables.factor[load_level[c, s]]
        uniform = draw(packets_key, entity)
        packets = poisson(uniform, cdf, int(start[s, factor]), int(length[s, factor]))
        key = draw(owner_key, entity)
        for packet in range(packets):
            fresh[c, s, below(draw(key, packet), members)] += size


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
