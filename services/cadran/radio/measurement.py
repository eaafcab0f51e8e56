"""The last phases of a frame: achievable rates, channel averages, demand and delays."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import below, draw
from cadran.radio.jit import kernel
from cadran.radio.kpis import literal_latency_s, md1_latency_s, mean_over_ues, rbs_for_bytes
from cadran.radio.link import bits_of_sinr, expected_interference, fade, faded_interference, link_key
from cadran.radio.mac import SE_FLOOR
from cadran.radio.queues import age_frames
from cadran.radio.state import Core, Kpis
from cadran.radio.tables import CSI_SAMPLES, Parameters, Tables
from cadran.radio.world import SLICES, URLLC


@kernel
def achievable_rates(
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    kpis: Kpis,
    fading_key: int,
    neighbours: NDArray[np.int64],
    neighbour_count: NDArray[np.int64],
    capacity: NDArray[np.int64],
) -> None:
    """C_i of Eq (1) of arXiv 2511.15002 into ``kpis.ue_rate_bps``.

    ``won_rbs``: ``sum_k B log2(1 + SINR_ik)`` over the RBs that the UE won in this frame.
    ``equal_airtime``: the same sum over all RBs that the slice holds, over the slice's number of UEs.
    """
    dus, places, rbs = state.gain.shape[1], state.gain.shape[3], state.active.shape[2]
    gain, rate, slice_of_rb = state.gain[e], kpis.ue_rate_bps[e], state.slice_of_rb[e]
    for c in range(dus):
        for s in range(SLICES):
            members = int(state.ues[e, c, s])
            for u in range(members):
                if parameters.won_rbs:
                    rate[c, s, u] = capacity[c, s, u] / parameters.frame_s
                    continue
                first_link = ((c * SLICES + s) * places + u) * dus
                own = link_key(fading_key, first_link + c)
                bits = 0
                for rb in range(rbs):
                    if slice_of_rb[c, rb] == s:
                        interference = faded_interference(
                            gain[c, s, u],
                            neighbours[c, rb],
                            neighbour_count[c, rb],
                            rb,
                            fading_key,
                            first_link,
                            tables.fading,
                        )
                        sinr = gain[c, s, u, c] * fade(own, rb, tables.fading) / interference
                        bits += bits_of_sinr(sinr, tables.bits)
                rate[c, s, u] = bits / (members * parameters.frame_s)


@kernel
def measure_channels(
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    fading_key: int,
    sample_key: int,
    neighbours: NDArray[np.int64],
    neighbour_count: NDArray[np.int64],
) -> None:
    """Move each UE's average spectral efficiency by a sample of RBs spread over the band."""
    dus, places, rbs = state.gain.shape[1], state.gain.shape[3], state.active.shape[2]
    gain, mean_se = state.gain[e], state.mean_se[e]
    samples = min(CSI_SAMPLES, rbs)
    first = below(draw(sample_key, 0), rbs)
    for c in range(dus):
        for s in range(SLICES):
            for u in range(state.ues[e, c, s]):
                key = link_key(fading_key, ((c * SLICES + s) * places + u) * dus + c)
                bits = 0
                for i in range(samples):
                    rb = (first + i * rbs // samples) % rbs
                    interference = expected_interference(
                        gain[c, s, u], neighbours[c, rb], neighbour_count[c, rb]
                    )
                    bits += bits_of_sinr(
                        gain[c, s, u, c] * fade(key, rb, tables.fading) / interference, tables.bits
                    )
                measured = bits / (samples * parameters.bits_per_se)
                mean_se[c, s, u] += parameters.average * (measured - mean_se[c, s, u])


@kernel
def measure(
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    kpis: Kpis,
    carried: NDArray[np.int64],
    fresh: NDArray[np.int64],
) -> None:
    """Demand and delays of the frame. ``carried`` and ``fresh``.

    Int64[C, S, U] bytes left over before, and arrived in, it.
    """
    scale = parameters.bits_per_se
    next_frame = int(state.frame[e]) + 1
    entry_frame, head, count = state.entry_frame[e], state.entry_head[e], state.entry_count[e]
    for c in range(state.ues.shape[1]):
        for s in range(SLICES):
            members = int(state.ues[e, c, s])
            expected = state.arrival_ewma[e, c, s]
            slice_se = mean_over_ues(state.mean_se[e, c, s], members)
            backlog_rbs, arrival_rbs, carried_rbs, fresh_rbs = 0.0, 0.0, 0.0, 0.0
            for u in range(members):
                efficiency = state.mean_se[e, c, s, u]
                backlog_rbs += rbs_for_bytes(state.queued[e, c, s, u], efficiency, scale)
                arrival_rbs += rbs_for_bytes(expected / members, efficiency, scale)
                carried_rbs += rbs_for_bytes(carried[c, s, u], efficiency, scale)
                fresh_rbs += rbs_for_bytes(fresh[c, s, u], efficiency, scale)
            kpis.backlog_rbs[e, c, s] = backlog_rbs
            kpis.arrival_rbs[e, c, s] = arrival_rbs
            kpis.arrival_ewma_bytes[e, c, s] = expected
            kpis.mean_se[e, c, s] = slice_se
            for u in range(members):
                if s != URLLC:
                    delay = parameters.frame_s * age_frames(entry_frame, head, count, c, s, u, next_frame)
                elif parameters.literal:
                    rate = np.float64(kpis.ue_rate_bps[e, c, s, u])
                    delay = literal_latency_s(
                        int(carried[c, s, u]), int(tables.packet_bytes[s]), rate, parameters.latency_cap_s
                    )
                else:
                    slowness = slice_se / max(state.mean_se[e, c, s, u], SE_FLOOR)
                    delay = md1_latency_s(
                        carried_rbs,
                        fresh_rbs,
                        state.service_rbs[e, c, s],
                        slowness,
                        parameters.frame_s,
                        parameters.latency_cap_s,
                    )
                kpis.ue_delay_s[e, c, s, u] = delay
