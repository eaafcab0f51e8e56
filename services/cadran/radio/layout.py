"""Geometry of an episode: a drop of UEs, their links, and the DU that each attaches to."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.area import on_roads
from cadran.radio.propagation.links import Links, draw_links, mean_gains
from cadran.radio.propagation.sites import Sites, sites
from cadran.radio.world import SLICES, World

__all__ = ["Drop", "Sites", "drop", "sites", "uniform_in_hexagons"]


class Drop(NamedTuple):
    """UEs of one episode, one row each; those of slice 0 first, then of 1, then of 2.

    Attributes:
        du: int64[N], the DU that the UE attached to.
        slice_: int64[N].
        place: int64[N], its place among the UEs of (DU, slice): 0, 1, ...
        id: int64[N], number of the UE within its slice.
        position_m: float64[N, 2].
        links: of the UEs to all DUs.
        gain: float64[N, C], mean received power per RB from each DU over the noise power of an RB.
        line_of_sight: uint8[N, C], 1 for a direct path.
    """

    du: NDArray[np.int64]
    slice_: NDArray[np.int64]
    place: NDArray[np.int64]
    id: NDArray[np.int64]
    position_m: NDArray[np.float64]
    links: Links
    gain: NDArray[np.float64]
    line_of_sight: NDArray[np.uint8]


def uniform_in_hexagons(
    site_position_m: NDArray[np.float64], inter_site_distance_m: float, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """``count`` points uniform in the union of the sites' hexagonal cells, float64[count, 2] in m.

    A hexagon is three rhombi that meet in its centre, and a rhombus is an affine square, so no point is
    rejected.
    """
    radius = inter_site_distance_m / sqrt(3)
    # Cells of a row-wise lattice point a corner up: their corners stand at 90, 210 and 330 degrees.
    angles = np.deg2rad([90.0, 210.0, 330.0])
    edges = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cell = rng.integers(len(site_position_m), size=count)
    rhombus = rng.integers(3, size=count)
    along = rng.random((count, 2))
    offset = along[:, :1] * edges[rhombus] + along[:, 1:] * edges[(rhombus + 1) % 3]
    points: NDArray[np.float64] = site_position_m[cell] + offset
    return points


def drop(world: World, sites: Sites, rng: np.random.Generator) -> Drop:
    """Drop all UEs, and attach each to its strongest DU that still has room in its slice."""
    at = sites.position_m[:: world.layout.sectors]
    position_m = uniform_in_hexagons(at, world.layout.inter_site_distance_m, world.ues, rng)
    if world.mobility.kind == "corridor":
        position_m = on_roads(world, sites.position_m, position_m)
    links = draw_links(world, sites, world.ues, rng)
    gain, line_of_sight = mean_gains(world, sites, position_m, links)
    slice_ = np.repeat(np.arange(SLICES), world.ues_per_slice)
    number = np.concatenate([np.arange(members) for members in world.ues_per_slice])
    du, place = _attach(gain, slice_, world.max_ues_per_slice)
    return Drop(du, slice_, place, number, position_m, links, gain, line_of_sight)


def _attach(
    gain: NDArray[np.float64], slice_: NDArray[np.int64], places: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """DU and place of each UE, int64[N] both: in order, the strongest DU with room in the UE's slice."""
    preference = np.argsort(-gain, axis=1, kind="stable").tolist()
    counts = [[0] * gain.shape[1] for _ in range(SLICES)]
    dus, taken = [], []
    for order, s in zip(preference, slice_.tolist(), strict=True):
        held = counts[s]
        du = next(c for c in order if held[c] < places)
        dus.append(du)
        taken.append(held[du])
        held[du] += 1
    return np.array(dus), np.array(taken)
