"""The last phases of a frame: achievable rates, channel averages, demand and delays."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.csi import interference_over_noise, link_windows
from cadran.radio.hashing import below, draw
from cadran.radio.jit import inlined_kernel, kernel
from cadran.radio.kpis import literal_latency_s, md1_latency_s, mean_over_ues, rbs_for_bytes
from cadran.radio.link import Fading, curve_index, power_gain, window
from cadran.radio.mac import SE_FLOOR
from cadran.radio.queues import age_ttis
from cadran.radio.tables import Parameters, Tables
from cadran.radio.views import ARRIVED, QUEUED, Cells, Channels, Harq, Outcome, Queues, Scratch, Users
from cadran.radio.world import SLICES, URLLC


@inlined_kernel
def achievable_rates(
    e: int,
    parameters: Parameters,
    tables: Tables,
    fading: Fading,
    cells: Cells,
    channels: Channels,
    ue_rate_bps: NDArray[np.float32],
    block_key: int,
    activity: NDArray[np.float32],
    scratch: Scratch,
) -> None:
    """C_i of Eq (1) of arXiv 2511.15002 in this TTI into ``ue_rate_bps`` float32[E, C, S, U].

    ``won_rbs``: the sum of ``B log2(1 + SINR_ik)`` over the RBs that the UE won.
    ``equal_airtime``: that sum over all RBs that the slice holds, over the slice's number of UEs.
    An RB that the DU transmits on counts with its power, any other with its full share.
    """
    ues, gain, rate = cells.ues[e], channels.gain[e], ue_rate_bps[e]
    base, row, travelled = channels.fading_base[e], channels.fading_row[e], channels.travelled[e]
    ue_of_unit, slice_of_unit = cells.ue_of_unit[e], cells.slice_of_unit[e]
    starts, total, patterns = scratch.starts[e], scratch.total[e], fading.values
    curve, unit_rbs, won_rbs, tti_s = tables.curve, tables.unit_rbs, parameters.won_rbs, parameters.tti_s
    dus, places, units = gain.shape[0], gain.shape[2], activity.shape[1]
    for c in range(dus):
        for s in range(SLICES):
            members = int(ues[c, s])
            for u in range(members):
                slot = s * places + u
                number = c * SLICES * places + slot
                link_windows(
                    fading, base[c, s, u], row[c, s, u], int(travelled[c, s, u]), block_key, number, starts
                )
                interference_over_noise(gain[c, s, u], starts, c, activity, patterns, True, total)
                bits = 0
                for g in range(units):
                    won = int(np.int64(ue_of_unit[c, g])) == slot
                    if won or (slice_of_unit[c, g] == s and not won_rbs):
                        power = activity[c, g] if ue_of_unit[c, g] >= 0 else np.float32(1.0)
                        sinr = gain[c, s, u, c] * power * power_gain(patterns[starts[c] + g]) / total[g]
                        bits += int(curve[curve_index(sinr)]) * int(unit_rbs[g])
                rate[c, s, u] = bits / ((1 if won_rbs else members) * tti_s)


@inlined_kernel
def measure_channels(
    e: int,
    parameters: Parameters,
    curve: NDArray[np.int32],
    fading: Fading,
    all_ues: NDArray[np.int32],
    channels: Channels,
    block_key: int,
    sample_key: int,
    activity: NDArray[np.float32],
    all_samples: NDArray[np.int64],
) -> None:
    """Move each UE's average spectral efficiency by a sample of units spread over the band.

    ``all_ues`` int32[E, C, S]; ``all_samples`` int64[E, CSI_SAMPLES] is scratch.
    """
    ues, gain, mean_se, samples = all_ues[e], channels.gain[e], channels.mean_se[e], all_samples[e]
    base, row, travelled = channels.fading_base[e], channels.fading_row[e], channels.travelled[e]
    per_se, average, patterns = parameters.tti_bits_per_se, parameters.average, fading.values
    dus, places, units = gain.shape[0], gain.shape[2], activity.shape[1]
    count = min(samples.shape[0], units)
    first = below(draw(sample_key, 0), units)
    for i in range(count):
        samples[i] = (first + i * units // count) % units
    for c in range(dus):
        for s in range(SLICES):
            for u in range(int(ues[c, s])):
                link = ((c * SLICES + s) * places + u) * dus + c
                start = window(
                    fading,
                    int(base[c, s, u, c]),
                    int(row[c, s, u, c]),
                    int(travelled[c, s, u]),
                    block_key,
                    link,
                )
                bits = 0
                for i in range(count):
                    g = samples[i]
                    total = np.float32(1.0)
                    for d in range(dus):
                        if d != c:
                            total += gain[c, s, u, d] * activity[d, g]
                    bits += curve[curve_index(gain[c, s, u, c] * power_gain(patterns[start + g]) / total)]
                measured = bits / (count * per_se)
                mean_se[c, s, u] += average * (measured - mean_se[c, s, u])


@kernel
def oldest_ttis(
    entry_tti: NDArray[np.int32],
    head: NDArray[np.int16],
    count: NDArray[np.int16],
    harq_bytes: NDArray[np.int32],
    harq_tti: NDArray[np.int32],
    harq_oldest: NDArray[np.int32],
    c: int,
    s: int,
    u: int,
    now: int,
) -> int:
    """Age in TTIs of a UE's oldest byte that waits or is in HARQ; 0 without any.

    The arrays are those of one environment.
    """
    age = age_ttis(entry_tti, head, count, c, s, u, now)
    for process in range(harq_bytes.shape[3]):
        if harq_bytes[c, s, u, process] > 0:
            since = now - int(harq_tti[c, s, u, process])
            age = max(age, since + int(harq_oldest[c, s, u, process]))
    return age


@inlined_kernel
def measure(
    e: int,
    frame: int,
    parameters: Parameters,
    packet_bytes: NDArray[np.int64],
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    outcome: Outcome,
    users: Users,
    scratch: Scratch,
) -> None:
    """Demand and delays of the frame."""
    scale, average, cap_s = parameters.bits_per_se, parameters.average, parameters.latency_cap_s
    tti_s, frame_s = parameters.tti_s, parameters.frame_s
    literal, measured = parameters.literal, parameters.measured
    now = (frame + 1) * parameters.ttis
    ues, ewma, service = cells.ues[e], cells.arrival_ewma[e], cells.service_rbs[e]
    mean_se, counters = channels.mean_se[e], outcome.counters[e]
    queued, worst = queues.queued[e], queues.worst_tti[e]
    entry_tti, head, count = queues.entry_tti[e], queues.entry_head[e], queues.entry_count[e]
    in_flight, harq_bytes = harq.in_flight[e], harq.harq_bytes[e]
    harq_tti, harq_oldest = harq.harq_tti[e], harq.harq_oldest[e]
    backlog_of, arrival_of = outcome.backlog_rbs[e], outcome.arrival_rbs[e]
    ewma_of, se_of = outcome.arrival_ewma_bytes[e], outcome.mean_se[e]
    rate, delay_of = outcome.ue_rate_bps[e], outcome.ue_delay_s[e]
    carried, fresh = scratch.carried[e], users.ue_arrived_bytes[e]
    queued_of, ue_se_of = users.ue_queued_bytes[e], users.ue_mean_se[e]
    for c in range(ues.shape[0]):
        for s in range(SLICES):
            members = int(ues[c, s])
            ewma[c, s] += average * (counters[ARRIVED, c, s] - ewma[c, s])
            expected = ewma[c, s]
            slice_se = mean_over_ues(mean_se[c, s], members)
            backlog_rbs, arrival_rbs, carried_rbs, fresh_rbs, left = 0.0, 0.0, 0.0, 0.0, 0
            for u in range(members):
                efficiency = mean_se[c, s, u]
                waiting = int(queued[c, s, u]) + int(in_flight[c, s, u])
                left += waiting
                queued_of[c, s, u] = waiting
                ue_se_of[c, s, u] = efficiency
                backlog_rbs += rbs_for_bytes(waiting, efficiency, scale)
                arrival_rbs += rbs_for_bytes(expected / members, efficiency, scale)
                carried_rbs += rbs_for_bytes(carried[c, s, u], efficiency, scale)
                fresh_rbs += rbs_for_bytes(fresh[c, s, u], efficiency, scale)
            counters[QUEUED, c, s] = left
            backlog_of[c, s] = backlog_rbs
            arrival_of[c, s] = arrival_rbs
            ewma_of[c, s] = expected
            se_of[c, s] = slice_se
            for u in range(members):
                if s == URLLC and literal:
                    bps = np.float64(rate[c, s, u])
                    delay = literal_latency_s(int(carried[c, s, u]), int(packet_bytes[s]), bps, cap_s)
                elif s == URLLC and not measured:
                    slowness = slice_se / max(mean_se[c, s, u], SE_FLOOR)
                    delay = md1_latency_s(carried_rbs, fresh_rbs, service[c, s], slowness, frame_s, cap_s)
                else:
                    oldest = oldest_ttis(
                        entry_tti, head, count, harq_bytes, harq_tti, harq_oldest, c, s, u, now
                    )
                    if s == URLLC:
                        oldest = max(oldest, int(worst[c, s, u]))
                    delay = tti_s * oldest
                delay_of[c, s, u] = delay
