"""One frame of one environment, phase by phase, and of a batch of them.

Order: loads move, packets arrive, every DU schedules on the last frame's activity, all activity is then
known, SINR and bytes delivered follow from it, averages and measurements close the frame.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.decision import Decisions
from cadran.radio.hashing import below, draw, frame_key
from cadran.radio.jit import kernel, parallel_kernel
from cadran.radio.kpis import literal_latency_s, md1_latency_s, mean_over_ues, rbs_for_bytes
from cadran.radio.link import bits_of_sinr, expected_interference, fade, faded_interference, link_key
from cadran.radio.mac import BACKLOG, FREE, SE_FLOOR, Csi, Grants, Waiting, schedule
from cadran.radio.queues import age_frames, pop, push
from cadran.radio.state import Core, Kpis, Ledger
from cadran.radio.tables import CSI_SAMPLES, Parameters, Tables
from cadran.radio.traffic import add_packets, add_trace, move_loads
from cadran.radio.world import SLICES, URLLC


@kernel
def arrive(
    e: int, parameters: Parameters, state: Core, kpis: Kpis, ledger: Ledger, fresh: NDArray[np.int64]
) -> None:
    """Offer this frame's ``fresh`` bytes [C, S, U] to the queues; account for offered and dropped ones."""
    entry_bytes, entry_frame = state.entry_bytes[e], state.entry_frame[e]
    head, count, queued = state.entry_head[e], state.entry_count[e], state.queued[e]
    ues, limit, ewma = state.ues[e], state.queue_limit[e], state.arrival_ewma[e]
    arrived, dropped = kpis.arrived_bytes[e], kpis.dropped_bytes[e]
    frame = int(state.frame[e])
    for c in range(ues.shape[0]):
        for s in range(SLICES):
            offered, taken = 0, 0
            for u in range(ues[c, s]):
                amount = int(fresh[c, s, u])
                if amount > 0:
                    offered += amount
                    taken += push(
                        entry_bytes,
                        entry_frame,
                        head,
                        count,
                        queued,
                        c,
                        s,
                        u,
                        amount,
                        int(limit[c, s]),
                        frame,
                    )
            arrived[c, s] = offered
            dropped[c, s] = offered - taken
            ledger.arrived_bytes[e, c, s] += offered
            ledger.dropped_bytes[e, c, s] += offered - taken
            ewma[c, s] += parameters.average * (offered - ewma[c, s])


@kernel
def neighbours_of(
    c: int, active: NDArray[np.uint8], neighbours: NDArray[np.int64], count: NDArray[np.int64]
) -> None:
    """List, for every RB, the DUs other than ``c`` that transmit on it.

    Args:
        c: the DU.
        active: uint8[C, K].
        neighbours: int64[K, C], written: the first ``count[k]`` entries.
        count: int64[K], written.
    """
    for rb in range(active.shape[1]):
        found = 0
        for d in range(active.shape[0]):
            if d != c and active[d, rb]:
                neighbours[rb, found] = d
                found += 1
        count[rb] = found


@kernel
def await_service(c: int, e: int, state: Core, waiting: Waiting, schedulers: NDArray[np.int64]) -> None:
    """Fill ``waiting`` with the DU's UEs that have bytes queued."""
    frame = int(state.frame[e])
    queued, mean_se, ues = state.queued[e], state.mean_se[e], state.ues[e]
    entry_frame, head, count = state.entry_frame[e], state.entry_head[e], state.entry_count[e]
    for s in range(SLICES):
        found = 0
        for u in range(ues[c, s]):
            waiting.pf[s, u] = 1.0 / max(mean_se[c, s, u], SE_FLOOR)
            waiting.weight[s, u] = waiting.pf[s, u]
            if queued[c, s, u] > 0:
                if schedulers[s] == BACKLOG:
                    waiting.weight[s, u] *= 1.0 + age_frames(entry_frame, head, count, c, s, u, frame)
                waiting.places[s, found] = u
                waiting.bits[s, u] = 8 * queued[c, s, u]
                found += 1
        waiting.size[s] = found


