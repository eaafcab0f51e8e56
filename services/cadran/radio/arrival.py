"""Bytes that arrive in a TTI, and those that have waited too long."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.hashing import frame_key
from cadran.radio.jit import borrowing_kernel
from cadran.radio.queues import expire, push
from cadran.radio.traffic import TrafficTables, add_arrivals
from cadran.radio.views import ARRIVED, DROPPED, EXPIRED, Cells, Queues, Scratch
from cadran.radio.world import SLICES


@borrowing_kernel
def arrive(
    e: int,
    tti: int,
    global_tti: int,
    key_a: int,
    key_b: int,
    discard_late: bool,
    budget_ttis: NDArray[np.int64],
    traffic: TrafficTables,
    cells: Cells,
    queues: Queues,
    scratch: Scratch,
    arrived: NDArray[np.int64],
    counters: NDArray[np.int64],
) -> None:
    """Drop what has waited too long, then offer this TTI's bytes to the queues.

    ``arrived``: int64[C, S, U], bytes offered in the frame so far; ``counters``: int64[N, C, S].
    """
    ues, limits = cells.ues[e], queues.queue_limit[e]
    entry_bytes, entry_tti = queues.entry_bytes[e], queues.entry_tti[e]
    head, count, queued = queues.entry_head[e], queues.entry_count[e], queues.queued[e]
    fresh = scratch.fresh[e]
    add_arrivals(
        fresh,
        ues,
        queues.phase[e],
        queued,
        limits,
        cells.load_level[e],
        tti,
        global_tti,
        frame_key(key_a, key_b, tti, hashing.PACKETS),
        frame_key(key_a, key_b, tti, hashing.PACKET_OWNER),
        traffic,
    )
    for c in range(ues.shape[0]):
        for s in range(SLICES):
            offered, dropped, expired = 0, 0, 0
            amounts = fresh[c, s]
            for u in range(int(ues[c, s])):
                if discard_late and queued[c, s, u] > 0:
                    budget = int(budget_ttis[s])
                    expired += expire(entry_bytes, entry_tti, head, count, queued, c, s, u, tti, budget)
                amount = int(amounts[u])
                if amount > 0:
                    limit = int(limits[c, s, u])
                    taken = push(entry_bytes, entry_tti, head, count, queued, c, s, u, amount, limit, tti)
                    offered += amount
                    dropped += amount - taken
                    arrived[c, s, u] += amount
            counters[ARRIVED, c, s] += offered
            counters[DROPPED, c, s] += dropped + expired
            counters[EXPIRED, c, s] += expired
