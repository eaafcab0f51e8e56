"""One frame of one environment, TTI by TTI and phase by phase, and of a batch of them.

A TTI: packets arrive, what is too old is dropped, every DU schedules by its UEs' reports, all activity is
then known, SINR and bytes received follow from it, averages move. A frame is one decision over one or more
TTIs; loads move before it, and measurements close it.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.csi import expected_bits, interference_over_noise, link_windows, reported_tti
from cadran.radio.decision import Decisions
from cadran.radio.hashing import frame_key
from cadran.radio.jit import borrowing_kernel, entry_kernel, inlined_kernel
from cadran.radio.link import Fading
from cadran.radio.mac import MLWDF, SE_FLOOR, Grants, Waiting, Workspace, schedule
from cadran.radio.measurement import achievable_rates, measure, measure_channels
from cadran.radio.queues import expire, push
from cadran.radio.tables import OLLA_SHIFT, McsLink, Parameters, Tables
from cadran.radio.traffic import TrafficTables, add_arrivals, move_loads
from cadran.radio.transmission import (
    add_grants,
    carry,
    find_windows,
    receive_blocks,
    receive_shannon,
    start_blocks,
)
from cadran.radio.views import (
    ARRIVED,
    BURST_BYTES,
    BURST_TTIS,
    BUSY_UE_TTIS,
    CQI_REPORTS,
    CQI_SUM,
    DROPPED,
    EXPIRED,
    LOST,
    RB_TTIS,
    Cells,
    Channels,
    Clock,
    Harq,
    Outcome,
    Queues,
    Scratch,
    Sending,
)
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
    counters: NDArray[np.int64],
) -> None:
    """Drop what has waited too long, then offer this TTI's bytes to the queues.

    ``counters``: int64[N, C, S].
    """
    ues, limits = cells.ues[e], queues.queue_limit[e]
    entry_bytes, entry_tti = queues.entry_bytes[e], queues.entry_tti[e]
    head, count, queued = queues.entry_head[e], queues.entry_count[e], queues.queued[e]
    fresh, arrived = scratch.fresh[e], scratch.arrived[e]
    add_arrivals(
        fresh,
        ues,
        queues.phase[e],
        queued,
        limits,
        cells.load_level[e],
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


@inlined_kernel
def report_channels(
    e: int,
    c: int,
    tti: int,
    key_a: int,
    key_b: int,
    parameters: Parameters,
    tables: Tables,
    cqi_bits: NDArray[np.int64],
    fading: Fading,
    cells: Cells,
    channels: Channels,
    waiting: Waiting,
    scratch: Scratch,
    counters: NDArray[np.int64],
) -> None:
    """Bring the reports of one DU's UEs in ``waiting.places`` up to date."""
    gain, activity = channels.gain[e, c], cells.activity[e]
    base, row, row_step = channels.fading_base[e, c], channels.fading_row[e, c], channels.row_step[e, c]
    travelled, olla = channels.travelled[e, c], channels.olla[e, c]
    csi_bits, csi_tti = channels.csi_bits[e, c], channels.csi_tti[e, c]
    starts, total, patterns = scratch.starts[e], scratch.total[e], fading.values
    curve, unit_rbs, listed, sizes = tables.curve, tables.unit_rbs, waiting.places[e], waiting.size[e]
    period, delay, measured = parameters.csi_period, parameters.csi_delay, parameters.csi_measured
    places, units, history = gain.shape[1], total.shape[0], activity.shape[0] - 1
    rbs = 0
    for g in range(units):
        rbs += unit_rbs[g]
    for s in range(SLICES):
        for i in range(sizes[s]):
            u = listed[s, i]
            slot = (c * SLICES + s) * places + u
            at = reported_tti(tti, slot, period, delay)
            if csi_tti[s, u] == at:
                continue
            csi_tti[s, u] = at
            key = frame_key(key_a, key_b, at, hashing.FADING)
            since = int(travelled[s, u]) - (tti - at) * int(row_step[s, u])
            link_windows(fading, base[s, u], row[s, u], since, key, slot, starts)
            # What can be used at once cannot know what the neighbours decide in its TTI.
            seen = activity[(at - 1 if delay == 0 or at == 0 else at) & history]
            interference_over_noise(gain[s, u], starts, c, seen, patterns, measured, total)
            own = patterns[starts[c] : starts[c] + units]
            steps = int(olla[s, u]) >> OLLA_SHIFT
            bits = expected_bits(gain[s, u, c], own, total, steps, curve, unit_rbs, csi_bits[s, u])
            if parameters.mcs:
                index = 0
                while index < 15 and cqi_bits[index + 1] * rbs <= bits:
                    index += 1
                counters[CQI_REPORTS, c, s] += 1
                counters[CQI_SUM, c, s] += index


