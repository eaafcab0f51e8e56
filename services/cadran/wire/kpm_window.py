"""What the DUs counted over some frames: the sums that every KPM measurement is computed from.

The counters carry the field names of the radio's KPIs; whatever has these arrays can be added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
FloatArray = NDArray[np.floating[Any]]


class HasKpmCounters(Protocol):
    """One frame of all DUs; shapes [C, S], the delay [C, S, U], and [C] for what a DU has no slices of."""

    @property
    def ues(self) -> IntArray:
        """Attached UEs."""

    @property
    def arrived_bytes(self) -> IntArray:
        """Bytes offered, dropped ones included."""

    @property
    def delivered_bytes(self) -> IntArray:
        """Bytes received without error."""

    @property
    def dropped_bytes(self) -> IntArray:
        """Bytes lost for good."""

    @property
    def expired_bytes(self) -> IntArray:
        """Of these, dropped because they waited longer than the delay budget."""

    @property
    def lost_bytes(self) -> IntArray:
        """Of the dropped ones, in error after the last retransmission."""

    @property
    def late_bytes(self) -> IntArray:
        """Of the delivered ones, received later than the delay budget."""

    @property
    def queued_bytes(self) -> IntArray:
        """Bytes waiting at the frame's end."""

    @property
    def queue_byte_ttis(self) -> IntArray:
        """Delivered bytes times TTIs from arrival to the hand-over to the MAC."""

    @property
    def air_byte_ttis(self) -> IntArray:
        """Delivered bytes times TTIs from that hand-over to reception."""

    @property
    def burst_bytes(self) -> IntArray:
        """Bytes delivered in TTIs that did not empty their UE's queue."""

    @property
    def burst_ttis(self) -> IntArray:
        """UE-TTIs with data waiting, those that emptied the queue left out."""

    @property
    def busy_ue_ttis(self) -> IntArray:
        """UE-TTIs with data waiting."""

    @property
    def blocks(self) -> IntArray:
        """Transport blocks sent for the first time."""

    @property
    def failed_blocks(self) -> IntArray:
        """Of these, received in error."""

    @property
    def cqi_reports(self) -> IntArray:
        """Wideband CQI reports."""

    @property
    def cqi_sum(self) -> IntArray:
        """Their indices, added up."""

    @property
    def rbs_quota(self) -> IntArray:
        """Most RBs that the slice could have had."""

    @property
    def rb_ttis(self) -> IntArray:
        """RBs transmitted on, added up over the TTIs."""

    @property
    def mean_se(self) -> FloatArray:
        """Mean spectral efficiency of the UEs in bit/s/Hz."""

    @property
    def ue_delay_s(self) -> FloatArray:
        """Age of each UE's oldest byte, or its packet latency, in s; NaN where there is no UE."""

    @property
    def active_ttis(self) -> IntArray:
        """TTIs with at least one RB transmitted."""

    @property
    def energy_j(self) -> FloatArray:
        """Energy consumed by the radio unit in J."""

    @property
    def handovers_requested(self) -> IntArray:
        """Handovers out of the DU that were triggered."""

    @property
    def handovers_succeeded(self) -> IntArray:
        """Of these, the ones that the target admitted."""


@dataclass(frozen=True)
class Window:
    """What one DU measured over some frames: the counters of `HasKpmCounters`, added up.

    Attributes:
        frames: how many frames.
        frame_s: length of one, s.
        ttis_per_frame: TTIs of a frame.
        rbs: resource blocks of the DU.
        mean_se: float64[S], added up over frames and UEs.
        ue_delay_s: float64[S], added up over frames and UEs.
        active_ttis, energy_j, handovers_requested, handovers_succeeded: float64[1].
        all others: float64[S], added up over frames.
    """

    frames: int
    frame_s: float
    ttis_per_frame: int
    rbs: int
    ues: Values
    arrived_bytes: Values
    delivered_bytes: Values
    dropped_bytes: Values
    expired_bytes: Values
    lost_bytes: Values
    late_bytes: Values
    queued_bytes: Values
    queue_byte_ttis: Values
    air_byte_ttis: Values
    burst_bytes: Values
    burst_ttis: Values
    busy_ue_ttis: Values
    blocks: Values
    failed_blocks: Values
    cqi_reports: Values
    cqi_sum: Values
    rbs_quota: Values
    rb_ttis: Values
    mean_se: Values
    ue_delay_s: Values
    active_ttis: Values
    energy_j: Values
    handovers_requested: Values
    handovers_succeeded: Values

    @property
    def tti_s(self) -> float:
        """Length of a TTI, s."""
        return self.frame_s / self.ttis_per_frame

    @property
    def ttis(self) -> int:
        """TTIs of the window."""
        return self.frames * self.ttis_per_frame

    @property
    def left_bytes(self) -> Values:
        """Bytes that left the DU one way or the other: delivered or dropped."""
        return self.delivered_bytes + self.dropped_bytes


SLICE_SUMS = (
    "ues", "arrived_bytes", "delivered_bytes", "dropped_bytes", "expired_bytes", "lost_bytes", "late_bytes",
    "queued_bytes", "queue_byte_ttis", "air_byte_ttis", "burst_bytes", "burst_ttis", "busy_ue_ttis", "blocks",
    "failed_blocks", "cqi_reports", "cqi_sum", "rbs_quota", "rb_ttis",
)  # fmt: skip
UE_MEANS = ("mean_se", "ue_delay_s")
DU_SUMS = ("active_ttis", "energy_j", "handovers_requested", "handovers_succeeded")
COUNTERS = SLICE_SUMS + UE_MEANS + DU_SUMS
"""Every counter of a window: those summed per slice, those that are means of UEs, those of the whole DU."""


class KpmAccumulator:
    """Sums what all DUs counted, frame by frame, until a window is taken.

    Args:
        dus, slices: sizes of the arrays.
        frame_s: length of a frame.
        ttis_per_frame: TTIs of a frame.
        rbs: resource blocks of a DU.
    """

    def __init__(self, dus: int, slices: int, frame_s: float, ttis_per_frame: int, rbs: int) -> None:
        self._dus = dus
        self._frame_s, self._ttis_per_frame, self._rbs = frame_s, ttis_per_frame, rbs
        self._frames = 0
        self._per_slice = np.zeros((len(SLICE_SUMS + UE_MEANS), dus, slices))
        self._per_du = np.zeros((len(DU_SUMS), dus, 1))

    def add(self, frames: Sequence[HasKpmCounters]) -> None:
        """Add consecutive frames; many at once cost little more than one."""
        self._frames += len(frames)
        per_slice = [[getattr(frame, name) for name in SLICE_SUMS] for frame in frames]
        per_ue = [(frame.mean_se * frame.ues, np.nansum(frame.ue_delay_s, axis=-1)) for frame in frames]
        per_du = [[getattr(frame, name) for name in DU_SUMS] for frame in frames]
        self._per_slice[: len(SLICE_SUMS)] += np.sum(per_slice, axis=0)
        self._per_slice[len(SLICE_SUMS) :] += np.sum(per_ue, axis=0)
        self._per_du[..., 0] += np.sum(per_du, axis=0)

    def take(self) -> list[Window]:
        """The window of each DU since the last call, and begin a new one."""
        per_slice, per_du, frames = self._per_slice, self._per_du, self._frames
        self._per_slice, self._per_du, self._frames = np.zeros_like(per_slice), np.zeros_like(per_du), 0
        return [
            Window(frames, self._frame_s, self._ttis_per_frame, self._rbs, *per_slice[:, du], *per_du[:, du])
            for du in range(self._dus)
        ]
