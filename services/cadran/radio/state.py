"""State of a batch of environments: named tuples of numpy arrays, environments first.

Axes: E environments, C DUs, S = 3 slices, U places for UEs per (DU, slice), G units of allocation (RBs or RB
groups), Q entries of a queue, P HARQ processes, H TTIs of activity looked back on.
"""

from copy import deepcopy
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import SLICES, World


class Kpis(NamedTuple):
    """Measurements of the last frame, per environment and DU. Byte and TTI counts are sums over its TTIs.

    Attributes:
        ues: int32[E, C, S], attached UEs.
        arrived_bytes: int64[E, C, S], bytes offered in the frame (dropped ones included).
        delivered_bytes: int64[E, C, S], bytes received without error.
        dropped_bytes: int64[E, C, S], bytes lost for good: queue full, too late, or in error to the last.
        expired_bytes: int64[E, C, S], of these, dropped because they waited longer than the budget.
        lost_bytes: int64[E, C, S], of these, in error after the last retransmission.
        late_bytes: int64[E, C, S], of the delivered ones, received later than the delay budget.
        queued_bytes: int64[E, C, S], at the frame's end, those in HARQ included.
        queue_byte_ttis: int64[E, C, S], delivered bytes times TTIs from arrival to the MAC.
        air_byte_ttis: int64[E, C, S], delivered bytes times TTIs from the MAC to reception.
        burst_bytes: int64[E, C, S], bytes sent (for the first time) in TTIs that left their UE's queue
            something.
        burst_ttis: int64[E, C, S], UE-TTIs with data waiting, those that emptied the queue left out.
        busy_ue_ttis: int64[E, C, S], UE-TTIs with data waiting.
        blocks: int64[E, C, S], transport blocks sent for the first time.
        failed_blocks: int64[E, C, S], of these, received in error.
        cqi_reports: int64[E, C, S], wideband CQI reports; 0 with the Shannon link.
        cqi_sum: int64[E, C, S], their indices, 0 to 15, added up.
        rbs_quota: int32[E, C, S], most RBs that the slice could have had beside what the others hold by
            guarantee, in the last TTI.
        rbs_used: int32[E, C, S], RBs that the slice transmitted on, mean over the TTIs, rounded.
        rb_ttis: int64[E, C, S], RBs that the slice transmitted on, added up over the TTIs.
        backlog_rbs: float32[E, C, S], RBs of one frame that drain the queues at the UEs' mean spectral
            efficiency.
        arrival_rbs: float32[E, C, S], RBs of one frame that carry the expected arrivals (their moving
            average).
        arrival_ewma_bytes: float32[E, C, S], moving average of bytes offered per frame.
        mean_se: float32[E, C, S], bit/s/Hz, mean over UEs of their average spectral efficiency; 0 without UE.
        ue_rate_bps: float32[E, C, S, U], achievable rate C_i of Eq (1) of arXiv 2511.15002; NaN in empty
            places, and everywhere if the world does not ask for it.
        ue_delay_s: float32[E, C, S, U], eMBB and mMTC: age of the oldest queued byte at the frame's end, 0
            if the queue is empty; URLLC: packet latency (see ``world.kpis.latency``). NaN in empty places.
        ue_arrived_bytes: int64[E, C, S, U], bytes offered to the UE in the frame; 0 in empty places.
        ue_delivered_bytes: int64[E, C, S, U], bytes that the UE received; 0 in empty places.
        ue_queued_bytes: int64[E, C, S, U], the UE's at the frame's end, those in HARQ included; 0 in empty
            places.
        ue_mean_se: float32[E, C, S, U], bit/s/Hz, the UE's average spectral efficiency at an RB's full share
            of the power; NaN in empty places.
        ue_rbs: int32[E, C, S, U], RBs that were transmitted on for the UE, added up over the TTIs.
        active_ttis: int32[E, C], TTIs with at least one RB transmitted.
        rb_power: float64[E, C], RBs transmitted on times their power, as a fraction of an RB's share of the
            radio unit's power, added up over the TTIs.
        energy_j: float64[E, C], energy that the radio unit consumed.
        handovers_requested: int32[E, C], handovers out of the DU that A3 triggered.
        handovers_succeeded: int32[E, C], of these, the ones that found room at the target.
    """

    ues: NDArray[np.int32]
    arrived_bytes: NDArray[np.int64]
    delivered_bytes: NDArray[np.int64]
    dropped_bytes: NDArray[np.int64]
    expired_bytes: NDArray[np.int64]
    lost_bytes: NDArray[np.int64]
    late_bytes: NDArray[np.int64]
    queued_bytes: NDArray[np.int64]
    queue_byte_ttis: NDArray[np.int64]
    air_byte_ttis: NDArray[np.int64]
    burst_bytes: NDArray[np.int64]
    burst_ttis: NDArray[np.int64]
    busy_ue_ttis: NDArray[np.int64]
    blocks: NDArray[np.int64]
    failed_blocks: NDArray[np.int64]
    cqi_reports: NDArray[np.int64]
    cqi_sum: NDArray[np.int64]
    rbs_quota: NDArray[np.int32]
    rbs_used: NDArray[np.int32]
    rb_ttis: NDArray[np.int64]
    backlog_rbs: NDArray[np.float32]
    arrival_rbs: NDArray[np.float32]
    arrival_ewma_bytes: NDArray[np.float32]
    mean_se: NDArray[np.float32]
    ue_rate_bps: NDArray[np.float32]
    ue_delay_s: NDArray[np.float32]
    ue_arrived_bytes: NDArray[np.int64]
    ue_delivered_bytes: NDArray[np.int64]
    ue_queued_bytes: NDArray[np.int64]
    ue_mean_se: NDArray[np.float32]
    ue_rbs: NDArray[np.int32]
    active_ttis: NDArray[np.int32]
    rb_power: NDArray[np.float64]
    energy_j: NDArray[np.float64]
    handovers_requested: NDArray[np.int32]
    handovers_succeeded: NDArray[np.int32]


