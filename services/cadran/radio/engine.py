"""``Radio``: one world's tables and kernels, stepping batches of environments."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.radio import state as states
from cadran.radio.decision import (
    ASSIGNMENT,
    USERS,
    Decisions,
    exactly,
    first_illegal,
    validate,
    validate_grants,
)
from cadran.radio.energy import energy_j
from cadran.radio.frame import play_frames
from cadran.radio.layout import sites
from cadran.radio.link import Fading
from cadran.radio.mac import new_workspace
from cadran.radio.mobility import move
from cadran.radio.propagation.fading import fading_map
from cadran.radio.reset import Start
from cadran.radio.state import State
from cadran.radio.tables import McsLink, Parameters, Tables, fading_of, mcs_link, parameters, tables
from cadran.radio.threads import spread
from cadran.radio.traffic import TrafficTables, phases, trace_starts, traffic_tables
from cadran.radio.views import Room, close_counters, room_for, views
from cadran.radio.world import EMBB, SLICES, World


class Radio:
    """The RAN of one world. Holds no state of its own: states are passed in and changed in place.

    Args:
        world: the scenario.
        trace_bytes_per_tti: int64[n >= 1], bytes per TTI of a measured trace (``trace_table``). Given,
            every eMBB UE replays it from its own row on in place of the slice's source; ``load.scale`` and
            load factors do not touch it.
        load_profile: float64[n >= 1], measured load over time in any unit (``load_profile``), one value per
            ``load.profile_step_s``; for ``load.profile: measured`` and only for it.

    Attributes:
        world: the scenario.
        sites: where the DUs' radio units stand.
        fading: the fading map.

    Raises:
        ValueError: the trace or the profile is empty, negative, missing or not asked for, or a queue would
            exceed 1 GiB.
    """

    def __init__(
        self,
        world: World,
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self.world = world
        self.sites = sites(world)
        self.fading = fading_map(world)
        self._trace = trace_bytes_per_tti
        traffic, shared = traffic_tables(world, self._trace, load_profile), tables(world)
        self._tables: tuple[Parameters, Tables, McsLink, Fading, TrafficTables] = (
            parameters(world),
            shared,
            mcs_link(world),
            fading_of(world, self.fading),
            traffic,
        )
        self._work = new_workspace(world.max_ues_per_slice, len(world.unit_rbs))
        self._rooms: dict[tuple[int, int], Room] = {}
        self._start = Start(world, self.sites, self.fading, shared.curve, traffic, self._trace)

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
            self._start.environment(state, int(e), episode)

    def step(self, state: State, decisions: Decisions) -> None:
        """Play one frame of every environment; measurements are then in ``state.kpis``.

        Raises:
            ValueError: a decision has the wrong shape or is illegal (see ``validate`` and
                ``validate_grants``), or the world does not have its mode; the state is then unchanged.
        """
        decisions = self._checked(decisions, state.core.ues)
        room = self._room(len(state.seed))
        arguments = (*self._tables, *views(state, room), decisions)
        spread(lambda first, last: play_frames(first, last, *arguments), len(state.seed))
        close_counters(state, room.counters, self.world.ttis_per_frame)
        kpis = state.kpis
        kpis.energy_j[...] = energy_j(self.world, kpis.active_ttis, kpis.rb_power)
        if self.world.mobility.kind != "static":
            move(self.world, self.sites, self.fading, state)

    def trace_bytes(self, seed: int, first_tti: int, ttis: int) -> int:
        """Bytes that all eMBB UEs of an environment are offered from a trace in global TTIs ``first_tti`` ….

        The global TTI counts from the start of episode 0. Each UE plays ``ttis`` rows from its own start on.

        Raises:
            ValueError: the radio replays no trace.
        """
        if self._trace is None:
            raise ValueError("trace_bytes: this radio replays no trace")
        ids = np.arange(self.world.ues_per_slice[EMBB])
        starts = trace_starts(phases(seed, EMBB, ids), len(self._trace)) + first_tti
        laps, rest = divmod(ttis, len(self._trace))
        before = np.concatenate([[0], np.cumsum(np.concatenate([self._trace, self._trace]))])
        first = starts % len(self._trace)
        return int(laps * self._trace.sum() * len(ids) + (before[first + rest] - before[first]).sum())

    def _room(self, envs: int) -> Room:
        """Scratch for a batch of this size; no two threads share one."""
        key = (threading.get_ident(), envs)
        if key not in self._rooms:
            self._rooms[key] = room_for(self.world, envs, self._work)
        return self._rooms[key]

    def _checked(self, decisions: Decisions, ues: NDArray[np.int32]) -> Decisions:
        """The decisions in the kernels' types, shown to be legal for the attached UEs, int32[E, C, S]."""
        world = self.world
        shapes = self._shapes(decisions, len(ues))
        arrays = []
        for name, array, shape, dtype in zip(Decisions._fields, decisions, shapes, _DTYPES, strict=True):
            arrays.append(_as_kernel_array(name, array, shape, dtype))
        checked = Decisions(*arrays)
        self._refuse_modes(checked)
        wrong = first_illegal(checked, ues)
        if wrong >= 0:
            e, c = divmod(wrong, world.dus)
            raise ValueError(f"decision of environment {e}, DU {c}: {self._why_illegal(checked, ues, e, c)}")
        return checked

    def _why_illegal(self, decisions: Decisions, ues: NDArray[np.int32], e: int, c: int) -> str | None:
        rbs, mode = self.world.rbs, int(decisions.mode[e, c])
        if mode == USERS:
            return validate_grants(rbs, ues[e, c], decisions.ue_rbs[e, c], decisions.ue_power[e, c])
        quotas = decisions.dedicated_rbs[e, c], decisions.min_rbs[e, c], decisions.max_rbs[e, c]
        return validate(rbs, mode, *quotas, decisions.slice_of_rb[e, c])

    def _shapes(self, decisions: Decisions, envs: int) -> tuple[tuple[int, ...], ...]:
        """What the arrays of ``decisions`` must measure; grants to UEs may be left out if no mode is 2."""
        world = self.world
        du = (envs, world.dus)
        slice_, rb = (*du, SLICES), (*du, world.rbs)
        given = np.shape(decisions.ue_rbs)
        none = given[-1:] == (0,) and not (np.asarray(decisions.mode) == USERS).any()
        ue = (*slice_, 0 if none else world.max_ues_per_slice)
        return du, slice_, slice_, slice_, rb, ue, ue

    def _refuse_modes(self, decisions: Decisions) -> None:
        """Raise ValueError for a mode that the world does not have."""
        mac, link, mode = self.world.mac, self.world.link, decisions.mode
        if mac.allocation == "rbg" and (mode == ASSIGNMENT).any():
            raise ValueError(
                "decisions.mode 1 (a slice for each RB): allowed with mac.allocation per_rb only"
            )
        if (mac.allocation == "rbg" or link.adaptation == "mcs") and (mode == USERS).any():
            raise ValueError(
                "decisions.mode 2 (RBs for each UE): allowed with mac.allocation per_rb and link.adaptation "
                "shannon only"
            )


_DTYPES = (np.int8, np.int32, np.int32, np.int32, np.int8, np.int16, np.float32)
"""Of the arrays of ``Decisions``."""


def _as_kernel_array(name: str, array: Any, shape: tuple[int, ...], dtype: type[Any]) -> NDArray[Any]:
    """``array`` in the one layout that the kernels are compiled for."""
    given = np.asarray(array)
    if given.shape != shape:
        raise ValueError(f"decisions.{name}: shape {given.shape}, allowed is {shape}")
    if given.dtype == dtype and given.flags.c_contiguous and given.flags.writeable:
        return given
    if np.issubdtype(dtype, np.floating):
        return np.array(given, dtype=dtype, order="C")
    return exactly(f"decisions.{name}", given, dtype)
