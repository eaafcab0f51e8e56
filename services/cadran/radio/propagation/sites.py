"""Sites on a hexagonal lattice, their sectors, and copies of them that hide the layout's edge."""

from math import ceil, cos, pi, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.propagation.antennas import SECTOR_AZIMUTHS_RAD
from cadran.radio.world import World

_CORNERS = [(cos(k * pi / 3), sin(k * pi / 3)) for k in range(6)]
"""The six neighbours of a lattice point at unit spacing."""


class Sites(NamedTuple):
    """Where the DUs' radio units stand. The sectors of a site follow each other.

    Attributes:
        position_m: float64[C, 2].
        azimuth_rad: float64[C], boresight, anticlockwise from the first axis; 0 for an antenna without one.
        site: int64[C], number of the site.
        copies_m: float64[W, 2], where copies of the whole layout stand: [[0, 0]], or with it six around.
    """

    position_m: NDArray[np.float64]
    azimuth_rad: NDArray[np.float64]
    site: NDArray[np.int64]
    copies_m: NDArray[np.float64]


def sites(world: World) -> Sites:
    """The sites of ``world.layout``; the last site has fewer sectors if the DUs do not fill it.

    Raises:
        ValueError: wrap_around is asked for, but the DUs do not make up complete rings of complete sites.
    """
    layout = world.layout
    site = np.arange(world.dus) // layout.sectors
    count = int(site[-1]) + 1
    points = _ring_points(count) if layout.kind == "rings" else _grid_points(count)
    position_m = np.array(points, dtype=np.float64) * layout.inter_site_distance_m
    azimuth_rad = np.zeros(world.dus)
    if layout.sectors > 1:
        azimuth_rad = np.array(SECTOR_AZIMUTHS_RAD)[np.arange(world.dus) % layout.sectors]
    copies_m = np.zeros((1, 2))
    if layout.wrap_around:
        copies_m = np.array(_copies(world, count)) * layout.inter_site_distance_m
    return Sites(position_m[site], azimuth_rad, site, copies_m)


def _grid_points(count: int) -> list[tuple[float, float]]:
    """Rows of a near-square hexagonal grid at unit spacing: every other row is shifted by half a step."""
    columns = ceil(sqrt(count))
    rows = [divmod(index, columns) for index in range(count)]
    return [(column + 0.5 * (row % 2), row * sqrt(3) / 2) for row, column in rows]


def _ring_points(count: int) -> list[tuple[float, float]]:
    """Centre, then hexagonal rings of 6, 12, 18 … sites at unit spacing, each walked around once."""
    points = [(0.0, 0.0)]
    ring = 1
    while len(points) < count:
        for side in range(6):
            (x0, y0), (x1, y1) = _CORNERS[side], _CORNERS[(side + 1) % 6]
            points += [
                (x0 * (ring - step) + x1 * step, y0 * (ring - step) + y1 * step) for step in range(ring)
            ]
        ring += 1
    return points[:count]


def _copies(world: World, count: int) -> list[tuple[float, float]]:
    """Translations, at unit spacing, under which ``r`` complete rings tile the plane: 0 and six more.

    The shortest are ``r`` steps along one lattice axis and ``r + 1`` along the next, turned by 60 degrees.
    """
    rings = next(r for r in range(count + 1) if 3 * r * (r + 1) + 1 >= count)
    complete = 3 * rings * (rings + 1) + 1 == count and count * world.layout.sectors == world.dus
    if world.layout.kind != "rings" or not complete:
        raise ValueError(
            f"layout.wrap_around: allowed with layout.kind rings and 1, 7, 19 ... complete sites, not "
            f"{world.layout.kind} and {world.dus} DUs in sites of {world.layout.sectors}"
        )
    shifts = [(0.0, 0.0)]
    for side in range(6):
        (x0, y0), (x1, y1) = _CORNERS[side], _CORNERS[(side + 1) % 6]
        shifts.append((rings * x0 + (rings + 1) * x1, rings * y0 + (rings + 1) * y1))
    return shifts