@inlined_kernel
def queue_up(
    e: int,
    c: int,
    tti: int,
    parameters: Parameters,
    tables: Tables,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    waiting: Waiting,
    scratch: Scratch,
    counters: NDArray[np.int64],
) -> None:
    """Move the UEs of one DU on, and list those that have something to send.

    A repetition that found no room for as long as all tries take is given up: its process would else be
    blocked for good, since a quota may have become smaller than the block.

    Padding goes to any UE: then all of them are listed, and ``prune`` takes those without data out again.
    """
    ues, processes = cells.ues[e, c], harq.harq_bytes.shape[4]
    process, deadline = tti & (processes - 1), parameters.tries * processes
    means = channels.mean_bits if parameters.pf_served else channels.mean_se
    schedulers, pad = tables.schedulers, parameters.pad
    all_places, all_bits, all_ages = waiting.places[e], waiting.bits[e], waiting.age[e]
    all_metrics, all_weights, sizes = waiting.metric[e], waiting.weight[e], waiting.size[e]
    all_repeats, repeat_rbs, repeat_size = waiting.repeats[e], waiting.repeat_rbs[e], waiting.repeat_size[e]
    for s in range(SLICES):
        found, repeats, busy_ues = 0, 0, 0
        queued, in_flight, deaf_until = (
            queues.queued[e, c, s],
            harq.in_flight[e, c, s],
            channels.deaf_until[e, c, s],
        )
        harq_bytes, harq_rbs, mean = harq.harq_bytes[e, c, s], harq.harq_rbs[e, c, s], means[e, c, s]
        travelled, row_step = channels.travelled[e, c, s], channels.row_step[e, c, s]
        busy, entry_tti, head = scratch.busy[e, c, s], queues.entry_tti[e, c, s], queues.entry_head[e, c, s]
        harq_tti, mlwdf, lost = harq.harq_tti[e, c, s], schedulers[s] == MLWDF, 0
        for u in range(int(ues[s])):
            travelled[u] += row_step[u]
            has_data = queued[u] > 0
            busy[u] = 1 if has_data else 0
            if has_data or in_flight[u] > 0:
                busy_ues += 1
            if deaf_until[u] > tti:
                continue
            if harq_bytes[u, process] > 0 and tti - int(harq_tti[u, process]) >= deadline:
                lost += harq_bytes[u, process]
                in_flight[u] -= harq_bytes[u, process]
                harq_bytes[u, process] = 0
            if harq_bytes[u, process] > 0:
                all_repeats[s, repeats] = u
                repeat_rbs[s, u] = harq_rbs[u, process]
                repeats += 1
            elif has_data or pad:
                age = tti - int(entry_tti[u, int(head[u])]) if has_data else 0
                factor = np.float32(1.0 / max(mean[u], SE_FLOOR))
                all_metrics[s, u] = factor
                all_weights[s, u] = factor * np.float32(1 + age) if mlwdf else factor
                all_ages[s, u] = age
                all_bits[s, u] = 8 * queued[u]
                all_places[s, found] = u
                found += 1
        sizes[s] = found
        repeat_size[s] = repeats
        counters[BUSY_UE_TTIS, c, s] += busy_ues
        counters[LOST, c, s] += lost
        counters[DROPPED, c, s] += lost


@inlined_kernel
def prune(e: int, waiting: Waiting) -> None:
    """Take UEs without data off the lists of those that wait."""
    places, bits, sizes = waiting.places[e], waiting.bits[e], waiting.size[e]
    for s in range(SLICES):
        kept = 0
        for i in range(sizes[s]):
            u = places[s, i]
            if bits[s, u] > 0:
                places[s, kept] = u
                kept += 1
        sizes[s] = kept


