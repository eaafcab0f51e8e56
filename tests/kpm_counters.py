"""Counters of a made-up frame, and windows of such frames, for tests of KPM measurements."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from cadran.wire.kpm_window import COUNTERS, DU_SUMS, KpmAccumulator, Window

SLICES, PLACES = 3, 4


def frame(dus: int = 1, **counts: Any) -> Any:
    """One frame of all DUs; what is not given is zero, and no UE has a delay."""
    values: dict[str, Any] = {name: np.zeros((dus, SLICES), np.int64) for name in COUNTERS}
    values |= {name: np.zeros(dus, np.int64) for name in DU_SUMS}
    values["ue_delay_s"] = np.full((dus, SLICES, PLACES), np.nan, np.float32)
    for name, value in counts.items():
        values[name] = np.broadcast_to(np.asarray(value), values[name].shape)
    return SimpleNamespace(**values)


def window(frames: int = 1, ttis_per_frame: int = 1, rbs: int = 100, **counts: Any) -> Window:
    """The window of one DU over frames of 10 ms that are all alike."""
    accumulator = KpmAccumulator(1, SLICES, 0.01, ttis_per_frame, rbs)
    accumulator.add([frame(**counts)] * frames)
    return accumulator.take()[0]