class Ledger(NamedTuple):
    """Bytes since ``new_state``, int64[E, C, S] each.

    Over the whole RAN arrived = delivered + dropped + discarded + queued, always; and at every DU, with
    ``moved_in - moved_out`` (a handover takes a UE's bytes along) added to the arrived ones. A reset drops
    the UEs anew; what their queues held then is counted as discarded.
    """

    arrived_bytes: NDArray[np.int64]
    delivered_bytes: NDArray[np.int64]
    dropped_bytes: NDArray[np.int64]
    discarded_bytes: NDArray[np.int64]
    moved_in_bytes: NDArray[np.int64]
    moved_out_bytes: NDArray[np.int64]


class Core(NamedTuple):
    """What the next frame depends on, per environment and DU.

    Attributes:
        seed: uint64[E].
        episode: int64[E].
        frame: int64[E], frames played in the episode; the frame about to be played has this number.
        keys: int64[E, 2], hash keys of (seed, episode).
        ues: int32[E, C, S].
        load_level: int16[E, C, S], index of the (DU, slice)'s present load factor.
        arrival_ewma: float64[E, C, S], bytes per frame.
        activity: float32[E, H, C, G], power that the DU transmitted with in TTI t, as a fraction of the
            unit's share of the radio unit's power, 0 where it was silent; in row t & (H - 1).
        ue_of_unit: int16[E, C, G], UE served in the last TTI as slice * U + place, or -1.
        slice_of_unit: int8[E, C, G], slice that held the unit in the last TTI, or -1.
        next_place: int16[E, C, S], whose turn it is in round robin.
        service_rbs: float64[E, C, S], RBs that the slice could use in the last TTI (K_l of the latency
            model).
    """

    seed: NDArray[np.uint64]
    episode: NDArray[np.int64]
    frame: NDArray[np.int64]
    keys: NDArray[np.int64]
    ues: NDArray[np.int32]
    load_level: NDArray[np.int16]
    arrival_ewma: NDArray[np.float64]
    activity: NDArray[np.float32]
    ue_of_unit: NDArray[np.int16]
    slice_of_unit: NDArray[np.int8]
    next_place: NDArray[np.int16]
    service_rbs: NDArray[np.float64]