@kernel
def schedule_all(
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    kpis: Kpis,
    decisions: Decisions,
    fading_key: int,
    neighbours: NDArray[np.int64],
    neighbour_count: NDArray[np.int64],
) -> None:
    """Schedule every DU, then make this frame's activity known.

    ``neighbours`` int64[C, K, C] and ``neighbour_count`` int64[C, K] hold the last frame's activity on
    entry and this frame's on return.
    """
    dus, places, rbs = state.gain.shape[1], state.gain.shape[3], state.active.shape[2]
    waiting = Waiting(
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros(SLICES, dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.float64),
        np.zeros((SLICES, places), dtype=np.float64),
    )
    keys = np.zeros((SLICES, places), dtype=np.int64)
    held = np.zeros(SLICES, dtype=np.int64)
    for c in range(dus):
        for s in range(SLICES):
            held[s] = 0
            for u in range(state.ues[e, c, s]):
                keys[s, u] = link_key(fading_key, ((c * SLICES + s) * places + u) * dus + c)
        await_service(c, e, state, waiting, tables.schedulers)
        csi = Csi(c, state.gain[e, c], keys, tables.fading, tables.bits, neighbours[c], neighbour_count[c])
        grants = Grants(state.slice_of_rb[e, c], state.ue_of_rb[e, c], held, state.next_place[e, c])
        grants.slice_of_rb[:] = FREE
        grants.ue_of_rb[:] = -1
        schedule(
            csi,
            waiting,
            grants,
            tables.schedulers,
            parameters.pad,
            state.ues[e, c],
            int(decisions.mode[e, c]),
            decisions.dedicated_rbs[e, c],
            decisions.min_rbs[e, c],
            decisions.max_rbs[e, c],
            decisions.slice_of_rb[e, c],
            kpis.rbs_quota[e, c],
            state.service_rbs[e, c],
        )
    active = state.active[e]
    for c in range(dus):
        for rb in range(rbs):
            active[c, rb] = 1 if state.ue_of_rb[e, c, rb] >= 0 else 0
    for c in range(dus):
        neighbours_of(c, active, neighbours[c], neighbour_count[c])


@kernel
def transmit(
    e: int,
    tables: Tables,
    state: Core,
    kpis: Kpis,
    fading_key: int,
    neighbours: NDArray[np.int64],
    neighbour_count: NDArray[np.int64],
    capacity: NDArray[np.int64],
) -> None:
    """Bits that each UE's RBs really carry, int64[C, S, U].

    This frame's activity, Rayleigh on cross links too.
    """
    dus, places, rbs = state.gain.shape[1], state.gain.shape[3], state.active.shape[2]
    gain, ue_of_rb, used = state.gain[e], state.ue_of_rb[e], kpis.rbs_used[e]
    used[:] = 0
    for c in range(dus):
        for rb in range(rbs):
            slot = int(ue_of_rb[c, rb])
            if slot < 0:
                continue
            s, u = slot // places, slot % places
            first_link = (c * SLICES * places + slot) * dus
            interference = faded_interference(
                gain[c, s, u],
                neighbours[c, rb],
                neighbour_count[c, rb],
                rb,
                fading_key,
                first_link,
                tables.fading,
            )
            signal = gain[c, s, u, c] * fade(link_key(fading_key, first_link + c), rb, tables.fading)
            capacity[c, s, u] += bits_of_sinr(signal / interference, tables.bits)
            used[c, s] += 1


