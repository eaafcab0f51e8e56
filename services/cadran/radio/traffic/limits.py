"""What a DU is offered on average, and how much of it a queue holds."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.traffic.tables import (
    FULL,
    PERIODIC,
    TRACE,
    VIDEO,
    mean_bytes_per_tti,
    packet_bytes,
    source_kinds,
)
from cadran.radio.traffic.video import SIZE_CUT
from cadran.radio.world import SLICES, World

LARGEST_QUEUE_BYTES = 2**30
"""A queue entry is an int32."""
LEAST_FILES = 4
"""ASSUMED: files of FTP model 3, or the largest video frames, that a queue holds whatever the mean load is:
a file is longer than the mean load of a UE in ``buffer_s``, and would be cut at every arrival."""
FULL_BUFFER_SE = 8.0
"""bit/s/Hz that one layer of 256QAM cannot exceed."""


def expected_bytes(
    world: World, ues: NDArray[np.int32], trace: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Mean bytes that each (DU, slice) is offered per frame at load factor 1, float64[C, S].

    0 where no UE is. A full buffer is put down at ``load.mean_bps``: what it offers is what gets served.

    Args:
        world: the scenario.
        ues: int32[C, S].
        trace: int64[n], bytes per TTI, that replaces the eMBB source.
    """
    per_tti = np.where(ues > 0, mean_bytes_per_tti(world), 0.0)
    for s, kind in enumerate(source_kinds(world, trace is not None)):
        each = _bytes_per_ue_and_tti(world, s, kind, trace)
        if each is not None:
            per_tti[:, s] = ues[:, s] * each
    return np.asarray(per_tti * world.ttis_per_frame, dtype=np.float64)


def queue_limits(
    world: World, ues: NDArray[np.int32], trace: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Bytes that the queue of one UE of each (DU, slice) may hold, int64[C, S].

    ``load.buffer_s`` of the UE's mean load, but no less than a few files or video frames; with a full buffer
    what all RBs carry in a TTI at the highest spectral efficiency, so that no scheduler empties it.

    Raises:
        ValueError: a queue would exceed 1 GiB.
    """
    members = np.maximum(ues, 1)
    per_ue = expected_bytes(world, members, trace) / members
    limits = np.ceil(per_ue / world.frame_s * np.array(world.load.buffer_s))
    kinds = source_kinds(world, trace is not None)
    limits = np.maximum(limits, [_least_bytes(world, s, kinds[s]) for s in range(SLICES)])
    if limits.max() > LARGEST_QUEUE_BYTES:
        raise ValueError(
            f"load: mean load x buffer_s: a queue of {limits.max():.3g} bytes, allowed are "
            f"{LARGEST_QUEUE_BYTES}"
        )
    return np.asarray(limits, dtype=np.int64)


def _bytes_per_ue_and_tti(world: World, s: int, kind: int, trace: NDArray[np.int64] | None) -> float | None:
    """Mean bytes per UE and TTI of a source that every UE has of its own; None for those of a whole DU."""
    load, tti_s = world.load, world.tti_s
    if kind == TRACE and trace is not None:
        return float(np.mean(trace))
    if kind == VIDEO:
        return load.xr_bps * load.scale / 8 * tti_s
    if kind == PERIODIC:
        return float(packet_bytes(world)[s]) * load.scale * tti_s / load.period_s
    return None


def _least_bytes(world: World, s: int, kind: int) -> float:
    """Bytes that a queue holds whatever the mean load is."""
    load = world.load
    if kind == FULL:
        highest = max(FULL_BUFFER_SE, world.link.max_spectral_efficiency)
        return float(np.ceil(highest * world.rbs * world.rb_bandwidth_hz * world.tti_s / 8))
    if kind == VIDEO:
        return LEAST_FILES * (1 + SIZE_CUT) * load.xr_bps * load.scale / (8 * load.xr_fps)
    if load.sources[s] == "ftp3" and kind != TRACE:
        return float(LEAST_FILES * load.ftp_file_bytes)
    return 0.0
