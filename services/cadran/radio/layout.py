"""Geometry of an episode: a drop of UEs, their links, and the DU that each attaches to.

Where the world has profiles, UEs are drawn until each DU is the strongest of as many as its profile says;
otherwise each UE that is drawn attaches to the strongest DU that has room.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.area import on_roads
from cadran.radio.propagation.links import Links, draw_links, mean_gains
from cadran.radio.propagation.sites import Sites, sites
from cadran.radio.world import SLICES, World

__all__ = ["Drop", "Sites", "drop", "sites", "uniform_in_hexagons"]


_MOST_ROUNDS = 200
"""Draws after which a DU that is the strongest hardly anywhere is given up."""
_LARGEST_ROUND = 4096
"""UEs of one draw, so that their links fit into a cache."""


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
    """Drop all UEs, and attach each to its strongest DU that still has room in its slice.

    Raises:
        ValueError: the places where a DU is the strongest are too few for the UEs of its profile.
    """
    slice_ = np.repeat(np.arange(SLICES), world.ues_per_slice)
    number = np.concatenate([np.arange(members) for members in world.ues_per_slice])
    if world.profiles:
        ues = np.array([profile.ues for profile in world.profiles])
        du = np.concatenate([np.repeat(np.arange(world.dus), members) for members in ues.T])
        place = np.concatenate([np.arange(members) for members in ues.T.flat])
        standing = _standing_at(world, sites, du, rng)
    else:
        standing = _stand(world, sites, world.ues, rng)
        du, place = _attach(standing.gain, slice_, world.max_ues_per_slice)
    return Drop(du, slice_, place, number, *standing)


class _Standing(NamedTuple):
    """Where UEs stand and what that gives them; see ``Drop``."""

    position_m: NDArray[np.float64]
    links: Links
    gain: NDArray[np.float64]
    line_of_sight: NDArray[np.uint8]


def _stand(world: World, sites: Sites, count: int, rng: np.random.Generator) -> _Standing:
    """``count`` UEs anywhere in the layout."""
    at = sites.position_m[:: world.layout.sectors]
    position_m = uniform_in_hexagons(at, world.layout.inter_site_distance_m, count, rng)
    if world.mobility.kind == "corridor":
        position_m = on_roads(world, sites.position_m, position_m)
    links = draw_links(world, sites, count, rng)
    return _Standing(position_m, links, *mean_gains(world, sites, position_m, links))


def _standing_at(world: World, sites: Sites, du: NDArray[np.int64], rng: np.random.Generator) -> _Standing:
    """One UE for each entry of ``du`` int64[N], which is its strongest DU.

    By rejection, so that the UEs of a DU are distributed as those of any drop whose strongest DU it is.
    """
    missing = np.bincount(du, minlength=world.dus)
    kept: list[_Standing] = []
    for _ in range(_MOST_ROUNDS):
        count = min(2 * int(missing.max()) * world.dus, _LARGEST_ROUND)
        drawn = _stand(world, sites, count, rng)
        strongest = drawn.gain.argmax(axis=1)
        wanted = _number_among_equals(strongest, world.dus) < missing[strongest]
        kept.append(_rows(drawn, wanted))
        missing -= np.bincount(strongest[wanted], minlength=world.dus)
        if not missing.any():
            return _in_order(kept, du)
    c = int(missing.argmax())
    raise ValueError(
        f"profiles.{c}.ues: {missing[c]} UEs found no place where DU {c} is the strongest; allowed are "
        "fewer, or a layout with more room for it"
    )


def _number_among_equals(values: NDArray[np.int64], kinds: int) -> NDArray[np.int64]:
    """How many entries before each one have its value, int64[N]."""
    counts = (values[:, None] == np.arange(kinds)).cumsum(axis=0)
    earlier: NDArray[np.int64] = np.take_along_axis(counts, values[:, None], axis=1)[:, 0] - 1
    return earlier


def _rows(standing: _Standing, which: NDArray[np.bool_] | NDArray[np.int64]) -> _Standing:
    """Some of the UEs."""
    position_m, links, gain, line_of_sight = standing
    links = Links(*(part[which] for part in links))
    return _Standing(position_m[which], links, gain[which], line_of_sight[which])


def _in_order(kept: list[_Standing], du: NDArray[np.int64]) -> _Standing:
    """The UEs of all draws so that the strongest DU of the n-th is ``du[n]``."""
    together = _Standing(
        np.concatenate([part.position_m for part in kept]),
        Links(*(np.concatenate(column) for column in zip(*(part.links for part in kept), strict=True))),
        np.concatenate([part.gain for part in kept]),
        np.concatenate([part.line_of_sight for part in kept]),
    )
    row = np.empty(len(du), dtype=np.int64)
    row[np.argsort(du, kind="stable")] = np.argsort(together.gain.argmax(axis=1), kind="stable")
    return _rows(together, row)


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