@borrowing_kernel
def schedule_all(
    e: int,
    tti: int,
    key_a: int,
    key_b: int,
    parameters: Parameters,
    tables: Tables,
    cqi_bits: NDArray[np.int64],
    fading: Fading,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    outcome: Outcome,
    waiting: Waiting,
    work: Workspace,
    scratch: Scratch,
    decisions: Decisions,
) -> None:
    """Schedule every DU, then make this TTI's activity known."""
    counters, quota, service = outcome.counters[e], outcome.rbs_quota[e], cells.service_rbs[e]
    ue_of_unit, slice_of_unit, next_place = cells.ue_of_unit[e], cells.slice_of_unit[e], cells.next_place[e]
    ues, csi_bits, held = cells.ues[e], channels.csi_bits[e], scratch.held[e]
    here = Waiting(
        waiting.places[e],
        waiting.size[e],
        waiting.bits[e],
        waiting.metric[e],
        waiting.weight[e],
        waiting.age[e],
        waiting.repeats[e],
        waiting.repeat_size[e],
        waiting.repeat_rbs[e],
    )
    room = Workspace(
        work.ranks,
        work.mask,
        work.half,
        work.keys[e],
        work.units[e],
        work.blocks[e],
        work.guaranteed[e],
        work.competitors[e],
    )
    mode, dedicated = decisions.mode[e], decisions.dedicated_rbs[e]
    least, most, assigned = decisions.min_rbs[e], decisions.max_rbs[e], decisions.slice_of_rb[e]
    unit_rbs, schedulers, pad = tables.unit_rbs, tables.schedulers, parameters.pad
    for c in range(ues.shape[0]):
        queue_up(e, c, tti, parameters, tables, cells, channels, queues, harq, waiting, scratch, counters)
        report_channels(
            e,
            c,
            tti,
            key_a,
            key_b,
            parameters,
            tables,
            cqi_bits,
            fading,
            cells,
            channels,
            waiting,
            scratch,
            counters,
        )
        if pad:
            prune(e, waiting)
        schedule(
            csi_bits[c],
            here,
            Grants(slice_of_unit[c], ue_of_unit[c], held, next_place[c]),
            unit_rbs,
            schedulers,
            pad,
            ues[c],
            int(np.int64(mode[c])),
            dedicated[c],
            least[c],
            most[c],
            assigned[c],
            quota[c],
            service[c],
            room,
        )
    activity, active_ttis = cells.activity[e, tti & (cells.activity.shape[1] - 1)], outcome.active_ttis[e]
    for c in range(ues.shape[0]):
        any_active = 0
        for g in range(unit_rbs.shape[0]):
            active = ue_of_unit[c, g] >= 0
            activity[c, g] = np.float32(1.0) if active else np.float32(0.0)
            any_active |= 1 if active else 0
        active_ttis[c] += any_active


@borrowing_kernel
def transmit(
    e: int,
    tti: int,
    key_a: int,
    key_b: int,
    parameters: Parameters,
    tables: Tables,
    link: McsLink,
    fading: Fading,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    sending: Sending,
    busy: NDArray[np.uint8],
    counters: NDArray[np.int64],
) -> None:
    """Send what was granted, with this TTI's activity and fading on all links, and book what is received.

    ``busy``: uint8[C, S, U]; ``counters``: int64[N, C, S].
    """
    block_key = frame_key(key_a, key_b, tti, hashing.FADING)
    error_key = frame_key(key_a, key_b, tti, hashing.BLOCK_ERROR)
    activity = cells.activity[e, tti & (cells.activity.shape[1] - 1)]
    ue_of_unit, slice_of_unit, ues = cells.ue_of_unit[e], cells.slice_of_unit[e], cells.ues[e]
    gain, csi_bits, patterns = channels.gain[e], channels.csi_bits[e], fading.values
    unit_rbs, budget_ttis = tables.unit_rbs, tables.budget_ttis
    rbs, expected, carried = sending.rbs[e], sending.expected[e], sending.carried[e]
    starts, mcs, served, rb_ttis = sending.starts[e], sending.mcs[e], sending.served[e], counters[RB_TTIS]
    scale, decoding = link.scale, link.decoding
    for c in range(ues.shape[0]):
        add_grants(ue_of_unit[c], slice_of_unit[c], unit_rbs, csi_bits[c], rbs, expected, rb_ttis[c])
        served[:] = 0
        find_windows(e, c, block_key, ues, fading, channels, sending)
        if parameters.mcs:
            start_blocks(
                e, c, tti, ues, budget_ttis, link, channels.deaf_until, queues, harq, sending, counters
            )
        else:
            mcs[:] = 0
        carry(
            c,
            activity,
            ue_of_unit[c],
            slice_of_unit[c],
            gain[c],
            patterns,
            unit_rbs,
            starts,
            mcs,
            scale,
            decoding,
            carried,
        )
        if parameters.mcs:
            receive_blocks(
                e, c, tti, error_key, ues, parameters, link, queues, channels, harq, sending, counters
            )
        else:
            receive_shannon(e, c, tti, ues, budget_ttis, channels.deaf_until, queues, sending, counters)
        close_tti(e, c, parameters.pf_weight, ues, channels, queues, served, busy[c], counters)


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


