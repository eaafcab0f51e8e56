"""One frame of one environment, phase by phase, and of a batch of them.

Order: loads move, packets arrive, every DU schedules on the last frame's activity, all activity is then
known, SINR and bytes delivered follow from it, averages and measurements close the frame.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.decision import Decisions
from cadran.radio.hashing import frame_key
from cadran.radio.jit import kernel, parallel_kernel
from cadran.radio.link import (
    bits_of_sinr,
    expected_bits,
    fade,
    faded_interference,
    link_key,
)
from cadran.radio.mac import FREE, MLWDF, SE_FLOOR, Grants, Waiting, schedule
from cadran.radio.measurement import achievable_rates, measure, measure_channels
from cadran.radio.queues import age_frames, pop, push
from cadran.radio.state import Core, Kpis, Ledger
from cadran.radio.tables import Parameters, Tables
from cadran.radio.traffic import add_packets, add_trace, move_loads
from cadran.radio.world import SLICES


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
def await_service(
    c: int,
    e: int,
    parameters: Parameters,
    tables: Tables,
    state: Core,
    fading_key: int,
    activity: NDArray[np.float64],
    noise: NDArray[np.float64],
    waiting: Waiting,
    csi: NDArray[np.int32],
) -> None:
    """Fill ``waiting`` with UEs that have bytes queued, and ``csi`` int32[S, U, K] with their channels.

    Padding goes to any UE: then all channels are needed. ``activity`` is float64[C, K], ``noise`` float64[K]
    scratch.
    """
    dus, places, frame = state.gain.shape[1], state.gain.shape[3], int(state.frame[e])
    queued, mean_se, gain = state.queued[e], state.mean_se[e], state.gain[e]
    entry_frame, head, count = state.entry_frame[e], state.entry_head[e], state.entry_count[e]
    for s in range(SLICES):
        found = 0
        for u in range(state.ues[e, c, s]):
            waiting.pf[s, u] = 1.0 / max(mean_se[c, s, u], SE_FLOOR)
            waiting.weight[s, u] = waiting.pf[s, u]
            if queued[c, s, u] > 0:
                if tables.schedulers[s] == MLWDF:
                    waiting.weight[s, u] *= 1.0 + age_frames(entry_frame, head, count, c, s, u, frame)
                waiting.places[s, found] = u
                waiting.bits[s, u] = 8 * queued[c, s, u]
                found += 1
            if queued[c, s, u] > 0 or parameters.pad:
                key = link_key(fading_key, ((c * SLICES + s) * places + u) * dus + c)
                row = csi[s, u]
                expected_bits(gain[c, s, u], c, key, activity, tables.fading, tables.bits, noise, row)
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
) -> None:
    """Schedule every DU on the last frame's activity, then make this frame's known."""
    dus, places, rbs = state.gain.shape[1], state.gain.shape[3], state.active.shape[2]
    waiting = Waiting(
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros(SLICES, dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.int64),
        np.zeros((SLICES, places), dtype=np.float64),
        np.zeros((SLICES, places), dtype=np.float64),
    )
    csi = np.zeros((SLICES, places, rbs), dtype=np.int32)
    noise = np.zeros(rbs, dtype=np.float64)
    activity = state.active[e].astype(np.float64)
    held = np.zeros(SLICES, dtype=np.int64)
    for c in range(dus):
        held[:] = 0
        await_service(c, e, parameters, tables, state, fading_key, activity, noise, waiting, csi)
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
    for c in range(dus):
        for rb in range(rbs):
            state.active[e, c, rb] = 1 if state.ue_of_rb[e, c, rb] >= 0 else 0


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
    carried = state.queued[e].copy()
    fresh = arrivals(e, parameters, tables, state)
    arrive(e, parameters, state, kpis, ledger, fresh)
    schedule_all(e, parameters, tables, state, kpis, decisions, fading_key)
    for c in range(dus):
        neighbours_of(c, state.active[e], neighbours[c], neighbour_count[c])
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
