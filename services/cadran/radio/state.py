"""State of a batch of environments: named tuples of numpy arrays, environments first.

Axes: E environments, C DUs, S = 3 slices, U places for UEs per (DU, slice), K RBs, Q entries of a queue.
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import SLICES, World


class Kpis(NamedTuple):
    """Measurements of the last frame, per environment and DU.

    Attributes:
        ues: int32[E, C, S], attached UEs.
        arrived_bytes: int64[E, C, S], bytes offered in the frame (dropped ones included).
        delivered_bytes: int64[E, C, S].
        dropped_bytes: int64[E, C, S], bytes that found the queue full.
        queued_bytes: int64[E, C, S], at the frame's end.
        rbs_quota: int32[E, C, S], most RBs that the slice could have had beside what the others hold by
            guarantee.
        rbs_used: int32[E, C, S], RBs that the slice transmitted on.
        backlog_rbs: float32[E, C, S], RBs of one frame that drain the queues at the UEs' mean spectral
            efficiency.
        arrival_rbs: float32[E, C, S], RBs of one frame that carry the expected arrivals (their moving
            average).
        arrival_ewma_bytes: float32[E, C, S], moving average of bytes offered per frame.
        mean_se: float32[E, C, S], bit/s/Hz, mean over UEs of their average spectral efficiency; 0 without UE.
        ue_rate_bps: float32[E, C, S, U], achievable rate C_i of Eq (1) of arXiv 2511.15002; NaN in empty
            places, and everywhere if the world does not ask for it.
        ue_delay_s: float32[E, C, S, U], eMBB and mMTC: age of the oldest queued byte at the frame's end, 0
            if the queue is empty; URLLC: packet latency, at most the world's cap. NaN in empty places.
    """

    ues: NDArray[np.int32]
    arrived_bytes: NDArray[np.int64]
    delivered_bytes: NDArray[np.int64]
    dropped_bytes: NDArray[np.int64]
    queued_bytes: NDArray[np.int64]
    rbs_quota: NDArray[np.int32]
    rbs_used: NDArray[np.int32]
    backlog_rbs: NDArray[np.float32]
    arrival_rbs: NDArray[np.float32]
    arrival_ewma_bytes: NDArray[np.float32]
    mean_se: NDArray[np.float32]
    ue_rate_bps: NDArray[np.float32]
    ue_delay_s: NDArray[np.float32]


class Ledger(NamedTuple):
    """Bytes since ``new_state``, int64[E, C, S] each: arrived = delivered + dropped + discarded + queued,
    always.

    A reset drops the UEs anew; what their queues held then is counted as discarded.
    """

    arrived_bytes: NDArray[np.int64]
    delivered_bytes: NDArray[np.int64]
    dropped_bytes: NDArray[np.int64]
    discarded_bytes: NDArray[np.int64]


class Core(NamedTuple):
    """What the next frame depends on.

    Attributes:
        seed: uint64[E].
        episode: int64[E].
        frame: int64[E], frames played in the episode; the frame about to be played has this number.
        keys: int64[E, 2], hash keys of (seed, episode).
        ues: int32[E, C, S].
        ue_id: int32[E, C, S, U], number of the UE within its slice, -1 in empty places.
        position_m: float32[E, C, S, U, 2].
        gain: float64[E, C, S, U, C], mean received power per RB from each DU over noise.
        load_level: int16[E, C, S], index of the (DU, slice)'s present load factor.
        trace_start: int64[E, C, U], row of the trace at which an eMBB UE stood in global frame 0.
        queue_limit: int64[E, C, S], bytes that a UE's queue may hold.
        entry_bytes: int32[E, C, S, U, Q], ring of arrivals of a frame that still wait.
        entry_frame: int32[E, C, S, U, Q], the frame that they arrived in.
        entry_head: int16[E, C, S, U], oldest entry.
        entry_count: int16[E, C, S, U].
        queued: int64[E, C, S, U], bytes.
        mean_se: float64[E, C, S, U], bit/s/Hz, moving average.
        arrival_ewma: float64[E, C, S], bytes per frame.
        active: uint8[E, C, K], 1 where the DU transmitted in the last frame.
        ue_of_rb: int16[E, C, K], UE served in the last frame as slice * U + place, or -1.
        slice_of_rb: int8[E, C, K], slice that held the RB in the last frame, or -1.
        next_place: int16[E, C, S], whose turn it is in round robin.
        service_rbs: float64[E, C, S], RBs that the slice could use in the last frame (K_l of the latency
            model).
    """

    seed: NDArray[np.uint64]
    episode: NDArray[np.int64]
    frame: NDArray[np.int64]
    keys: NDArray[np.int64]
    ues: NDArray[np.int32]
    ue_id: NDArray[np.int32]
    position_m: NDArray[np.float32]
    gain: NDArray[np.float64]
    load_level: NDArray[np.int16]
    trace_start: NDArray[np.int64]
    queue_limit: NDArray[np.int64]
    entry_bytes: NDArray[np.int32]
    entry_frame: NDArray[np.int32]
    entry_head: NDArray[np.int16]
    entry_count: NDArray[np.int16]
    queued: NDArray[np.int64]
    mean_se: NDArray[np.float64]
    arrival_ewma: NDArray[np.float64]
    active: NDArray[np.uint8]
    ue_of_rb: NDArray[np.int16]
    slice_of_rb: NDArray[np.int8]
    next_place: NDArray[np.int16]
    service_rbs: NDArray[np.float64]


class State(NamedTuple):
    """A batch of environments. A step is a deterministic function of (state, decisions).

    Attributes:
        core: all that the future depends on.
        kpis: measurements of the last frame; after a reset, of an idle RAN.
        ledger: bytes since ``new_state``.
    """

    core: Core
    kpis: Kpis
    ledger: Ledger

    @property
    def seed(self) -> NDArray[np.uint64]:
        """uint64[E]."""
        return self.core.seed

    @property
    def episode(self) -> NDArray[np.int64]:
        """int64[E]."""
        return self.core.episode

    @property
    def frame(self) -> NDArray[np.int64]:
        """int64[E], frames played in the episode."""
        return self.core.frame

    @property
    def queued(self) -> NDArray[np.int64]:
        """int64[E, C, S, U], bytes waiting."""
        return self.core.queued


def empty_state(world: World, seeds: NDArray[np.uint64]) -> State:
    """Zeroed arrays of the right shapes; every environment must be reset before use."""
    envs, dus, places = len(seeds), world.dus, world.max_ues_per_slice
    du, slice_, ue = (envs, dus), (envs, dus, SLICES), (envs, dus, SLICES, places)
    entry, rb = (*ue, world.queue_entries), (envs, dus, world.rbs)
    core = Core(
        seed=np.array(seeds, dtype=np.uint64),
        episode=np.zeros(envs, dtype=np.int64),
        frame=np.zeros(envs, dtype=np.int64),
        keys=np.zeros((envs, 2), dtype=np.int64),
        ues=np.zeros(slice_, dtype=np.int32),
        ue_id=np.zeros(ue, dtype=np.int32),
        position_m=np.zeros((*ue, 2), dtype=np.float32),
        gain=np.zeros((*ue, dus), dtype=np.float64),
        load_level=np.zeros(slice_, dtype=np.int16),
        trace_start=np.zeros((*du, places), dtype=np.int64),
        queue_limit=np.zeros(slice_, dtype=np.int64),
        entry_bytes=np.zeros(entry, dtype=np.int32),
        entry_frame=np.zeros(entry, dtype=np.int32),
        entry_head=np.zeros(ue, dtype=np.int16),
        entry_count=np.zeros(ue, dtype=np.int16),
        queued=np.zeros(ue, dtype=np.int64),
        mean_se=np.zeros(ue, dtype=np.float64),
        arrival_ewma=np.zeros(slice_, dtype=np.float64),
        active=np.zeros(rb, dtype=np.uint8),
        ue_of_rb=np.zeros(rb, dtype=np.int16),
        slice_of_rb=np.zeros(rb, dtype=np.int8),
        next_place=np.zeros(slice_, dtype=np.int16),
        service_rbs=np.zeros(slice_, dtype=np.float64),
    )
    ledger = Ledger(*(np.zeros(slice_, dtype=np.int64) for _ in Ledger._fields))
    return State(core, _empty_kpis(slice_, ue), ledger)


def _empty_kpis(slice_: tuple[int, ...], ue: tuple[int, ...]) -> Kpis:
    return Kpis(
        ues=np.zeros(slice_, dtype=np.int32),
        arrived_bytes=np.zeros(slice_, dtype=np.int64),
        delivered_bytes=np.zeros(slice_, dtype=np.int64),
        dropped_bytes=np.zeros(slice_, dtype=np.int64),
        queued_bytes=np.zeros(slice_, dtype=np.int64),
        rbs_quota=np.zeros(slice_, dtype=np.int32),
        rbs_used=np.zeros(slice_, dtype=np.int32),
        backlog_rbs=np.zeros(slice_, dtype=np.float32),
        arrival_rbs=np.zeros(slice_, dtype=np.float32),
        arrival_ewma_bytes=np.zeros(slice_, dtype=np.float32),
        mean_se=np.zeros(slice_, dtype=np.float32),
        ue_rate_bps=np.zeros(ue, dtype=np.float32),
        ue_delay_s=np.zeros(ue, dtype=np.float32),
    )


def clone(state: State) -> State:
    """A copy that shares no array with ``state``."""
    return deepcopy(state)
