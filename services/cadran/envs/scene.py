"""What a picture of a network shows, taken out of the radio's state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.envs.batched import BatchedEnv
from cadran.problem import SLICES

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Scene(NamedTuple):
    """One network after a frame: C DUs, N attached UEs, G units of allocation.

    Attributes:
        title: When this is.
        site_m: Where each DU's radio unit stands, ``[C, 2]``.
        azimuth_rad: Where each DU's sector points, from east, ``[C]``.
        sectors: DUs per site: 1 or 3.
        cell_radius_m: From a site to a corner of its hexagonal cell.
        ue_m: Positions of UEs, ``[N, 2]``.
        ue_du: Who serves it, ``[N]``.
        ue_slice: ``[N]``.
        ue_rbs: RBs that the UE was served on in the last TTI, ``[N]``.
        copy_m: From the radio unit that serves the UE to the copy of it that does, where the layout wraps
            around; 0 for the unit itself, ``[N, 2]``.
        unit_rbs: RBs of each unit, ``[G]``.
        slice_of_unit: Slice that holds the unit in the last TTI, -1 if none does, ``[C, G]``.
    """

    title: str
    site_m: Float64
    azimuth_rad: Float64
    sectors: int
    cell_radius_m: float
    ue_m: Float64
    ue_du: Int64
    ue_slice: Int64
    ue_rbs: Int64
    copy_m: Float64
    unit_rbs: Int64
    slice_of_unit: NDArray[np.int8]


def scene_of(batch: BatchedEnv, env: int = 0) -> Scene:
    """The present scene of one environment of a batch."""
    world, sites = batch.world, batch.radio.sites
    core, ues = batch.radio_state.core, batch.radio_state.ues
    du, slice_, place = np.nonzero(ues.id[env] >= 0)
    position_m = ues.position_m[env, du, slice_, place].astype(np.float64)
    unit_rbs = np.asarray(world.unit_rbs, dtype=np.int64)
    rbs_of_place = _rbs_of_places(core.ue_of_unit[env], unit_rbs, SLICES * world.max_ues_per_slice)
    frame = int(core.frame[env])
    return Scene(
        title=f"episode {int(core.episode[env])}, frame {frame}, {frame * world.frame_s:.3f} s",
        site_m=np.asarray(sites.position_m, dtype=np.float64),
        azimuth_rad=np.asarray(sites.azimuth_rad, dtype=np.float64),
        sectors=world.layout.sectors,
        cell_radius_m=world.layout.inter_site_distance_m / np.sqrt(3),
        ue_m=position_m,
        ue_du=du,
        ue_slice=slice_,
        ue_rbs=rbs_of_place[du, slice_ * world.max_ues_per_slice + place],
        copy_m=_nearest_copy(sites.position_m[du], sites.copies_m, position_m),
        unit_rbs=unit_rbs,
        slice_of_unit=core.slice_of_unit[env].copy(),
    )


def _rbs_of_places(ue_of_unit: NDArray[np.int16], unit_rbs: Int64, places: int) -> Int64:
    """RBs of every place ``[C, places]``, where ``ue_of_unit[C, G]`` names places, or -1."""
    rows = [
        np.bincount(held + 1, weights=unit_rbs, minlength=places + 1)[1:]
        for held in ue_of_unit.astype(np.int64)
    ]
    return np.stack(rows).astype(np.int64)


def _nearest_copy(site_m: Float64, copies_m: Float64, ue_m: Float64) -> Float64:
    """Of the displacements ``copies_m[W, 2]``, those that bring each UE's site ``[N, 2]`` nearest to it."""
    to_copy = site_m[:, np.newaxis] + copies_m - ue_m[:, np.newaxis]
    return np.asarray(copies_m[np.linalg.norm(to_copy, axis=-1).argmin(axis=1)], dtype=np.float64)