@kernel
def deliver(e: int, state: Core, kpis: Kpis, ledger: Ledger, capacity: NDArray[np.int64]) -> None:
    """Take from each queue what its UE's RBs carry; whole bytes."""
    entry_bytes, head, count, queued = (
        state.entry_bytes[e],
        state.entry_head[e],
        state.entry_count[e],
        state.queued[e],
    )
    ues = state.ues[e]
    for c in range(ues.shape[0]):
        for s in range(SLICES):
            delivered, left = 0, 0
            for u in range(ues[c, s]):
                if queued[c, s, u] > 0:
                    delivered += pop(entry_bytes, head, count, queued, c, s, u, int(capacity[c, s, u]) >> 3)
                    left += int(queued[c, s, u])
            kpis.delivered_bytes[e, c, s] = delivered
            kpis.queued_bytes[e, c, s] = left
            ledger.delivered_bytes[e, c, s] += delivered


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


@kernel
def arrivals(e: int, parameters: Parameters, tables: Tables, state: Core) -> NDArray[np.int64]:
    """Move the loads, then draw this frame's bytes per UE, int64[C, S, U]."""
    key_a, key_b, frame = int(state.keys[e, 0]), int(state.keys[e, 1]), int(state.frame[e])
    move_loads(
        state.load_level[e],
        frame_key(key_a, key_b, frame, hashing.LOAD_LEVEL),
        frame_key(key_a, key_b, frame, hashing.LOAD_REDRAW),
        parameters.redraw_below,
    )
    fresh = np.zeros((state.ues.shape[1], SLICES, state.gain.shape[3]), dtype=np.int64)
    add_packets(
        fresh,
        state.ues[e],
        state.load_level[e],
        1 if parameters.traced else 0,
        tables.packet_bytes,
        tables.poisson_start,
        tables.poisson_length,
        tables.poisson_cdf,
        frame_key(key_a, key_b, frame, hashing.PACKETS),
        frame_key(key_a, key_b, frame, hashing.PACKET_OWNER),
    )
    if parameters.traced:
        global_frame = int(state.episode[e]) * parameters.episode_frames + frame
        add_trace(fresh, state.ues[e], tables.trace, state.trace_start[e], global_frame)
    return fresh


@kernel
def step_environment(
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    kpis: Kpis,
    ledger: Ledger,
    decisions: Decisions,
) -> None:
    """Play one frame of environment ``e``, in place."""
    key_a, key_b, frame = int(state.keys[e, 0]), int(state.keys[e, 1]), int(state.frame[e])
    fading_key = frame_key(key_a, key_b, frame, hashing.FADING)
    sample_key = frame_key(key_a, key_b, frame, hashing.CSI_SAMPLE)
    dus, rbs = state.gain.shape[1], state.active.shape[2]
    neighbours = np.zeros((dus, rbs, dus), dtype=np.int64)
    neighbour_count = np.zeros((dus, rbs), dtype=np.int64)
    for c in range(dus):
        neighbours_of(c, state.active[e], neighbours[c], neighbour_count[c])
    carried = state.queued[e].copy()
    fresh = arrivals(e, parameters, tables, state)
    arrive(e, parameters, state, kpis, ledger, fresh)
    schedule_all(e, parameters, tables, state, kpis, decisions, fading_key, neighbours, neighbour_count)
    capacity = np.zeros(fresh.shape, dtype=np.int64)
    transmit(e, tables, state, kpis, fading_key, neighbours, neighbour_count, capacity)
    deliver(e, state, kpis, ledger, capacity)
    if parameters.rates:
        achievable_rates(
            e, parameters, tables, state, kpis, fading_key, neighbours, neighbour_count, capacity
        )
    measure_channels(e, parameters, tables, state, fading_key, sample_key, neighbours, neighbour_count)
    measure(e, parameters, tables, state, kpis, carried, fresh)
    state.frame[e] += 1


@parallel_kernel
def step_environments(
    parameters: Parameters, tables: Tables, state: Core, kpis: Kpis, ledger: Ledger, decisions: Decisions
) -> None:
    """Play one frame of every environment, spread over threads; they share nothing."""
    for e in numba.prange(state.frame.shape[0]):
        # The index of a parallel loop is unsigned: converted, the kernels compile for one type only.
        step_environment(int(np.int64(e)), parameters, tables, state, kpis, ledger, decisions)
