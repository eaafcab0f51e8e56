"""Worlds with little in them but traffic, and what arrives in them."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import draw
from cadran.radio.traffic import (
    TrafficTables,
    add_arrivals,
    initial_levels,
    move_loads,
    phases,
    traffic_tables,
)
from cadran.radio.world import World

DUS, SLICES, PLACES = 2, 3, 6


def slotted(**load: object) -> World:
    """Frames of 10 slots of 1 ms; load factors 1 unless told."""
    steady: dict[str, object] = {"factor_min": 1.0, "factor_max": 1.0}
    return World.model_validate({"dus": DUS, "ues": 24, "ttis_per_frame": 10, "load": steady | load})


def profiled(**load: object) -> World:
    """As ``slotted``, with a quiet and a busy DU: windows of one level, of many, and of all."""
    windows = [((0.5, 0.5), (0.2, 0.6), (0.2, 3.0)), ((2.0, 3.0), (2.9, 2.91), (1.0, 1.0))]
    profiles = [{"ues": (4, 4, 4), "load": of_du} for of_du in windows]
    return World.model_validate(slotted(**load).model_dump() | {"profiles": profiles})


def members(*of_slice: int) -> NDArray[np.int32]:
    """UEs int32[C, S], the same at every DU."""
    return np.tile(np.array(of_slice, dtype=np.int32), (DUS, 1))


def some_phases() -> NDArray[np.int64]:
    """int64[C, S, U]."""
    return np.stack(
        [phases(7, s, np.arange(DUS * PLACES).reshape(DUS, PLACES)) for s in range(SLICES)], axis=1
    )


def play(
    tables: TrafficTables, ues: NDArray[np.int32], ttis: int, first: int = 0, per_frame: int = 10
) -> NDArray[np.int64]:
    """Bytes that arrive in TTIs ``first`` … of an environment, int64[T, C, S, U]; its queues stay empty."""
    fresh = np.zeros((ttis, DUS, SLICES, PLACES), dtype=np.int64)
    nothing, limit = np.zeros_like(fresh[0]), np.full_like(fresh[0], 1000)
    phase = some_phases()
    level = initial_levels(tables, DUS, 1, 2, first // per_frame)
    for t in range(ttis):
        tti = first + t
        if tti % per_frame == 0:
            frame = tti // per_frame
            move_loads(level, draw(3, frame), draw(4, frame), frame, tables)
        keys = draw(5, tti), draw(6, tti)
        add_arrivals(fresh[t], ues, phase, nothing, limit, level, tti, tti, *keys, tables)
    return fresh


def arrivals(world: World, ttis: int, ues: NDArray[np.int32] | None = None) -> NDArray[np.int64]:
    """``play`` of a world from its first TTI on, six UEs per slice and DU unless told."""
    return play(traffic_tables(world), members(6, 6, 6) if ues is None else ues, ttis)