@borrowing_kernel
def close_frame(
    e: int,
    key_a: int,
    key_b: int,
    frame: int,
    parameters: Parameters,
    tables: Tables,
    fading: Fading,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    outcome: Outcome,
    scratch: Scratch,
) -> None:
    """Measure the frame; its channel is that of its last TTI."""
    tti = (frame + 1) * parameters.ttis - 1
    block_key = frame_key(key_a, key_b, tti, hashing.FADING)
    sample_key = frame_key(key_a, key_b, frame, hashing.CSI_SAMPLE)
    activity = cells.activity[e, tti & (cells.activity.shape[1] - 1)]
    if parameters.rates:
        achievable_rates(
            e, parameters, tables, fading, cells, channels, outcome.ue_rate_bps, block_key, activity, scratch
        )
    measure_channels(
        e,
        parameters,
        tables.curve,
        fading,
        cells.ues,
        channels,
        block_key,
        sample_key,
        activity,
        scratch.samples,
    )
    measure(e, frame, parameters, tables.packet_bytes, cells, channels, queues, harq, outcome, scratch)


@borrowing_kernel
def note_carried(
    ues: NDArray[np.int32],
    queued: NDArray[np.int64],
    in_flight: NDArray[np.int64],
    carried: NDArray[np.int64],
) -> None:
    """Set ``carried`` int64[C, S, U] to the bytes left over before the frame."""
    for c in range(ues.shape[0]):
        for s in range(SLICES):
            for u in range(int(ues[c, s])):
                carried[c, s, u] = queued[c, s, u] + in_flight[c, s, u]


@inlined_kernel
def play_frame(
    e: int,
    parameters: Parameters,
    tables: Tables,
    link: McsLink,
    fading: Fading,
    traffic: TrafficTables,
    clock: Clock,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    outcome: Outcome,
    waiting: Waiting,
    work: Workspace,
    sending: Sending,
    scratch: Scratch,
    decisions: Decisions,
) -> None:
    """Play one frame of environment ``e``, in place."""
    key_a, key_b = int(clock.keys[e, 0]), int(clock.keys[e, 1])
    frame, ttis, budget_ttis = int(clock.frame[e]), parameters.ttis, tables.budget_ttis
    global_frame = int(clock.episode[e]) * parameters.episode_frames + frame
    counters, busy, cqi_bits = outcome.counters[e], scratch.busy[e], link.cqi_bits
    outcome.active_ttis[e, :] = 0
    counters[:] = 0
    queues.worst_tti[e, :, :, :] = 0
    scratch.arrived[e, :, :, :] = 0
    note_carried(cells.ues[e], queues.queued[e], harq.in_flight[e], scratch.carried[e])
    move_loads(
        cells.load_level[e],
        frame_key(key_a, key_b, frame, hashing.LOAD_LEVEL),
        frame_key(key_a, key_b, frame, hashing.LOAD_REDRAW),
        global_frame,
        traffic,
    )
    for k in range(ttis):
        tti = frame * ttis + k
        arrive(
            e,
            tti,
            global_frame * ttis + k,
            key_a,
            key_b,
            parameters.discard_late,
            budget_ttis,
            traffic,
            cells,
            queues,
            scratch,
            counters,
        )
        schedule_all(
            e,
            tti,
            key_a,
            key_b,
            parameters,
            tables,
            cqi_bits,
            fading,
            cells,
            channels,
            queues,
            harq,
            outcome,
            waiting,
            work,
            scratch,
            decisions,
        )
        transmit(
            e,
            tti,
            key_a,
            key_b,
            parameters,
            tables,
            link,
            fading,
            cells,
            channels,
            queues,
            harq,
            sending,
            busy,
            counters,
        )
    close_frame(
        e, key_a, key_b, frame, parameters, tables, fading, cells, channels, queues, harq, outcome, scratch
    )
    clock.frame[e] += 1


@entry_kernel
def play_frames(
    first: int,
    last: int,
    parameters: Parameters,
    tables: Tables,
    link: McsLink,
    fading: Fading,
    traffic: TrafficTables,
    clock: Clock,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    outcome: Outcome,
    waiting: Waiting,
    work: Workspace,
    sending: Sending,
    scratch: Scratch,
    decisions: Decisions,
) -> None:
    """Play one frame of environments ``first`` … ``last`` - 1; they share nothing."""
    for e in range(first, last):
        play_frame(
            e,
            parameters,
            tables,
            link,
            fading,
            traffic,
            clock,
            cells,
            channels,
            queues,
            harq,
            outcome,
            waiting,
            work,
            sending,
            scratch,
            decisions,
        )
