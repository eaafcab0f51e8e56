"""What arrives in a TTI."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.traffic.each import add_periodic, add_trace, add_video, fill_buffers
from cadran.radio.traffic.packets import add_burst_packets, add_packets, burst_kept
from cadran.radio.traffic.tables import BURST, FULL, PACKETS, PERIODIC, TRACE, VIDEO, TrafficTables


@kernel
def add_arrivals(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    phase: NDArray[np.int64],
    queued: NDArray[np.int64],
    queue_limit: NDArray[np.int64],
    load_level: NDArray[np.int16],
    tti: int,
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
        tti: number of the TTI in its episode, >= 0.
        global_tti: number of the TTI over all episodes, >= 0.
        packets_key, owner_key: 32-bit keys of this TTI's random numbers.
        tables: the world's.
    """
    fresh[:] = 0
    stepped = 1 if tti >= tables.step_tti else 0
    factor, start, length, cdf = tables.factor, tables.start[stepped], tables.length[stepped], tables.cdf
    for s in range(ues.shape[1]):
        kind, size = int(tables.kind[s]), int(tables.packet_bytes[s])
        events, ttis = int(tables.events[s]), int(tables.ttis[s])
        if kind == PACKETS:
            add_packets(fresh, ues, load_level, s, size, factor, start, length, cdf, packets_key, owner_key)
        elif kind == BURST:
            kept = burst_kept(global_tti, events, ttis)
            add_burst_packets(
                fresh, ues, load_level, s, size, factor, start, length, cdf, kept, packets_key, owner_key
            )
        elif kind == PERIODIC:
            add_periodic(fresh, ues, phase, s, size, global_tti, events, ttis)
        elif kind == VIDEO:
            sizes, jitter = tables.frame_sizes, tables.frame_jitter
            add_video(fresh, ues, phase, s, global_tti, events, ttis, sizes, jitter)
        elif kind == FULL:
            fill_buffers(fresh, ues, s, queued, queue_limit)
        elif kind == TRACE:
            add_trace(fresh, ues, phase, s, global_tti, tables.trace)
