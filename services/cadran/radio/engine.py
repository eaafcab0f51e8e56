"""``Radio``: one world's tables and kernels, stepping batches of environments."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio import state as states
from cadran.radio.decision import Decisions, first_illegal, validate
from cadran.radio.frame import step_environment, step_environments
from cadran.radio.hashing import below, draw, environment_keys
from cadran.radio.kpis import TTI_S, rbs_for_bytes
from cadran.radio.layout import drop, sites_m
from cadran.radio.state import Core, State
from cadran.radio.tables import parameters, tables
from cadran.radio.traffic import LOAD_LEVELS, mean_bytes_per_frame, trace_starts
from cadran.radio.world import EMBB, SLICES, URLLC, World

INITIAL_LOAD = 8
"""Hash stream of the first load levels of an episode."""
LARGEST_QUEUE_BYTES = 2**30
"""A queue entry is an int32."""


class Radio:
    """The RAN of one world. Holds no state of its own: states are passed in and changed in place.

    Args:
        world: the scenario.
        trace_bytes_per_frame: int64[n >= 1], bytes per frame of a measured trace (``trace_table``). Given,
            every eMBB UE replays it from its own row on in place of Poisson traffic; ``load.scale`` and
            load factors do not touch it.

    Raises:
        ValueError: the trace is empty or negative, or a queue would exceed 1 GiB.
    """

    def __init__(self, world: World, trace_bytes_per_frame: NDArray[np.int64] | None = None) -> None:
        self.world = world
        self.traced = trace_bytes_per_frame is not None
        trace = np.zeros(1, dtype=np.int64) if trace_bytes_per_frame is None else trace_bytes_per_frame
        self._trace = np.array(trace, dtype=np.int64)
        if self._trace.ndim != 1 or len(self._trace) == 0 or (self._trace < 0).any():
            raise ValueError(
                "trace_bytes_per_frame: allowed is a one-dimensional array of at least one value >= 0"
            )
        self.sites_m = sites_m(world)
        self._parameters = parameters(world, self.traced)
        self._tables = tables(world, self._trace)
        self._mean_bytes = mean_bytes_per_frame(world)
        if self._queue_limits(np.ones((1, SLICES), dtype=np.int32)).max() > LARGEST_QUEUE_BYTES:
            raise ValueError(
                f"load: mean_bps x scale x buffer_s: a queue is limited to {LARGEST_QUEUE_BYTES} bytes"
            )

    def new_state(self, seeds: NDArray[np.uint64]) -> State:
        """One environment per seed, each at the start of its episode 0."""
        state = states.empty_state(self.world, np.asarray(seeds, dtype=np.uint64))
        self.reset(state, np.ones(len(state.seed), dtype=np.bool_), 0)
        return state

    def clone(self, state: State) -> State:
        """A copy that shares nothing with ``state`` and has the same future."""
        return states.clone(state)

    def reset(self, state: State, envs: NDArray[np.bool_], episode: int) -> None:
        """Start an episode in the environments marked in ``envs``, bool[E]: a new drop of UEs and empty
        queues.

        All but the ledger is a function of (seed, episode). Bytes still queued are booked as discarded.
        """
        for e in np.flatnonzero(envs):
            self._reset_environment(state, int(e), episode)

    def step(self, state: State, decisions: Decisions) -> None:
        """Play one frame of every environment; measurements are then in ``state.kpis``.

        Raises:
            ValueError: a decision has the wrong shape or is illegal (see ``validate``); the state is then
                unchanged.
        """
        decisions = self._checked(decisions, len(state.seed))
        if len(state.seed) == 1:
            step_environment(0, self._parameters, self._tables, *state, decisions)
        else:
            step_environments(self._parameters, self._tables, *state, decisions)

    def trace_bytes(self, seed: int, first_frame: int, frames: int) -> int:
        """Bytes that all eMBB UEs of an environment are offered from a trace in global frames
        ``first_frame`` ….

        The global frame is ``episode * episode_frames + frame``. Each UE plays ``frames`` rows from its own
        start on.

        Raises:
            ValueError: the radio replays no trace.
        """
        if not self.traced:
            raise ValueError("trace_bytes: this radio replays no trace")
        ids = np.arange(self.world.ues_per_slice[EMBB], dtype=np.int32)
        starts = trace_starts(seed, ids, len(self._trace), hashing.TRACE_OFFSET) + first_frame
        laps, rest = divmod(frames, len(self._trace))
        before = np.concatenate([[0], np.cumsum(np.concatenate([self._trace, self._trace]))])
        first = starts % len(self._trace)
        return int(laps * self._trace.sum() * len(ids) + (before[first + rest] - before[first]).sum())

    def _checked(self, decisions: Decisions, envs: int) -> Decisions:
        world = self.world
        du, slice_, rb = (envs, world.dus), (envs, world.dus, SLICES), (envs, world.dus, world.rbs)
        shapes = (du, slice_, slice_, slice_, rb)
        dtypes = (np.int8, np.int32, np.int32, np.int32, np.int8)
        arrays = []
        for name, array, shape, dtype in zip(Decisions._fields, decisions, shapes, dtypes, strict=True):
            given = np.asarray(array)
            if given.shape != shape:
                raise ValueError(f"decisions.{name}: shape {given.shape}, allowed is {shape}")
            arrays.append(np.require(given, dtype=dtype, requirements=["C", "W"]))
        checked = Decisions(*arrays)
        wrong = first_illegal(checked)
        if wrong >= 0:
            e, c = divmod(wrong, world.dus)
            mode, *rest = (array[e, c] for array in checked)
            raise ValueError(f"decision of environment {e}, DU {c}: {validate(world.rbs, int(mode), *rest)}")
        return checked

    def _queue_limits(self, ues: NDArray[np.int32]) -> NDArray[np.int64]:
        """Bytes that a UE's queue may hold, int64[C, S], when its (DU, slice) has ``ues`` int32[C, S]."""
        per_ue = self._mean_bytes / np.maximum(ues, 1)
        if self.traced:
            per_ue[:, EMBB] = self._trace.mean()
        limits = np.ceil(per_ue / self.world.frame_s * np.array(self.world.load.buffer_s))
        return np.asarray(limits, dtype=np.int64)

    def _reset_environment(self, state: State, e: int, episode: int) -> None:
        core, seed = state.core, int(state.seed[e])
        state.ledger.discarded_bytes[e] += core.queued[e].sum(axis=-1)
        core.episode[e], core.frame[e] = episode, 0
        core.keys[e] = environment_keys(seed, episode)
        dropped = drop(self.world, self.sites_m, np.random.Generator(np.random.Philox(key=[seed, episode])))
        core.ues[e], core.ue_id[e] = dropped.ues, dropped.ue_id
        core.position_m[e], core.gain[e] = dropped.position_m, dropped.gain
        self._reset_traffic(core, e, seed)
        for array in (core.entry_bytes, core.entry_frame, core.entry_head, core.entry_count, core.queued):
            array[e] = 0
        # Until a neighbour has been seen, the channel is measured as if it transmitted on every RB.
        core.active[e], core.ue_of_rb[e], core.slice_of_rb[e] = 1, -1, -1
        core.next_place[e], core.service_rbs[e] = 0, 0
        core.mean_se[e] = self._prior_spectral_efficiency(dropped.gain)
        self._reset_kpis(state, e)

    def _reset_traffic(self, core: Core, e: int, seed: int) -> None:
        dus = self.world.dus
        key = draw(int(core.keys[e, 0]), INITIAL_LOAD) ^ int(core.keys[e, 1])
        levels = [below(draw(key, entity), LOAD_LEVELS) for entity in range(dus * SLICES)]
        core.load_level[e] = np.array(levels).reshape(dus, SLICES)
        core.queue_limit[e] = self._queue_limits(core.ues[e])
        has_ues = core.ues[e] > 0
        expected = np.broadcast_to(self._mean_bytes, has_ues.shape).copy()
        if self.traced:
            expected[:, EMBB] = self._trace.mean() * core.ues[e, :, EMBB]
            ids = np.maximum(core.ue_id[e, :, EMBB], 0)
            core.trace_start[e] = trace_starts(seed, ids, len(self._trace), hashing.TRACE_OFFSET)
        core.arrival_ewma[e] = np.where(has_ues, expected, 0.0)

    def _prior_spectral_efficiency(self, gain: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over fading of the capped Shannon rate with every neighbour active, float64[C, S, U]."""
        dus = self.world.dus
        own = gain[np.arange(dus), :, :, np.arange(dus)]
        sinr = own / (1 + gain.sum(axis=-1) - own)
        fading = self._tables.fading.reshape(64, -1).mean(axis=1, dtype=np.float64)
        efficiency = np.log2(1 + sinr[..., None] * fading)
        prior: NDArray[np.float64] = np.minimum(efficiency, self.world.link.max_spectral_efficiency).mean(
            axis=-1
        )
        return prior

    def _reset_kpis(self, state: State, e: int) -> None:
        """Measurements before the first frame: nothing arrived, served or waited; demand at its prior."""
        core, kpis = state.core, state.kpis
        for array in kpis:
            array[e] = 0
        places = np.arange(self.world.max_ues_per_slice)
        taken = places < core.ues[e][..., None]
        kpis.ues[e] = core.ues[e]
        kpis.arrival_ewma_bytes[e] = core.arrival_ewma[e]
        members = np.maximum(core.ues[e], 1)
        kpis.mean_se[e] = np.where(taken, core.mean_se[e], 0).sum(axis=-1) / members
        for c, s in np.argwhere(core.ues[e] > 0):
            each = core.arrival_ewma[e, c, s] / members[c, s]
            kpis.arrival_rbs[e, c, s] = sum(
                rbs_for_bytes(each, efficiency, self._parameters.bits_per_se)
                for efficiency in core.mean_se[e, c, s, : members[c, s]]
            )
        kpis.ue_rate_bps[e] = np.where(taken & self.world.kpis.achievable_rate, 0.0, np.nan)
        kpis.ue_delay_s[e] = np.where(taken, 0.0, np.nan)
        kpis.ue_delay_s[e, :, URLLC] = np.where(taken[:, URLLC], TTI_S, np.nan)
