"""Where UEs may be: the area around the sites, and the roads through it."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import World

ROAD_OFFSET = 0.25
"""ASSUMED: a road passes a row of sites at a quarter of their spacing, so not below the antennas."""


class Area(NamedTuple):
    """Smallest upright rectangle around the sites' hexagonal cells; float64[2] each, in m."""

    low_m: NDArray[np.float64]
    high_m: NDArray[np.float64]


def area(world: World, site_position_m: NDArray[np.float64]) -> Area:
    """The area that no UE leaves. Hexagons stand a corner up: half as wide as the spacing to either side.

    Args:
        world: the scenario.
        site_position_m: float64[C, 2].
    """
    spacing = world.layout.inter_site_distance_m
    reach = np.array([spacing / 2, spacing / sqrt(3)])
    return Area(site_position_m.min(axis=0) - reach, site_position_m.max(axis=0) + reach)


def roads_m(world: World, site_position_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ordinates of the roads in m, float64[roads], rising.

    A road runs straight from the left to the right end of the area beside each row of sites.
    """
    ordinates = site_position_m[:, 1]
    # Sites of one row differ by rounding.
    _, first_of_row = np.unique(np.round(ordinates, 3), return_index=True)
    roads: NDArray[np.float64] = ordinates[first_of_row] + ROAD_OFFSET * world.layout.inter_site_distance_m
    return roads


def nearest_road(roads: NDArray[np.float64], position_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ordinate in m of the road nearest to each position float64[N, 2], float64[N]."""
    nearest: NDArray[np.float64] = roads[np.abs(position_m[:, 1:] - roads).argmin(axis=1)]
    return nearest


def on_roads(
    world: World, site_position_m: NDArray[np.float64], position_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Positions float64[N, 2] moved straight to the nearest road; the drop of a corridor world.

    Args:
        world: the scenario.
        site_position_m: float64[C, 2].
        position_m: float64[N, 2].
    """
    roads = roads_m(world, site_position_m)
    return np.stack([position_m[:, 0], nearest_road(roads, position_m)], axis=1)
