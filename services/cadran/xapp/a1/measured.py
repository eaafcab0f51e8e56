"""What the DUs measured of their slices lately, over a window of the RAN's own time."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from cadran.wire.codecs import SLICES
from cadran.xapp.kpm_board import KpmReport

_KBIT = 1e3
_TENTH_MS = 1e-4


@dataclass(frozen=True)
class SliceMeasured:
    """Means over the window of one slice at one DU.

    Attributes:
        ues: Attached UEs (RRC.ConnMean).
        offered_bps: Arrived (DRB.PdcpSduVolumeDL).
        delivered_bps: Delivered (DRB.RlcSduTransmittedVolumeDL).
        delay_s: Age of the oldest byte waiting, or packet latency, mean over UEs (VS.DRB.UeDelayDl); None
            without UEs.
        spectral_efficiency: Of the UEs' channels in bit/s/Hz (VS.CARR.MeanSeDl); None without UEs.
    """

    ues: float
    offered_bps: float
    delivered_bps: float
    delay_s: float | None
    spectral_efficiency: float | None


class MeasuredWindow:
    """Keeps, per DU, the newest reports that together cover the window without a gap.

    Args:
        dus: Number of DUs.
        frame_s: Seconds per frame.
        window_s: Length of the window.
    """

    def __init__(self, dus: int, frame_s: float, window_s: float) -> None:
        self._frame_s = frame_s
        self._frames = max(1, math.ceil(window_s / frame_s - 1e-9))
        self._reports: tuple[deque[_Report], ...] = tuple(deque() for _ in range(dus))
        self._means: dict[tuple[int, int], SliceMeasured] = {}

    def take(self, du: int, report: KpmReport) -> None:
        """A DU reported."""
        kept, new = self._reports[du], _Report.of(report)
        if kept and not new.follows(kept[-1]):
            kept.clear()
        kept.append(new)
        while self._covered(du) - kept[0].frames >= self._frames:
            kept.popleft()
        self._fresh(du)

    def forget(self, du: int) -> None:
        """A DU is gone; what it measured says nothing of now."""
        self._reports[du].clear()
        self._fresh(du)

    def _fresh(self, du: int) -> None:
        for index in range(len(SLICES)):
            self._means.pop((du, index), None)

    def seconds(self, du: int) -> float:
        """Time that the reports of a DU cover."""
        return self._covered(du) * self._frame_s

    def full(self, du: int) -> bool:
        """Whether the reports of a DU cover the window."""
        return self._covered(du) >= self._frames

    def _covered(self, du: int) -> int:
        return sum(report.frames for report in self._reports[du])

    def of(self, du: int, slice_index: int) -> SliceMeasured:
        """What a slice had at a DU; zeros where nothing was reported."""
        key = (du, slice_index)
        if key not in self._means:
            self._means[key] = self._measured(du, slice_index)
        return self._means[key]

    def _measured(self, du: int, slice_index: int) -> SliceMeasured:
        reports = [(report.frames, report.values[slice_index]) for report in self._reports[du]]
        seconds = max(self.seconds(du), self._frame_s)
        delay = _mean(reports, "VS.DRB.UeDelayDl")
        return SliceMeasured(
            ues=_mean(reports, "RRC.ConnMean") or 0.0,
            offered_bps=_sum(reports, "DRB.PdcpSduVolumeDL") * _KBIT / seconds,
            delivered_bps=_sum(reports, "DRB.RlcSduTransmittedVolumeDL") * _KBIT / seconds,
            delay_s=None if delay is None else delay * _TENTH_MS,
            spectral_efficiency=_mean(reports, "VS.CARR.MeanSeDl"),
        )


@dataclass(frozen=True)
class _Report:
    """One report: epoch, frames, and the values of each slice by name."""

    epoch: int
    first_frame: int
    last_frame: int
    values: tuple[dict[str, float], ...]

    @classmethod
    def of(cls, report: KpmReport) -> _Report:
        values: tuple[dict[str, float], ...] = tuple({} for _ in SLICES)
        for sample in report.samples:
            if sample.slice in SLICES and _possible(sample.value):
                values[SLICES.index(sample.slice)][sample.measurement.name] = float(sample.value or 0.0)
        return cls(report.epoch, report.first_frame, report.last_frame, values)

    @property
    def frames(self) -> int:
        return max(1, self.last_frame - self.first_frame + 1)

    def follows(self, before: _Report) -> bool:
        return self.epoch == before.epoch and self.first_frame == before.last_frame + 1


def _possible(value: float | None) -> bool:
    """Whether a DU can have measured this: what a peer sends may be anything."""
    return value is not None and math.isfinite(value) and value >= 0


_OfSlice = list[tuple[int, dict[str, float]]]


def _sum(reports: _OfSlice, name: str) -> float:
    return sum(values.get(name, 0.0) for _, values in reports)


def _mean(reports: _OfSlice, name: str) -> float | None:
    """Weighted by frames; None if no report has a value."""
    found = [(frames, values[name]) for frames, values in reports if name in values]
    total = sum(frames for frames, _ in found)
    return sum(frames * value for frames, value in found) / total if total else None
