"""What the kernels see of a state: its arrays in small groups.

A kernel's use of a field costs the compiler in proportion to the size of the named tuple that the field is
in, so each group holds only what is used together. No array is copied.
"""

from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.mac import Waiting, Workspace
from cadran.radio.state import State
from cadran.radio.tables import CSI_SAMPLES
from cadran.radio.world import SLICES, World

COUNTERS = (
    "arrived_bytes",
    "delivered_bytes",
    "dropped_bytes",
    "expired_bytes",
    "lost_bytes",
    "late_bytes",
    "queue_byte_ttis",
    "air_byte_ttis",
    "burst_bytes",
    "burst_ttis",
    "busy_ue_ttis",
    "blocks",
    "failed_blocks",
    "cqi_reports",
    "cqi_sum",
    "rb_ttis",
    "queued_bytes",
)
"""Fields of ``Kpis`` that a frame adds up, in their order in ``Outcome.counters``."""
(
    ARRIVED,
    DELIVERED,
    DROPPED,
    EXPIRED,
    LOST,
    LATE,
    QUEUE_BYTE_TTIS,
    AIR_BYTE_TTIS,
    BURST_BYTES,
    BURST_TTIS,
    BUSY_UE_TTIS,
    BLOCKS,
    FAILED_BLOCKS,
    CQI_REPORTS,
    CQI_SUM,
    RB_TTIS,
    QUEUED,
) = range(len(COUNTERS))


class Cells(NamedTuple):
    """Of ``Core``: what belongs to a DU."""

    ues: NDArray[np.int32]
    load_level: NDArray[np.int16]
    arrival_ewma: NDArray[np.float64]
    activity: NDArray[np.float32]
    ue_of_unit: NDArray[np.int16]
    slice_of_unit: NDArray[np.int8]
    next_place: NDArray[np.int16]
    service_rbs: NDArray[np.float64]


class Clock(NamedTuple):
    """Of ``Core``: where an environment stands."""

    episode: NDArray[np.int64]
    frame: NDArray[np.int64]
    keys: NDArray[np.int64]


class Channels(NamedTuple):
    """Of ``Ues``: links, reports and averages."""

    gain: NDArray[np.float32]
    fading_base: NDArray[np.int64]
    fading_row: NDArray[np.int32]
    travelled: NDArray[np.int64]
    row_step: NDArray[np.int64]
    mean_se: NDArray[np.float64]
    mean_bits: NDArray[np.float64]
    csi_bits: NDArray[np.int32]
    csi_tti: NDArray[np.int32]
    olla: NDArray[np.int32]
    deaf_until: NDArray[np.int32]


class Queues(NamedTuple):
    """Of ``Ues``: traffic and what waits."""

    phase: NDArray[np.int64]
    queue_limit: NDArray[np.int64]
    entry_bytes: NDArray[np.int32]
    entry_tti: NDArray[np.int32]
    entry_head: NDArray[np.int16]
    entry_count: NDArray[np.int16]
    queued: NDArray[np.int64]
    worst_tti: NDArray[np.int32]


class Harq(NamedTuple):
    """Of ``Ues``: transport blocks under way."""

    harq_bytes: NDArray[np.int32]
    harq_age: NDArray[np.int64]
    harq_oldest: NDArray[np.int32]
    harq_late: NDArray[np.int32]
    harq_tti: NDArray[np.int32]
    harq_rbs: NDArray[np.int16]
    harq_mcs: NDArray[np.int8]
    harq_tries: NDArray[np.int8]
    harq_sinr: NDArray[np.float32]
    in_flight: NDArray[np.int64]


class Outcome(NamedTuple):
    """Of ``Kpis``: what the kernels measure; ``counters`` int64[E, N, C, S] are copied to their fields."""

    counters: NDArray[np.int64]
    rbs_quota: NDArray[np.int32]
    backlog_rbs: NDArray[np.float32]
    arrival_rbs: NDArray[np.float32]
    arrival_ewma_bytes: NDArray[np.float32]
    mean_se: NDArray[np.float32]
    ue_rate_bps: NDArray[np.float32]
    ue_delay_s: NDArray[np.float32]
    active_ttis: NDArray[np.int32]
    rb_power: NDArray[np.float64]


class Users(NamedTuple):
    """Of ``Kpis``: bytes, channel and RBs of each UE."""

    ue_arrived_bytes: NDArray[np.int64]
    ue_delivered_bytes: NDArray[np.int64]
    ue_queued_bytes: NDArray[np.int64]
    ue_mean_se: NDArray[np.float32]
    ue_rbs: NDArray[np.int32]


class Sending(NamedTuple):
    """What each UE of one DU sends in one TTI, by slot (slice * U + place); scratch of each environment.

    Attributes:
        rbs: int64[E, S * U].
        expected: int64[E, S * U], bits that the reports promise on them.
        carried: int64[E, S * U], Shannon: bits; MCS: exp(-SINR / beta) summed over RBs, in units of
            1 / EESM_ONE.
        mcs: int64[E, S * U], of the transport block, -1 without one.
        served: int64[E, S * U], bits taken from the UE's queue.
        starts: int64[E, S * U, C], fading windows of the UE's links.
        late: int64[E, 4], scratch of a queue.
    """

    rbs: NDArray[np.int64]
    expected: NDArray[np.int64]
    carried: NDArray[np.int64]
    mcs: NDArray[np.int64]
    served: NDArray[np.int64]
    starts: NDArray[np.int64]
    late: NDArray[np.int64]


