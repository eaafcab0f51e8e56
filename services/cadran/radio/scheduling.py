"""From queues and reports to grants: what each DU knows and decides in a TTI."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.csi import report_channels
from cadran.radio.decision import USERS, Decisions
from cadran.radio.jit import borrowing_kernel, inlined_kernel
from cadran.radio.link import Fading
from cadran.radio.mac import MLWDF, SE_FLOOR, Grants, Waiting, Workspace, schedule
from cadran.radio.tables import Parameters, Tables
from cadran.radio.views import (
    BUSY_UE_TTIS,
    DROPPED,
    LOST,
    Cells,
    Channels,
    Harq,
    Outcome,
    Queues,
    Scratch,
)
from cadran.radio.world import SLICES


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
def full_activity(
    ue_of_unit: NDArray[np.int16], unit_rbs: NDArray[np.int64], activity: NDArray[np.float32]
) -> float:
    """Write one DU's activity, float32[G], 1 on units that serve a UE; returns how many RBs these are."""
    rbs = 0
    for g in range(unit_rbs.shape[0]):
        active = ue_of_unit[g] >= 0
        activity[g] = np.float32(1.0) if active else np.float32(0.0)
        rbs += int(unit_rbs[g]) if active else 0
    return float(rbs)


@borrowing_kernel
def activity_of_users(
    ue_of_unit: NDArray[np.int16],
    slice_of_unit: NDArray[np.int8],
    unit_rbs: NDArray[np.int64],
    ue_power: NDArray[np.float32],
    activity: NDArray[np.float32],
) -> float:
    """``full_activity`` with the power of each UE, float32[S, U]; returns the sum of RBs times power."""
    places, total = ue_power.shape[1], 0.0
    for g in range(unit_rbs.shape[0]):
        slot, power = int(np.int64(ue_of_unit[g])), np.float32(0.0)
        if slot >= 0:
            s = int(np.int64(slice_of_unit[g]))
            power = ue_power[s, slot - s * places]
        activity[g] = power
        total += int(unit_rbs[g]) * np.float64(power)
    return total


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
        work.unspent[e],
    )
    mode, dedicated = decisions.mode[e], decisions.dedicated_rbs[e]
    least, most, assigned = decisions.min_rbs[e], decisions.max_rbs[e], decisions.slice_of_rb[e]
    ue_rbs, ue_power = decisions.ue_rbs[e], decisions.ue_power[e]
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
            ue_rbs[c],
            ue_power[c],
            quota[c],
            service[c],
            room,
        )
    activity = cells.activity[e, tti & (cells.activity.shape[1] - 1)]
    active_ttis, rb_power = outcome.active_ttis[e], outcome.rb_power[e]
    for c in range(ues.shape[0]):
        if mode[c] == USERS:
            power = activity_of_users(ue_of_unit[c], slice_of_unit[c], unit_rbs, ue_power[c], activity[c])
        else:
            power = full_activity(ue_of_unit[c], unit_rbs, activity[c])
        active_ttis[c] += 1 if power > 0.0 else 0
        rb_power[c] += power
