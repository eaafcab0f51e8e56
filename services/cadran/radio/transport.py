"""Transport blocks: filled from the queues with what the grants carry."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import inlined_kernel, kernel
from cadran.radio.queues import pop
from cadran.radio.tables import McsLink
from cadran.radio.views import BLOCKS, Harq, Queues, Sending
from cadran.radio.world import SLICES


@kernel
def reported_mcs(expected_bits: int, rbs: int, mcs_of_bits: NDArray[np.int8]) -> int:
    """The highest MCS that a report of so many bits on ``rbs`` RBs allows."""
    return int(np.int64(mcs_of_bits[min(expected_bits // rbs, mcs_of_bits.shape[0] - 1)]))


@inlined_kernel
def start_blocks(
    e: int,
    c: int,
    tti: int,
    ues: NDArray[np.int32],
    budget_ttis: NDArray[np.int64],
    link: McsLink,
    all_deaf_until: NDArray[np.int32],
    queues: Queues,
    harq: Harq,
    sending: Sending,
    counters: NDArray[np.int64],
) -> None:
    """Fill the HARQ processes of this TTI from the queues of one DU's UEs, or take up a repetition.

    ``sending.mcs`` is then the MCS of each UE that was granted RBs, -1 if it has nothing to send.
    ``all_deaf_until``: int32[E, C, S, U], here and below.
    """
    queued = queues.queued[e]
    entry_bytes, entry_tti = queues.entry_bytes[e], queues.entry_tti[e]
    head, count = queues.entry_head[e], queues.entry_count[e]
    waiting_bytes, age_of, oldest_of = harq.harq_bytes[e, c], harq.harq_age[e, c], harq.harq_oldest[e, c]
    late_of, first_tti, rbs_of = harq.harq_late[e, c], harq.harq_tti[e, c], harq.harq_rbs[e, c]
    mcs_of, tries_of, sinr_of = harq.harq_mcs[e, c], harq.harq_tries[e, c], harq.harq_sinr[e, c]
    in_flight, late = harq.in_flight[e, c], sending.late[e]
    rbs_sent, expected, mcs_sent = sending.rbs[e], sending.expected[e], sending.mcs[e]
    served = sending.served[e]
    mcs_of_bits, block_bytes, deaf_until = link.mcs_of_bits, link.block_bytes, all_deaf_until[e, c]
    places, processes = waiting_bytes.shape[1], waiting_bytes.shape[2]
    p = tti & (processes - 1)
    for s in range(SLICES):
        blocks = 0
        for u in range(int(ues[c, s])):
            slot = s * places + u
            rbs = int(rbs_sent[slot])
            mcs_sent[slot] = -1
            # What a UE is granted that cannot hear is padding.
            if rbs == 0 or deaf_until[s, u] > tti:
                continue
            if waiting_bytes[s, u, p] > 0:
                # With fewer RBs than it needs, what the UE was granted is padding.
                if rbs >= rbs_of[s, u, p]:
                    mcs_sent[slot] = mcs_of[s, u, p]
                continue
            mcs = reported_mcs(int(expected[slot]), rbs, mcs_of_bits)
            while mcs > 0 and block_bytes[mcs - 1, rbs] >= queued[c, s, u]:
                mcs -= 1
            late[:] = 0
            taken, age, oldest = pop(
                entry_bytes,
                entry_tti,
                head,
                count,
                queued,
                c,
                s,
                u,
                int(block_bytes[mcs, rbs]),
                tti,
                int(budget_ttis[s]),
                processes,
                late,
            )
            if taken == 0:
                continue
            blocks += 1
            mcs_sent[slot] = mcs
            served[slot] = 8 * taken
            in_flight[s, u] += taken
            waiting_bytes[s, u, p] = taken
            age_of[s, u, p] = age
            oldest_of[s, u, p] = oldest
            first_tti[s, u, p] = tti
            rbs_of[s, u, p] = rbs
            mcs_of[s, u, p] = mcs
            tries_of[s, u, p] = 0
            sinr_of[s, u, p] = np.float32(0.0)
            for r in range(4):
                late_of[s, u, p, r] = late[r]
        counters[BLOCKS, c, s] += blocks
