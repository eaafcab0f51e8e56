"""Sources that every UE has of its own.

What they do in a TTI follows from the TTI's number over all episodes and the UE's phase alone: they need no
memory, and move along with the UE.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import below, draw
from cadran.radio.jit import kernel
from cadran.radio.traffic.cycles import FRACTION_BITS, fine_time

PHASE_BITS = 32


@kernel
def add_periodic(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    phase: NDArray[np.int64],
    s: int,
    size: int,
    global_tti: int,
    events: int,
    ttis: int,
) -> None:
    """Add packets of ``size`` bytes, of which each UE of slice ``s`` has ``events`` per ``ttis`` TTIs.

    Exactly: any ``ttis`` TTIs in a row hold ``events`` packets, as evenly as whole TTIs allow.
    """
    base = global_tti % ttis * events % ttis
    for c in range(ues.shape[0]):
        for u in range(int(ues[c, s])):
            # 24 bits of the phase: the product stays within 63.
            place = base + (((int(phase[c, s, u]) >> 8) * ttis) >> 24)
            if place >= ttis:
                place -= ttis
            if place + events >= ttis:
                fresh[c, s, u] += (place + events) // ttis * size


@kernel
def add_video(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    phase: NDArray[np.int64],
    s: int,
    global_tti: int,
    events: int,
    ttis: int,
    sizes: NDArray[np.int64],
    jitter: NDArray[np.int64],
) -> None:
    """Add the video frames that arrive at the UEs of slice ``s`` (TR 38.838 clause 5.1).

    Frame n of a UE arrives at time n + phase + jitter, reckoned in frames; ``events`` frames pass in ``ttis``
    TTIs. Its size and its jitter are one draw under the UE's phase. Arrivals are integers and TTIs part them
    without gap or overlap, so each frame arrives exactly once.
    """
    begin, end = fine_time(global_tti, events, ttis), fine_time(global_tti + 1, events, ttis)
    earliest, latest = int(jitter[0]), int(jitter[-1])
    low, bits = len(sizes) - 1, PHASE_BITS - FRACTION_BITS
    for c in range(ues.shape[0]):
        for u in range(int(ues[c, s])):
            own = int(phase[c, s, u])
            offset = own >> bits
            first = (begin - offset - latest + (1 << FRACTION_BITS) - 1) >> FRACTION_BITS
            last = (end - 1 - offset - earliest) >> FRACTION_BITS
            for n in range(first, last + 1):
                number = draw(own, n)
                arrival = (n << FRACTION_BITS) + offset + int(jitter[below(number, low + 1)])
                if begin <= arrival < end:
                    fresh[c, s, u] += sizes[number & low]


@kernel
def fill_buffers(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    s: int,
    queued: NDArray[np.int64],
    queue_limit: NDArray[np.int64],
) -> None:
    """Add what the queues of slice ``s`` lack to their limit."""
    for c in range(ues.shape[0]):
        for u in range(int(ues[c, s])):
            fresh[c, s, u] += max(int(queue_limit[c, s, u]) - int(queued[c, s, u]), 0)


@kernel
def add_trace(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    phase: NDArray[np.int64],
    s: int,
    global_tti: int,
    trace: NDArray[np.int64],
) -> None:
    """Add the row of the trace that each UE of slice ``s`` has reached, from its own start on, wrapping."""
    rows = trace.shape[0]
    base = global_tti % rows
    for c in range(ues.shape[0]):
        for u in range(int(ues[c, s])):
            row = base + below(int(phase[c, s, u]), rows)
            if row >= rows:
                row -= rows
            fresh[c, s, u] += trace[row]