class Scratch(NamedTuple):
    """Arrays that a frame writes before it reads them, of each environment.

    Attributes:
        starts: int64[E, C].
        total: float32[E, G].
        held: int64[E, S].
        demand: float64[E, 2].
        samples: int64[E, CSI_SAMPLES].
        fresh: int64[E, C, S, U], bytes that arrived in a TTI.
        carried: int64[E, C, S, U], bytes left over before the frame.
        busy: uint8[E, C, S, U], 1 where a UE had data in a TTI.
    """

    starts: NDArray[np.int64]
    total: NDArray[np.float32]
    held: NDArray[np.int64]
    demand: NDArray[np.float64]
    samples: NDArray[np.int64]
    fresh: NDArray[np.int64]
    carried: NDArray[np.int64]
    busy: NDArray[np.uint8]


class Views(NamedTuple):
    """All groups of one state, in the order of the kernels' arguments."""

    clock: Clock
    cells: Cells
    channels: Channels
    queues: Queues
    harq: Harq
    outcome: Outcome
    users: Users
    waiting: Waiting
    work: Workspace
    sending: Sending
    scratch: Scratch


class Room(NamedTuple):
    """Scratch of a batch of environments, made once."""

    counters: NDArray[np.int64]
    waiting: Waiting
    work: Workspace
    sending: Sending
    scratch: Scratch


def room_for(world: World, envs: int, work: Workspace) -> Room:
    """Scratch of ``envs`` environments; ``work`` is the scheduler's for one."""
    dus, places, units = world.dus, world.max_ues_per_slice, len(world.unit_rbs)
    return Room(
        np.zeros((envs, len(COUNTERS), dus, SLICES), dtype=np.int64),
        _waiting(envs, places),
        _workspaces(envs, work),
        _sending(envs, places, dus),
        _scratch(envs, dus, places, units),
    )


_OF_CORE = (attrgetter(*Clock._fields), attrgetter(*Cells._fields))
_OF_UES = (attrgetter(*Channels._fields), attrgetter(*Queues._fields), attrgetter(*Harq._fields))
_OF_KPIS = (attrgetter(*Outcome._fields[1:]), attrgetter(*Users._fields))


def views(state: State, room: Room) -> Views:
    """The groups of ``state``, with scratch."""
    clock, cells = (get(state.core) for get in _OF_CORE)
    channels, queues, harq = (get(state.ues) for get in _OF_UES)
    outcome, users = (get(state.kpis) for get in _OF_KPIS)
    return Views(
        Clock(*clock),
        Cells(*cells),
        Channels(*channels),
        Queues(*queues),
        Harq(*harq),
        Outcome(room.counters, *outcome),
        Users(*users),
        room.waiting,
        room.work,
        room.sending,
        room.scratch,
    )


_COUNTED = attrgetter(*COUNTERS)


def close_counters(state: State, counters: NDArray[np.int64], ttis: int) -> None:
    """Copy what a frame added up, int64[E, N, C, S], to its measurements, and add it to the ledger."""
    kpis, ledger = state.kpis, state.ledger
    for number, field in enumerate(_COUNTED(kpis)):
        field[...] = counters[:, number]
    kpis.rbs_used[...] = (counters[:, RB_TTIS] + ttis // 2) // ttis
    for total, number in (
        (ledger.arrived_bytes, ARRIVED),
        (ledger.delivered_bytes, DELIVERED),
        (ledger.dropped_bytes, DROPPED),
    ):
        total += counters[:, number]


def _waiting(envs: int, places: int) -> Waiting:
    by_place, by_slice = (envs, SLICES, places), (envs, SLICES)
    return Waiting(
        places=np.zeros(by_place, dtype=np.int64),
        size=np.zeros(by_slice, dtype=np.int64),
        bits=np.zeros(by_place, dtype=np.int64),
        metric=np.zeros(by_place, dtype=np.float32),
        weight=np.zeros(by_place, dtype=np.float32),
        age=np.zeros(by_place, dtype=np.int64),
        repeats=np.zeros(by_place, dtype=np.int64),
        repeat_size=np.zeros(by_slice, dtype=np.int64),
        repeat_rbs=np.zeros(by_place, dtype=np.int64),
    )


def _workspaces(envs: int, work: Workspace) -> Workspace:
    """``work`` with scratch for each environment."""
    return Workspace(
        work.ranks,
        work.mask,
        work.half,
        *(
            np.zeros((envs, *array.shape), dtype=array.dtype)
            for array in (
                work.keys,
                work.units,
                work.blocks,
                work.guaranteed,
                work.competitors,
                work.unspent,
            )
        ),
    )


def _sending(envs: int, places: int, dus: int) -> Sending:
    slots = (envs, SLICES * places)
    return Sending(
        rbs=np.zeros(slots, dtype=np.int64),
        expected=np.zeros(slots, dtype=np.int64),
        carried=np.zeros(slots, dtype=np.int64),
        mcs=np.zeros(slots, dtype=np.int64),
        served=np.zeros(slots, dtype=np.int64),
        starts=np.zeros((*slots, dus), dtype=np.int64),
        late=np.zeros((envs, 4), dtype=np.int64),
    )


def _scratch(envs: int, dus: int, places: int, units: int) -> Scratch:
    place = (envs, dus, SLICES, places)
    return Scratch(
        starts=np.zeros((envs, dus), dtype=np.int64),
        total=np.zeros((envs, units), dtype=np.float32),
        held=np.zeros((envs, SLICES), dtype=np.int64),
        demand=np.zeros((envs, 2), dtype=np.float64),
        samples=np.zeros((envs, CSI_SAMPLES), dtype=np.int64),
        fresh=np.zeros(place, dtype=np.int64),
        carried=np.zeros(place, dtype=np.int64),
        busy=np.zeros(place, dtype=np.uint8),
    )
