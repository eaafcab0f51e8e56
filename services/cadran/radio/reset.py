"""The start of an episode: a drop of UEs, their links, their traffic, and the measurements of an idle RAN."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.hashing import GOLDEN, MASK, draw, environment_keys
from cadran.radio.kpis import TTI_S, rbs_for_bytes
from cadran.radio.layout import Drop, Sites, drop
from cadran.radio.link import CURVE_BASE, CURVE_SHIFT, CURVE_STEPS
from cadran.radio.mobility import row_steps, start_motion
from cadran.radio.propagation.fading import FadingMap
from cadran.radio.state import State
from cadran.radio.traffic import TrafficTables, expected_bytes, initial_levels, phases, queue_limits
from cadran.radio.world import SLICES, URLLC, World

_FADING_QUANTILES = 64


class Start:
    """Starts episodes of one world.

    Args:
        world: the scenario.
        sites: where the radio units stand.
        fading: the fading map.
        curve: bits that an RB is expected to carry, see ``tables``.
        traffic: tables of the sources.
        trace: bytes per TTI of a measured trace, or None.

    Raises:
        ValueError: a UE alone in its slice would have a queue of more than 1 GiB.
    """

    def __init__(
        self,
        world: World,
        sites: Sites,
        fading: FadingMap,
        curve: NDArray[np.int32],
        traffic: TrafficTables,
        trace: NDArray[np.int64] | None,
    ) -> None:
        self._world, self._sites, self._fading, self._trace = world, sites, fading, trace
        self._curve, self._traffic = curve, traffic
        queue_limits(world, np.ones((1, SLICES), dtype=np.int32), trace)
        quantiles = -np.log1p(-(np.arange(_FADING_QUANTILES) + 0.5) / _FADING_QUANTILES)
        self._gains = np.ones(1) if world.channel.fading == "none" else quantiles / quantiles.mean()

    def environment(self, state: State, e: int, episode: int) -> None:
        """Start ``episode`` in environment ``e``."""
        core, ues, seed = state.core, state.ues, int(state.seed[e])
        state.ledger.discarded_bytes[e] += (ues.queued[e] + ues.in_flight[e]).sum(axis=-1)
        core.episode[e], core.frame[e] = episode, 0
        core.keys[e] = environment_keys(seed, episode)
        rng = np.random.Generator(np.random.Philox(key=[seed, episode]))
        dropped = drop(self._world, self._sites, rng)
        for array in ues:
            array[e] = 0
        self._place(state, e, dropped, rng)
        self._load(state, e, dropped, seed)
        # Until a neighbour has been seen, the channel is measured as if it transmitted on every RB.
        core.activity[e], core.ue_of_unit[e], core.slice_of_unit[e] = 1, -1, -1
        core.next_place[e], core.service_rbs[e] = 0, 0
        ues.mean_se[e] = self._prior_spectral_efficiency(ues.gain[e])
        band_bits = self._world.rbs * self._world.rb_bandwidth_hz * self._world.tti_s
        sharers = np.maximum(core.ues[e].sum(axis=-1), 1)
        ues.mean_bits[e] = ues.mean_se[e] * band_bits / sharers[:, None, None]
        self._idle_kpis(state, e)

    def _place(self, state: State, e: int, dropped: Drop, rng: np.random.Generator) -> None:
        """Put every UE and its links where it attached."""
        core, ues, world, fading = state.core, state.ues, self._world, self._fading
        at = (e, dropped.du, dropped.slice_, dropped.place)
        counts = np.zeros((world.dus, SLICES), dtype=np.int32)
        np.add.at(counts, (dropped.du, dropped.slice_), 1)
        core.ues[e] = counts
        ues.id[e] = -1
        ues.id[at] = dropped.id
        ues.position_m[at] = dropped.position_m
        motion = start_motion(world, self._sites, dropped.position_m, rng)
        ues.velocity_mps[at] = motion.velocity_mps
        ues.target_m[at] = motion.target_m
        ues.timer_s[at] = motion.timer_s
        ues.sight[at] = dropped.links.sight
        ues.shadowing[at] = dropped.links.shadowing
        ues.penetration_db[at] = dropped.links.penetration_db
        ues.indoor_m[at] = dropped.links.indoor_m
        ues.line_of_sight[at] = dropped.line_of_sight
        ues.gain[at] = dropped.gain
        ues.rsrp_db[at] = 10 * np.log10(dropped.gain)
        shape = dropped.gain.shape
        kind = np.minimum(dropped.line_of_sight, fading.kinds - 1).astype(np.int64)
        ues.fading_base[at] = kind * fading.rows * fading.stride + rng.integers(fading.columns, size=shape)
        ues.fading_row[at] = rng.integers(fading.rows, size=shape)
        ues.row_step[at] = row_steps(world, fading.rows_per_m, motion.velocity_mps, dropped.du)
        ues.csi_tti[e] = -1

    def _load(self, state: State, e: int, dropped: Drop, seed: int) -> None:
        """Draw the load factors; set queue limits, phases of traffic, and the expected arrivals."""
        core, ues, world = state.core, state.ues, self._world
        seed_key = draw(draw(hashing.INITIAL_LOAD * GOLDEN & MASK, seed & MASK), seed >> 32)
        episode_key = draw(int(core.keys[e, 0]), hashing.INITIAL_LOAD) ^ int(core.keys[e, 1])
        first_frame = int(core.episode[e]) * world.episode_frames
        core.load_level[e] = initial_levels(self._traffic, world.dus, seed_key, episode_key, first_frame)
        ues.queue_limit[e] = queue_limits(world, core.ues[e], self._trace)[:, :, None]
        for s in range(SLICES):
            mine = dropped.slice_ == s
            at = (e, dropped.du[mine], s, dropped.place[mine])
            ues.phase[at] = phases(seed, s, dropped.id[mine])
        core.arrival_ewma[e] = expected_bytes(world, core.ues[e], self._trace)

    def _prior_spectral_efficiency(self, gain: NDArray[np.float32]) -> NDArray[np.float64]:
        """Mean over fading of the expected bits with every neighbour active, float64[C, S, U] in bit/s/Hz."""
        dus = self._world.dus
        own = gain[np.arange(dus), :, :, np.arange(dus)].astype(np.float64)
        sinr = own / (1 + gain.sum(axis=-1, dtype=np.float64) - own)
        faded = (sinr[..., None] * self._gains).astype(np.float32)
        steps = (faded.view(np.int32) >> CURVE_SHIFT) - CURVE_BASE
        bits = self._curve[np.clip(steps, 0, CURVE_STEPS - 1)]
        per_se = self._world.rb_bandwidth_hz * self._world.tti_s
        prior: NDArray[np.float64] = bits.mean(axis=-1) / per_se
        return prior

    def _idle_kpis(self, state: State, e: int) -> None:
        """Measurements before the first frame: nothing arrived, served or waited; demand at its prior."""
        core, kpis, world = state.core, state.kpis, self._world
        for array in kpis:
            array[e] = 0
        places = np.arange(world.max_ues_per_slice)
        taken = places < core.ues[e][..., None]
        kpis.ues[e] = core.ues[e]
        kpis.arrival_ewma_bytes[e] = core.arrival_ewma[e]
        members = np.maximum(core.ues[e], 1)
        mean_se = state.ues.mean_se[e]
        kpis.mean_se[e] = np.where(taken, mean_se, 0).sum(axis=-1) / members
        scale = world.rb_bandwidth_hz * world.frame_s
        for c, s in np.argwhere(core.ues[e] > 0):
            each = core.arrival_ewma[e, c, s] / members[c, s]
            kpis.arrival_rbs[e, c, s] = sum(
                rbs_for_bytes(each, efficiency, scale) for efficiency in mean_se[c, s, : members[c, s]]
            )
        kpis.ue_rate_bps[e] = np.where(taken & world.kpis.achievable_rate, 0.0, np.nan)
        kpis.ue_delay_s[e] = np.where(taken, 0.0, np.nan)
        kpis.ue_mean_se[e] = np.where(taken, mean_se, np.nan)
        if world.kpis.latency != "measured":
            kpis.ue_delay_s[e, :, URLLC] = np.where(taken[:, URLLC], TTI_S, np.nan)