class Ues(NamedTuple):
    """What belongs to a UE and moves with it in a handover; every array begins [E, C, S, U].

    Attributes:
        id: int32, number of the UE within its slice, -1 in empty places.
        position_m: float32[..., 2].
        velocity_mps: float32[..., 2].
        target_m: float32[..., 2], waypoint or end of the road it moves to.
        timer_s: float32, until its motion changes (pause or turn).
        sight: float32[..., C], N(0, 1) of the link's line of sight: it has one where Phi(sight) < P_LOS.
        shadowing: float32[..., C], N(0, 1) of the link's shadowing.
        penetration_db: float32, loss into the building; 0 outdoors.
        indoor_m: float32[..., C], way from the wall to the UE, as the link runs; 0 outdoors.
        line_of_sight: uint8[..., C].
        gain: float32[..., C], mean received power per RB from each DU over the noise power of an RB.
        fading_base: int64[..., C], start of the link's window in the fading map at row 0.
        fading_row: int32[..., C], row at which the link stood at the episode's start.
        travelled: int64, rows of the fading map since the episode's start, times 2^16.
        row_step: int64, rows that the UE moves on per TTI, times 2^16.
        phase: int64, draw that sets the UE's phase in periodic traffic and its row in a trace.
        queue_limit: int64, bytes that its queue may hold.
        entry_bytes: int32[..., Q], ring of arrivals of a TTI that still wait.
        entry_tti: int32[..., Q], the TTI of the episode that they arrived in.
        entry_head: int16, oldest entry.
        entry_count: int16.
        queued: int64, bytes that wait; those in HARQ not included.
        mean_se: float64, bit/s/Hz, moving average of the channel.
        mean_bits: float64, moving average of bits served per TTI.
        csi_bits: int32[..., G], bits that each unit is expected to carry, from the last report.
        csi_tti: int32, TTI that this report measured; -1 before the first.
        olla: int32, outer loop, a factor on the reported SINR in steps of its table.
        worst_tti: int32, greatest delay of bytes delivered in this frame, in TTIs.
        harq_bytes: int32[..., P], bytes of each HARQ process's transport block; 0 when the process is free.
        harq_age: int64[..., P], bytes times TTIs that they had waited at the hand-over to the MAC.
        harq_oldest: int32[..., P], greatest of these waits in TTIs.
        harq_late: int32[..., P, 4], bytes that are late if received at the first, second, third, fourth try.
        harq_tti: int32[..., P], TTI of the first transmission.
        harq_rbs: int16[..., P], RBs of a transmission.
        harq_mcs: int8[..., P].
        harq_tries: int8[..., P], transmissions so far.
        harq_sinr: float32[..., P], effective SINRs of the tries, added up (chase combining).
        in_flight: int64, bytes in HARQ.
        rsrp_db: float32[..., C], filtered RSRP over noise of each DU, in dB.
        a3_frames: int16[..., C], frames that A3 has held for this neighbour.
        deaf_until: int32, TTI up to which a handover keeps the UE from being served.
    """

    id: NDArray[np.int32]
    position_m: NDArray[np.float32]
    velocity_mps: NDArray[np.float32]
    target_m: NDArray[np.float32]
    timer_s: NDArray[np.float32]
    sight: NDArray[np.float32]
    shadowing: NDArray[np.float32]
    penetration_db: NDArray[np.float32]
    indoor_m: NDArray[np.float32]
    line_of_sight: NDArray[np.uint8]
    gain: NDArray[np.float32]
    fading_base: NDArray[np.int64]
    fading_row: NDArray[np.int32]
    travelled: NDArray[np.int64]
    row_step: NDArray[np.int64]
    phase: NDArray[np.int64]
    queue_limit: NDArray[np.int64]
    entry_bytes: NDArray[np.int32]
    entry_tti: NDArray[np.int32]
    entry_head: NDArray[np.int16]
    entry_count: NDArray[np.int16]
    queued: NDArray[np.int64]
    mean_se: NDArray[np.float64]
    mean_bits: NDArray[np.float64]
    csi_bits: NDArray[np.int32]
    csi_tti: NDArray[np.int32]
    olla: NDArray[np.int32]
    worst_tti: NDArray[np.int32]
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
    rsrp_db: NDArray[np.float32]
    a3_frames: NDArray[np.int16]
    deaf_until: NDArray[np.int32]


class State(NamedTuple):
    """A batch of environments. A step is a deterministic function of (state, decisions).

    Attributes:
        core, ues: all that the future depends on.
        kpis: measurements of the last frame; after a reset, of an idle RAN.
        ledger: bytes since ``new_state``.
    """

    core: Core
    ues: Ues
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
        """int64[E, C, S, U], bytes waiting or in HARQ."""
        return self.ues.queued + self.ues.in_flight


