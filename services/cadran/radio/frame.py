"""One frame of one environment, TTI by TTI and phase by phase, and of a batch of them.

A TTI: packets arrive, what is too old is dropped, every DU schedules by its UEs' reports, all activity is
then known, SINR and bytes received follow from it, averages move. A frame is one decision over one or more
TTIs; loads move before it, and measurements close it.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.arrival import arrive
from cadran.radio.decision import Decisions
from cadran.radio.hashing import frame_key
from cadran.radio.jit import borrowing_kernel, entry_kernel, inlined_kernel
from cadran.radio.link import Fading
from cadran.radio.mac import Waiting, Workspace
from cadran.radio.measurement import achievable_rates, measure, measure_channels
from cadran.radio.scheduling import schedule_all
from cadran.radio.tables import McsLink, Parameters, Tables
from cadran.radio.traffic import TrafficTables, move_loads
from cadran.radio.transmission import transmit
from cadran.radio.views import Cells, Channels, Clock, Harq, Outcome, Queues, Scratch, Sending, Users
from cadran.radio.world import SLICES


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
    users: Users,
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
    measure(e, frame, parameters, tables.packet_bytes, cells, channels, queues, harq, outcome, users, scratch)


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
    users: Users,
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
    arrived, delivered, rbs = users.ue_arrived_bytes[e], users.ue_delivered_bytes[e], users.ue_rbs[e]
    outcome.active_ttis[e, :] = 0
    outcome.rb_power[e, :] = 0.0
    counters[:] = 0
    queues.worst_tti[e, :, :, :] = 0
    users.ue_arrived_bytes[e, :, :, :] = 0
    users.ue_delivered_bytes[e, :, :, :] = 0
    users.ue_rbs[e, :, :, :] = 0
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
            arrived,
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
            delivered,
            rbs,
            counters,
        )
    close_frame(
        e,
        key_a,
        key_b,
        frame,
        parameters,
        tables,
        fading,
        cells,
        channels,
        queues,
        harq,
        outcome,
        users,
        scratch,
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
    users: Users,
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
            users,
            waiting,
            work,
            sending,
            scratch,
            decisions,
        )
