"""Byte queues with ages: per UE a ring of (bytes, TTI of arrival), all integers.

The arrays are those of one environment: entries [C, S, U, Q], the rest [C, S, U]. Q is a power of two. Times
are TTIs of the episode. What arrives in TTI t can be sent in TTI t: a byte's wait is then 0 TTIs.

The oldest bytes leave first. With the ring full, new bytes join the newest entry: none is lost, only their
age is overstated.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel


@kernel
def push(
    entry_bytes: NDArray[np.int32],
    entry_tti: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    queued: NDArray[np.int64],
    c: int,
    s: int,
    u: int,
    amount: int,
    limit: int,
    tti: int,
) -> int:
    """Queue up to ``amount`` bytes that arrived in ``tti``, as far as ``limit`` allows.

    ``limit`` is at most 2^31 - 1 bytes, so that an entry can hold all of them.

    Returns:
        The bytes taken.
    """
    taken = min(amount, limit - int(queued[c, s, u]))
    if taken <= 0:
        return 0
    size = entry_bytes.shape[3]
    used = int(count[c, s, u])
    if used < size:
        place = (int(head[c, s, u]) + used) & (size - 1)
        entry_bytes[c, s, u, place] = taken
        entry_tti[c, s, u, place] = tti
        count[c, s, u] = used + 1
    else:
        place = (int(head[c, s, u]) + used - 1) & (size - 1)
        entry_bytes[c, s, u, place] += taken
    queued[c, s, u] += taken
    return taken


@kernel
def pop(
    entry_bytes: NDArray[np.int32],
    entry_tti: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    queued: NDArray[np.int64],
    c: int,
    s: int,
    u: int,
    amount: int,
    tti: int,
    budget_ttis: int,
    rtt_ttis: int,
    late: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Send up to ``amount`` bytes in ``tti``, oldest first.

    A byte that is received at try r = 0, 1, … (r repetitions, each ``rtt_ttis`` later) has then spent its
    wait, the TTI of its transmission and r round trips: it is late if that exceeds ``budget_ttis``.

    Args:
        late: int64[R], to which the bytes that are late if received at try r are added.

    Returns:
        The bytes sent; the sum over them of their waits in TTIs; the longest of these waits.
    """
    sent = min(amount, int(queued[c, s, u]))
    if sent <= 0:
        return 0, 0, 0
    size = entry_bytes.shape[3]
    place = int(head[c, s, u])
    oldest = tti - int(entry_tti[c, s, u, place])
    left, waits, emptied = sent, 0, 0
    while left > 0:
        here = int(entry_bytes[c, s, u, place])
        taken = min(here, left)
        wait = tti - int(entry_tti[c, s, u, place])
        waits += taken * wait
        for r in range(late.shape[0]):
            if wait + 1 + r * rtt_ttis > budget_ttis:
                late[r] += taken
        entry_bytes[c, s, u, place] = here - taken
        left -= taken
        if taken == here:
            place = (place + 1) & (size - 1)
            emptied += 1
    head[c, s, u] = place
    count[c, s, u] -= emptied
    queued[c, s, u] -= sent
    return sent, waits, oldest


@kernel
def expire(
    entry_bytes: NDArray[np.int32],
    entry_tti: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    queued: NDArray[np.int64],
    c: int,
    s: int,
    u: int,
    tti: int,
    budget_ttis: int,
) -> int:
    """Drop the bytes that by ``tti`` have waited ``budget_ttis`` or more; returns how many.

    Sent in ``tti``, they would be received after their budget.
    """
    size = entry_bytes.shape[3]
    place, used = int(head[c, s, u]), int(count[c, s, u])
    dropped, emptied = 0, 0
    while emptied < used and tti - int(entry_tti[c, s, u, place]) >= budget_ttis:
        dropped += int(entry_bytes[c, s, u, place])
        entry_bytes[c, s, u, place] = 0
        place = (place + 1) & (size - 1)
        emptied += 1
    if emptied > 0:
        head[c, s, u] = place
        count[c, s, u] = used - emptied
        queued[c, s, u] -= dropped
    return dropped


@kernel
def age_ttis(
    entry_tti: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    c: int,
    s: int,
    u: int,
    now: int,
) -> int:
    """TTIs from the arrival of the oldest waiting byte to TTI ``now``; 0 for an empty queue."""
    if count[c, s, u] == 0:
        return 0
    return now - int(entry_tti[c, s, u, int(head[c, s, u])])