def history_rows(world: World) -> int:
    """Rows of activity that reports look back on: a power of two."""
    link = world.link
    return 1 << (link.csi_period_ttis + max(1, link.csi_delay_ttis)).bit_length()


def harq_processes(world: World) -> int:
    """HARQ processes of a UE; one where nothing is ever in error."""
    return world.link.harq_rtt_ttis if world.link.adaptation == "mcs" else 1


def empty_state(world: World, seeds: NDArray[np.uint64]) -> State:
    """Zeroed arrays of the right shapes; every environment must be reset before use."""
    envs, dus, units = len(seeds), world.dus, len(world.unit_rbs)
    du, slice_ = (envs, dus), (envs, dus, SLICES)
    core = Core(
        seed=np.array(seeds, dtype=np.uint64),
        episode=np.zeros(envs, dtype=np.int64),
        frame=np.zeros(envs, dtype=np.int64),
        keys=np.zeros((envs, 2), dtype=np.int64),
        ues=np.zeros(slice_, dtype=np.int32),
        load_level=np.zeros(slice_, dtype=np.int16),
        arrival_ewma=np.zeros(slice_, dtype=np.float64),
        activity=np.zeros((envs, history_rows(world), dus, units), dtype=np.float32),
        ue_of_unit=np.zeros((*du, units), dtype=np.int16),
        slice_of_unit=np.zeros((*du, units), dtype=np.int8),
        next_place=np.zeros(slice_, dtype=np.int16),
        service_rbs=np.zeros(slice_, dtype=np.float64),
    )
    ledger = Ledger(*(np.zeros(slice_, dtype=np.int64) for _ in Ledger._fields))
    return State(core, _empty_ues(world, envs), _empty_kpis(du, world.max_ues_per_slice), ledger)


_UE_TRAILING = {
    "position_m": ("xy",),
    "velocity_mps": ("xy",),
    "target_m": ("xy",),
    "sight": ("C",),
    "shadowing": ("C",),
    "indoor_m": ("C",),
    "line_of_sight": ("C",),
    "gain": ("C",),
    "fading_base": ("C",),
    "fading_row": ("C",),
    "entry_bytes": ("Q",),
    "entry_tti": ("Q",),
    "csi_bits": ("G",),
    "harq_bytes": ("P",),
    "harq_age": ("P",),
    "harq_oldest": ("P",),
    "harq_late": ("P", "tries"),
    "harq_tti": ("P",),
    "harq_rbs": ("P",),
    "harq_mcs": ("P",),
    "harq_tries": ("P",),
    "harq_sinr": ("P",),
    "rsrp_db": ("C",),
    "a3_frames": ("C",),
}
"""Axes of a UE's arrays after [E, C, S, U]; those not named have none."""


def _dtypes(record: type[NamedTuple]) -> dict[str, Any]:
    """The dtype of each array of a named tuple, from its annotation ``NDArray[dtype]``."""
    return {name: get_args(get_args(hint)[1])[0] for name, hint in get_type_hints(record).items()}


def _empty_ues(world: World, envs: int) -> Ues:
    sizes = {
        "xy": 2,
        "C": world.dus,
        "Q": world.queue_entries,
        "G": len(world.unit_rbs),
        "P": harq_processes(world),
        "tries": 4,
    }
    place = (envs, world.dus, SLICES, world.max_ues_per_slice)
    return Ues(
        **{
            name: np.zeros((*place, *(sizes[axis] for axis in _UE_TRAILING.get(name, ()))), dtype=dtype)
            for name, dtype in _dtypes(Ues).items()
        }
    )


PER_UE_KPIS = tuple(name for name in Kpis._fields if name.startswith("ue_"))
"""Measurements of single UEs; a UE takes them along in a handover."""
_PER_DU_KPIS = ("active_ttis", "rb_power", "energy_j", "handovers_requested", "handovers_succeeded")


def _empty_kpis(du: tuple[int, int], places: int) -> Kpis:
    def shape(name: str) -> tuple[int, ...]:
        if name in _PER_DU_KPIS:
            return du
        return (*du, SLICES, places) if name in PER_UE_KPIS else (*du, SLICES)

    return Kpis(**{name: np.zeros(shape(name), dtype=dtype) for name, dtype in _dtypes(Kpis).items()})


def clone(state: State) -> State:
    """A copy that shares no array with ``state``."""
    return deepcopy(state)
