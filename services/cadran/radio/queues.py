"""Byte queues with ages: per UE a ring of (bytes, frame of arrival), all integers.

The arrays are those of one environment: entries [C, S, U, Q], the rest [C, S, U]. Q is a power of two.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel


@kernel
def push(
    entry_bytes: NDArray[np.int32],
    entry_frame: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    queued: NDArray[np.int64],
    c: int,
    s: int,
    u: int,
    amount: int,
    limit: int,
    frame: int,
) -> int:
    """Queue up to ``amount`` bytes that arrived in ``frame``, as far as ``limit`` allows; returns the bytes
    taken.

    With the ring full the newest entry takes the bytes too: none is lost, only their age is overstated.
    """
    room = limit - int(queued[c, s, u])
    taken = min(amount, room)
    if taken <= 0:
        return 0
    size = entry_bytes.shape[3]
    used = int(count[c, s, u])
    if used < size:
        place = (int(head[c, s, u]) + used) & (size - 1)
        entry_bytes[c, s, u, place] = taken
        entry_frame[c, s, u, place] = frame
        count[c, s, u] = used + 1
    else:
        place = (int(head[c, s, u]) + used - 1) & (size - 1)
        entry_bytes[c, s, u, place] += taken
    queued[c, s, u] += taken
    return taken


@kernel
def pop(
    entry_bytes: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    queued: NDArray[np.int64],
    c: int,
    s: int,
    u: int,
    amount: int,
) -> int:
    """Deliver up to ``amount`` bytes, oldest first; returns the bytes delivered."""
    delivered = min(amount, int(queued[c, s, u]))
    left = delivered
    size = entry_bytes.shape[3]
    while left > 0:
        place = int(head[c, s, u])
        here = int(entry_bytes[c, s, u, place])
        if here > left:
            entry_bytes[c, s, u, place] = here - left
            left = 0
        else:
            entry_bytes[c, s, u, place] = 0
            head[c, s, u] = (place + 1) & (size - 1)
            count[c, s, u] -= 1
            left -= here
    queued[c, s, u] -= delivered
    return delivered


@kernel
def age_frames(
    entry_frame: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    c: int,
    s: int,
    u: int,
    now: int,
) -> int:
    """Frames from the start of the oldest waiting byte's frame to the start of frame ``now``.

    0 for an empty queue.
    """
    if count[c, s, u] == 0:
        return 0
    return now - int(entry_frame[c, s, u, int(head[c, s, u])])
