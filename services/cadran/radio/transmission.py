"""From grants to bytes received: true SINR, transport blocks, errors, HARQ.

Shannon link: the RBs of a UE carry what log2(1 + SINR) says, at once and without error.

MCS link: the granted RBs of a UE are one transport block, whose size follows from TS 38.214 and whose MCS is
the highest that its reports allow, or the lowest that carries all it has to send. It is received with the
error probability at its effective SINR (EESM). HARQ is synchronous: process t mod P of a UE sends in TTI t
only, so a repetition comes P TTIs later with as many RBs, and a block has the sum of its tries' effective
SINRs (chase combining; ASSUMED in place of the sum per RB). What fails to the last is lost. The outer loop
hears of each first try at once (ASSUMED: it reacts over tens of blocks, so a few TTIs do not matter), but not
of a success at less than the reported MCS, which says nothing of the report.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.csi import link_windows
from cadran.radio.hashing import draw
from cadran.radio.jit import inlined_kernel, kernel
from cadran.radio.link import Fading, curve_index, power_gain
from cadran.radio.queues import pop
from cadran.radio.tables import BLER_SHIFT, EESM_ONE, INVERSE_STEPS, McsLink, Parameters
from cadran.radio.views import (
    AIR_BYTE_TTIS,
    BLOCKS,
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


@kernel
def add_grants(
    ue_of_unit: NDArray[np.int16],
    slice_of_unit: NDArray[np.int8],
    unit_rbs: NDArray[np.int64],
    csi_bits: NDArray[np.int32],
    rbs: NDArray[np.int64],
    expected: NDArray[np.int64],
    rb_ttis: NDArray[np.int64],
) -> None:
    """Sum up each UE's grant of one DU: RBs and promised bits, int64[S * U]; and the RBs of each slice."""
    places = csi_bits.shape[1]
    rbs[:] = 0
    expected[:] = 0
    for g in range(ue_of_unit.shape[0]):
        slot = int(np.int64(ue_of_unit[g]))
        if slot >= 0:
            s = int(np.int64(slice_of_unit[g]))
            rbs[slot] += unit_rbs[g]
            expected[slot] += csi_bits[s, slot - s * places, g]
            rb_ttis[s] += unit_rbs[g]


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


@inlined_kernel
def find_windows(
    e: int,
    c: int,
    block_key: int,
    ues: NDArray[np.int32],
    fading: Fading,
    channels: Channels,
    sending: Sending,
) -> None:
    """Find the fading windows of all links of the UEs that one DU serves."""
    base, row, travelled = channels.fading_base[e, c], channels.fading_row[e, c], channels.travelled[e, c]
    rbs, starts, places = sending.rbs[e], sending.starts[e], channels.travelled.shape[3]
    for s in range(SLICES):
        for u in range(int(ues[c, s])):
            slot = s * places + u
            if rbs[slot] > 0:
                number = c * SLICES * places + slot
                link_windows(
                    fading, base[s, u], row[s, u], int(travelled[s, u]), block_key, number, starts[slot]
                )


@kernel
def carry(
    c: int,
    activity: NDArray[np.float32],
    ue_of_unit: NDArray[np.int16],
    slice_of_unit: NDArray[np.int8],
    gain: NDArray[np.float32],
    patterns: NDArray[np.uint16],
    unit_rbs: NDArray[np.int64],
    starts: NDArray[np.int64],
    mcs: NDArray[np.int64],
    scale: NDArray[np.float32],
    curve: NDArray[np.int32],
    carried: NDArray[np.int64],
) -> None:
    """What every granted unit of one DU really carries, at the true SINR of this TTI.

    Args:
        c: the DU.
        activity: float32[C, G], this TTI's.
        ue_of_unit: int16[G].
        slice_of_unit: int8[G].
        gain: float32[S, U, C].
        patterns: the fading map.
        unit_rbs: int64[G].
        starts: int64[S * U, C], the links' windows.
        mcs: int64[S * U]; what has none, -1, sends nothing that counts.
        scale: float32[M], factor on the SINR before the curve is looked up.
        curve: int32[CURVE_STEPS].
        carried: int64[S * U], written: the curve's values added up over the UE's RBs.
    """
    places, dus = gain.shape[1], gain.shape[2]
    carried[:] = 0
    for g in range(ue_of_unit.shape[0]):
        slot = int(np.int64(ue_of_unit[g]))
        if slot < 0 or mcs[slot] < 0:
            continue
        s = int(np.int64(slice_of_unit[g]))
        mean, start = gain[s, slot - s * places], starts[slot]
        total = np.float32(1.0)
        for d in range(dus):
            if d != c:
                total += mean[d] * activity[d, g] * power_gain(patterns[start[d] + g])
        sinr = mean[c] * power_gain(patterns[start[c] + g]) / total
        carried[slot] += int(curve[curve_index(sinr * scale[mcs[slot]])]) * int(unit_rbs[g])


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
    counters: NDArray[np.int64],
) -> None:
    """Deliver what the RBs of each UE of one DU carry, whole bytes."""
    queued, worst = queues.queued[e], queues.worst_tti[e, c]
    entry_bytes, entry_tti = queues.entry_bytes[e], queues.entry_tti[e]
    head, count = queues.entry_head[e], queues.entry_count[e]
    carried, served, late = sending.carried[e], sending.served[e], sending.late[e]
    places, deaf_until = queued.shape[2], all_deaf_until[e, c]
    for s in range(SLICES):
        delivered, waits = 0, 0
        late[:] = 0
        for u in range(int(ues[c, s])):
            slot = s * places + u
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
    counters: NDArray[np.int64],
) -> None:
    """Decode the transport blocks of one DU: received, to be repeated, or lost."""
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
            if rbs == 0 or mcs < 0:
                continue
            sinr = effective_sinr(int(carried[slot]), rbs, beta[mcs], inverse) + sinr_of[s, u, p]
            sinr_of[s, u, p] = sinr
            tries = int(tries_of[s, u, p]) + 1
            tries_of[s, u, p] = tries
            threshold = bler[mcs, int(size_class[mcs, int(rbs_of[s, u, p])]), curve_index(sinr) >> BLER_SHIFT]
            failed = draw(error_key, c * SLICES * places + slot) < int(threshold)
            failures += 1 if tries == 1 and failed else 0
            if tries == 1 and (failed or mcs == reported_mcs(int(expected[slot]), rbs, mcs_of_bits)):
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
