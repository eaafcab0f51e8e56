"""What the DUs counted of single UEs over some frames, and which measurements that is enough for.

The measurements are those of the registry, computed from a window that holds a UE's counters in place of a
slice's. Counters that the radio keeps for slices only are NaN in it, so what is made of them has no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from cadran.wire.kpm_window import COUNTERS, FloatArray, IntArray, Values, Window

#: Counter of a window -> the array of a frame that it is summed from, [C, S, U].
UE_COUNTERS = {
    "arrived_bytes": "ue_arrived_bytes",
    "delivered_bytes": "ue_delivered_bytes",
    "queued_bytes": "ue_queued_bytes",
    "rb_ttis": "ue_rbs",
    "mean_se": "ue_mean_se",
    "ue_delay_s": "ue_delay_s",
}
#: The measurements of the registry that these counters are enough for.
UE_MEASUREMENTS = (
    "DRB.RlcSduTransmittedVolumeDL",
    "DRB.PdcpSduVolumeDL",
    "VS.DRB.BufferedVolumeDl",
    "VS.DRB.UeDelayDl",
    "VS.CARR.MeanSeDl",
    "RRU.PrbUsedDl",
)


#: Windows of the UEs that were attached to one DU, by RAN UE ID.
UeWindows = Mapping[int, Window]


class HasUeCounters(Protocol):
    """One frame of all DUs; shapes [C, S, U], by place."""

    @property
    def ue_arrived_bytes(self) -> IntArray:
        """Bytes offered to the UE."""

    @property
    def ue_delivered_bytes(self) -> IntArray:
        """Bytes that it received."""

    @property
    def ue_queued_bytes(self) -> IntArray:
        """Bytes waiting at the frame's end."""

    @property
    def ue_rbs(self) -> IntArray:
        """RBs transmitted on for it, added up over the TTIs."""

    @property
    def ue_mean_se(self) -> FloatArray:
        """Its spectral efficiency in bit/s/Hz."""

    @property
    def ue_delay_s(self) -> FloatArray:
        """Age of its oldest byte, or its packet latency, in s."""


class UeAccumulator:
    """Sums what all DUs counted of their UEs, until the windows are taken.

    Args:
        dus, slices, total_ues: sizes of the arrays; a UE's number within its slice is below `total_ues`.
        frame_s: length of a frame.
        ttis_per_frame: TTIs of a frame.
        rbs: resource blocks of a DU.
    """

    def __init__(
        self, dus: int, slices: int, total_ues: int, frame_s: float, ttis_per_frame: int, rbs: int
    ) -> None:
        self._facts = (frame_s, ttis_per_frame, rbs)
        self._frames = np.zeros((dus, slices * total_ues), np.int64)
        self._sums = np.zeros((len(UE_COUNTERS), dus, slices * total_ues))
        self._first_id = np.arange(slices)[:, None] * total_ues

    def add(self, frames: Sequence[HasUeCounters], ue_numbers: Sequence[IntArray]) -> None:
        """Add consecutive frames.

        Args:
            frames: what they counted.
            ue_numbers: int[C, S, U] of each, the UE's number within its slice, -1 in empty places.
        """
        for frame, numbers in zip(frames, ue_numbers, strict=True):
            dus, slices, places = np.nonzero(numbers >= 0)
            ids = (numbers + self._first_id)[dus, slices, places]
            # A UE has one place, so no index comes twice.
            self._frames[dus, ids] += 1
            for row, name in enumerate(UE_COUNTERS.values()):
                self._sums[row, dus, ids] += getattr(frame, name)[dus, slices, places]

    def take(self) -> list[dict[int, Window]]:
        """For each DU the windows of the UEs that were attached to it, by RAN UE ID; begin new ones."""
        frames, sums = self._frames, self._sums
        self._frames, self._sums = np.zeros_like(frames), np.zeros_like(sums)
        return [
            {ue: self._window(int(row[ue]), sums[:, du, ue]) for ue in np.nonzero(row)[0].tolist()}
            for du, row in enumerate(frames)
        ]

    def _window(self, frames: int, sums: Values) -> Window:
        values = {name: np.full(1, np.nan) for name in COUNTERS}
        values |= {name: np.array([value]) for name, value in zip(UE_COUNTERS, sums.tolist(), strict=True)}
        values["ues"] = np.array([float(frames)])
        return Window(frames, *self._facts, *(values[name] for name in COUNTERS))


def together(windows: Iterable[Window], frames: int) -> Window:
    """What several UEs of one DU counted, as one window of `frames` frames.

    Raises:
        ValueError: there are none.
    """
    listed = list(windows)
    if not listed:
        raise ValueError("no UE, no window")
    first = listed[0]
    sums: list[Values] = [np.sum([getattr(one, name) for one in listed], axis=0) for name in COUNTERS]
    return Window(frames, first.frame_s, first.ttis_per_frame, first.rbs, *sums)
