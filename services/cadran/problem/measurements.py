"""What a DU measures in one frame, and the facts of the RAN that observing and rewarding need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

EMBB, MMTC, URLLC = 0, 1, 2
SLICES = 3
"""Slice order everywhere: eMBB (SST 1), mMTC (SST 3), URLLC (SST 2)."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """The RAN facts a decision problem depends on; they never change during a run.

    Attributes:
        rbs: Resource blocks of one DU, K.
        slices: Number of slices, S.
        ues_per_slice: Places for UEs per DU and slice, U.
        frame_s: Seconds per decision.
        rb_bandwidth_hz: Hertz per resource block.
        total_ues: UEs of the whole network.
        dus: Number of DUs.
    """

    rbs: int
    slices: int
    ues_per_slice: int
    frame_s: float
    rb_bandwidth_hz: float
    total_ues: int
    dus: int

    def __post_init__(self) -> None:
        if self.slices != SLICES:
            raise ValueError(f"slices: {self.slices} is not supported, the problem is defined for {SLICES}")
        if self.rbs < 1 or self.ues_per_slice < 1:
            raise ValueError(
                f"rbs and ues_per_slice must be at least 1, not {self.rbs}, {self.ues_per_slice}"
            )


@dataclass(frozen=True)
class Measurements:
    """One frame of one DU, or of any leading batch shape ``...``.

    Attributes:
        ues: Attached UEs, int ``[..., S]``.
        arrived_bytes: Bytes that arrived in the frame, int ``[..., S]``.
        delivered_bytes: Bytes delivered over the air, int ``[..., S]``.
        dropped_bytes: Bytes dropped at a full queue, int ``[..., S]``.
        queued_bytes: Bytes waiting at the frame's end, int ``[..., S]``.
        rbs_quota: Most RBs that the slice could have had, int ``[..., S]``.
        rbs_used: RBs really transmitted on, int ``[..., S]``.
        backlog_rbs: RBs that would drain the queues, float ``[..., S]``.
        arrival_rbs: RBs a frame that the expected arrivals need, float ``[..., S]``.
        arrival_ewma_bytes: Moving average of bytes that arrive per frame, float ``[..., S]``.
        mean_se: Mean spectral efficiency of the slice's UEs in bit/s/Hz, float ``[..., S]``.
        ue_rate_bps: Achievable rate of each UE in bit/s, float ``[..., S, U]``; NaN where no UE is.
        ue_delay_s: Age of the oldest byte (eMBB, mMTC) or packet latency (URLLC) in seconds, float
            ``[..., S, U]``; NaN where no UE is.
    """

    ues: NDArray[np.integer[Any]]
    arrived_bytes: NDArray[np.integer[Any]]
    delivered_bytes: NDArray[np.integer[Any]]
    dropped_bytes: NDArray[np.integer[Any]]
    queued_bytes: NDArray[np.integer[Any]]
    rbs_quota: NDArray[np.integer[Any]]
    rbs_used: NDArray[np.integer[Any]]
    backlog_rbs: Float32
    arrival_rbs: Float32
    arrival_ewma_bytes: Float32
    mean_se: Float32
    ue_rate_bps: Float32
    ue_delay_s: Float32

    @staticmethod
    def stack(parts: Sequence[Measurements]) -> Measurements:
        """Join measurements of one shape along a new first axis."""
        names = [field.name for field in fields(Measurements)]
        return Measurements(**{name: np.stack([getattr(part, name) for part in parts]) for name in names})

    def select(self, index: Any) -> Measurements:
        """Take a part of the batch; ``index`` addresses the leading axes."""
        return Measurements(**{field.name: getattr(self, field.name)[index] for field in fields(self)})
