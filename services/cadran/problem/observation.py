"""The two observations of a DU: `paper` (arXiv 2511.15002, Section IV.B) and `demand`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.measurements import Float32, Frame, Measurements
from cadran.problem.spec import DemandSpec

DEMAND_GROUPS = 8
PAPER_GROUPS = 2


def demand_state(m: Measurements, qos: Float32, frame: Frame, scales: DemandSpec) -> Float32:
    """Eight groups of one number per slice, each within about [0, 2]; float32 ``[..., 24]``.

    In order: quality of the last frame, attached UEs, RBs that the backlog needs, RBs that a frame's expected
    arrivals need, logarithm of the backlog, logarithm of the expected arrivals, mean spectral efficiency, RBs
    used. The arrivals of the frame to be decided are not known to anyone and not in it.
    """
    rbs = float(frame.rbs)
    return np.concatenate(
        [
            qos,
            _scaled(m.ues, scales.ues_scale),
            np.minimum(_scaled(m.backlog_rbs, rbs), np.float32(scales.rbs_cap)),
            np.minimum(_scaled(m.arrival_rbs, rbs), np.float32(scales.rbs_cap)),
            _logarithm(m.queued_bytes, scales),
            _logarithm(m.arrival_ewma_bytes, scales),
            _scaled(m.mean_se, scales.se_scale),
            _scaled(m.rbs_used, rbs),
        ],
        axis=-1,
    )


def paper_state(m: Measurements, qos: Float32, ues_scale: float) -> Float32:
    """Section IV.B without the previous action: {Q^l, N_u^l}, scaled; float32 ``[..., 6]``."""
    return np.concatenate([qos, _scaled(m.ues, ues_scale)], axis=-1)


def _scaled(x: NDArray[Any], scale: float) -> Float32:
    return np.asarray(x * (1.0 / scale), dtype=np.float32)


def _logarithm(volume_bytes: NDArray[Any], scales: DemandSpec) -> Float32:
    ratio = np.ascontiguousarray(volume_bytes, dtype=np.float64) * (1.0 / scales.bytes_unit)
    return np.asarray(np.log1p(ratio) * (1.0 / scales.log_scale), dtype=np.float32)
