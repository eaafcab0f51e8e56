"""From true SINRs to bytes received: decoding, HARQ, and the books of a TTI."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import draw
from cadran.radio.jit import inlined_kernel, kernel
from cadran.radio.link import curve_index
from cadran.radio.queues import pop
from cadran.radio.tables import BLER_SHIFT, EESM_ONE, INVERSE_STEPS, McsLink, Parameters
from cadran.radio.transport import reported_mcs
from cadran.radio.views import (
    AIR_BYTE_TTIS,
    BURST_BYTES,
    BURST_TTIS,
    DELIVERED,
    DROPPED,
    FAILED_BLOCKS,
    LATE,
    LOST,
    QUEUE_BYTE_TTIS,
    Channels,
    Harq,
    Queues,
    Sending,
)
from cadran.radio.world import SLICES


@inlined_kernel
def receive_shannon(
    e: int,
    c: int,
    tti: int,
    ues: NDArray[np.int32],
    budget_ttis: NDArray[np.int64],
    all_deaf_until: NDArray[np.int32],
    queues: Queues,
    sending: Sending,
    ue_rbs: NDArray[np.int32],
    ue_delivered: NDArray[np.int64],
    counters: NDArray[np.int64],
) -> None:
    """Deliver what the RBs of each UE of one DU carry, whole bytes.

    ``ue_rbs``: int32[S, U] and ``ue_delivered``: int64[S, U], added to.
    """
    queued, worst = queues.queued[e], queues.worst_tti[e, c]
    entry_bytes, entry_tti = queues.entry_bytes[e], queues.entry_tti[e]
    head, count = queues.entry_head[e], queues.entry_count[e]
    rbs, carried, served, late = sending.rbs[e], sending.carried[e], sending.served[e], sending.late[e]
    places, deaf_until = queued.shape[2], all_deaf_until[e, c]
    for s in range(SLICES):
        delivered, waits = 0, 0
        late[:] = 0
        for u in range(int(ues[c, s])):
            slot = s * places + u
            if rbs[slot] == 0:
                continue
            ue_rbs[s, u] += rbs[slot]
            if carried[slot] < 8 or queued[c, s, u] == 0 or deaf_until[s, u] > tti:
                continue
            taken, age, oldest = pop(
                entry_bytes,
                entry_tti,
                head,
                count,
                queued,
                c,
                s,
                u,
                int(carried[slot]) >> 3,
                tti,
                int(budget_ttis[s]),
                1,
                late,
            )
            served[slot] = 8 * taken
            delivered += taken
            ue_delivered[s, u] += taken
            waits += age
            worst[s, u] = max(int(worst[s, u]), oldest + 1)
        counters[DELIVERED, c, s] += delivered
        counters[QUEUE_BYTE_TTIS, c, s] += waits
        counters[AIR_BYTE_TTIS, c, s] += delivered
        counters[LATE, c, s] += late[0]


@kernel
def effective_sinr(carried: int, rbs: int, beta: np.float32, inverse: NDArray[np.float32]) -> np.float32:
    """EESM: the SINR of an AWGN channel as good as these RBs.

    Args:
        carried: sum over RBs of exp(-SINR / beta), in units of 1 / EESM_ONE.
        rbs: how many.
        beta: of the MCS.
        inverse: -ln of a mean, see ``tables``.
    """
    return np.float32(inverse[carried * INVERSE_STEPS // (rbs * EESM_ONE)] * beta)


@inlined_kernel
def receive_blocks(
    e: int,
    c: int,
    tti: int,
    error_key: int,
    ues: NDArray[np.int32],
    parameters: Parameters,
    link: McsLink,
    queues: Queues,
    channels: Channels,
    harq: Harq,
    sending: Sending,
    ue_rbs: NDArray[np.int32],
    ue_delivered: NDArray[np.int64],
    counters: NDArray[np.int64],
) -> None:
    """Decode the transport blocks of one DU: received, to be repeated, or lost.

    ``ue_rbs``: int32[S, U] and ``ue_delivered``: int64[S, U], added to.
    """
    waiting_bytes, age_of, oldest_of = harq.harq_bytes[e, c], harq.harq_age[e, c], harq.harq_oldest[e, c]
    late_of, first_tti, rbs_of = harq.harq_late[e, c], harq.harq_tti[e, c], harq.harq_rbs[e, c]
    tries_of, sinr_of, in_flight = harq.harq_tries[e, c], harq.harq_sinr[e, c], harq.in_flight[e, c]
    rbs_sent, mcs_sent, carried = sending.rbs[e], sending.mcs[e], sending.carried[e]
    expected, mcs_of_bits = sending.expected[e], link.mcs_of_bits
    olla, worst = channels.olla[e, c], queues.worst_tti[e, c]
    bler, size_class, beta, inverse = link.bler, link.size_class, link.beta, link.inverse
    olla_down, olla_up = link.olla_down, link.olla_up
    olla_limit, most_tries = parameters.olla_limit, parameters.tries
    places, processes = waiting_bytes.shape[1], waiting_bytes.shape[2]
    p = tti & (processes - 1)
    for s in range(SLICES):
        failures, delivered, waits, on_air, late, lost = 0, 0, 0, 0, 0, 0
        for u in range(int(ues[c, s])):
            slot = s * places + u
            mcs, rbs = int(mcs_sent[slot]), int(rbs_sent[slot])
            if rbs == 0:
                continue
            ue_rbs[s, u] += rbs
            if mcs < 0:
                continue
            sinr = effective_sinr(int(carried[slot]), rbs, beta[mcs], inverse) + sinr_of[s, u, p]
            sinr_of[s, u, p] = sinr
            tries = int(tries_of[s, u, p]) + 1
            tries_of[s, u, p] = tries
            threshold = bler[mcs, int(size_class[mcs, int(rbs_of[s, u, p])]), curve_index(sinr) >> BLER_SHIFT]
            failed = draw(error_key, c * SLICES * places + slot) < int(threshold)
            failures += 1 if tries == 1 and failed else 0
            if tries == 1 and mcs == reported_mcs(int(expected[slot]), rbs, mcs_of_bits):
                step = -int(olla_down[s]) if failed else int(olla_up[s])
                olla[s, u] = min(max(int(olla[s, u]) + step, -olla_limit), olla_limit)
            amount = int(waiting_bytes[s, u, p])
            if failed and tries < most_tries:
                continue
            if failed:
                lost += amount
            else:
                waited = tti - int(first_tti[s, u, p]) + 1
                delivered += amount
                ue_delivered[s, u] += amount
                waits += age_of[s, u, p]
                on_air += amount * waited
                late += late_of[s, u, p, min(3, waited // processes)]
                worst[s, u] = max(int(worst[s, u]), waited + int(oldest_of[s, u, p]))
            in_flight[s, u] -= amount
            waiting_bytes[s, u, p] = 0
        counters[FAILED_BLOCKS, c, s] += failures
        counters[DELIVERED, c, s] += delivered
        counters[QUEUE_BYTE_TTIS, c, s] += waits
        counters[AIR_BYTE_TTIS, c, s] += on_air
        counters[LATE, c, s] += late
        counters[LOST, c, s] += lost
        counters[DROPPED, c, s] += lost


@inlined_kernel
def close_tti(
    e: int,
    c: int,
    pf_weight: float,
    ues: NDArray[np.int32],
    channels: Channels,
    queues: Queues,
    served: NDArray[np.int64],
    busy: NDArray[np.uint8],
    counters: NDArray[np.int64],
) -> None:
    """Move the served averages; note the throughput of bursts.

    ``served``: int64[S * U]; ``busy``: uint8[S, U].
    """
    mean_bits, queued = channels.mean_bits[e, c], queues.queued[e, c]
    places = queued.shape[1]
    for s in range(SLICES):
        burst_ttis, burst_bytes = 0, 0
        for u in range(int(ues[c, s])):
            sent = served[s * places + u]
            mean_bits[s, u] += pf_weight * (sent - mean_bits[s, u])
            if busy[s, u] and queued[s, u] > 0:
                burst_ttis += 1
                burst_bytes += sent >> 3
        counters[BURST_TTIS, c, s] += burst_ttis
        counters[BURST_BYTES, c, s] += burst_bytes
