"""The observations of a DU: `paper` (arXiv 2511.15002, Section IV.B), `demand` and `rich`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.arithmetic import mean_where
from cadran.problem.measurements import SLICES, Float32, Frame, Measurements
from cadran.problem.spec import DemandSpec, ProblemSpec, RichSpec

GROUPS = {"demand": 8, "rich": 13, "paper": 2}
"""Numbers per slice in the state of each observation."""

_MOST_EFFICIENCY = np.float32(2.0)


def state(m: Measurements, qos: Float32, frame: Frame, spec: ProblemSpec) -> Float32:
    """The state by the observation that ``spec`` names, of quality ``qos[..., S]``; float32 ``[..., n]``."""
    if spec.observation == "demand":
        return demand_state(m, qos, frame, spec.demand)
    if spec.observation == "rich":
        return rich_state(m, qos, frame, spec.demand, spec.rich)
    return paper_state(m, qos, spec.paper_ues_scale)


def demand_state(m: Measurements, qos: Float32, frame: Frame, scales: DemandSpec) -> Float32:
    """Eight groups of one number per slice, each within about [0, 2]; float32 ``[..., 24]``.

    In order: quality of the last frame, attached UEs, RBs that the backlog needs, RBs that a frame's expected
    arrivals need, logarithm of the backlog, logarithm of the expected arrivals, mean spectral efficiency, RBs
    used. The arrivals of the frame to be decided are not known to anyone and not in it.
    """
    volumes = _logarithms([m.queued_bytes, m.arrival_ewma_bytes], scales)
    return _demand_state(m, qos, frame, scales, volumes)


def _demand_state(
    m: Measurements, qos: Float32, frame: Frame, scales: DemandSpec, volumes: Float32
) -> Float32:
    rbs = float(frame.rbs)
    needed = np.concatenate([m.backlog_rbs, m.arrival_rbs], axis=-1)
    return np.concatenate(
        [
            qos,
            _scaled(m.ues, scales.ues_scale),
            np.minimum(_scaled(needed, rbs), np.float32(scales.rbs_cap)),
            volumes,
            _scaled(m.mean_se, scales.se_scale),
            _scaled(m.rbs_used, rbs),
        ],
        axis=-1,
    )


def rich_state(m: Measurements, qos: Float32, frame: Frame, scales: DemandSpec, rich: RichSpec) -> Float32:
    """The `demand` state and five more groups of one number per slice; float32 ``[..., 39]``.

    In order: longest delay of a UE, mean delay over UEs, logarithms of the bytes that arrived and were
    delivered in the frame, spectral efficiency of what was delivered on the RBs used. Delays are 0 without
    UEs, the efficiency is 0 without RBs.
    """
    longest, mean = _delays(m.ue_delay_s, rich)
    hertz_s = np.maximum(m.rbs_used, 1) * (frame.rb_bandwidth_hz * frame.frame_s)
    efficiency = np.where(m.rbs_used > 0, 8.0 * m.delivered_bytes / hertz_s, 0.0)
    # Of all volumes at once: at a DU, with three numbers each, the calls cost more than the numbers.
    volumes = _logarithms([m.queued_bytes, m.arrival_ewma_bytes, m.arrived_bytes, m.delivered_bytes], scales)
    return np.concatenate(
        [
            _demand_state(m, qos, frame, scales, volumes[..., : 2 * SLICES]),
            longest,
            mean,
            volumes[..., 2 * SLICES :],
            np.minimum(_scaled(efficiency, scales.se_scale), _MOST_EFFICIENCY),
        ],
        axis=-1,
    )


def paper_state(m: Measurements, qos: Float32, ues_scale: float) -> Float32:
    """Section IV.B without the previous action: {Q^l, N_u^l}, scaled; float32 ``[..., 6]``."""
    return np.concatenate([qos, _scaled(m.ues, ues_scale)], axis=-1)


def _scaled(x: NDArray[Any], scale: float) -> Float32:
    return np.asarray(x * (1.0 / scale), dtype=np.float32)


def _delays(ue_delay_s: Float32, rich: RichSpec) -> tuple[Float32, Float32]:
    """Longest and mean delay ``[..., S]`` as x/(x + scale), in [0, 1)."""
    present = ~np.isnan(ue_delay_s)
    delay = np.where(present, ue_delay_s, 0.0).astype(np.float64)
    both = np.array([delay.max(axis=-1), mean_where(delay, present, empty=0.0)])
    longest, mean = (both / (both + np.asarray(rich.delay_s))).astype(np.float32)
    return longest, mean


def _logarithms(volumes_bytes: list[NDArray[Any]], scales: DemandSpec) -> Float32:
    """Of volumes ``[..., S]`` each, one after the other; float32 ``[..., n S]``."""
    ratio = np.concatenate(volumes_bytes, axis=-1, dtype=np.float64) * (1.0 / scales.bytes_unit)
    return np.asarray(np.log1p(ratio) * (1.0 / scales.log_scale), dtype=np.float32)
