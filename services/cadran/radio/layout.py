"""Geometry: hexagonal sites, a drop of UEs, mean link gains, attachment."""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import SLICES, World


class Drop(NamedTuple):
    """UEs of one episode, in the slots (DU, slice, place) that they attached to. Empty slots hold zeros.

    Attributes:
        ues: int32[C, S], attached UEs; the first ``ues`` places of a (DU, slice) are taken.
        ue_id: int32[C, S, U], number of the UE within its slice, -1 in empty slots.
        position_m: float32[C, S, U, 2].
        gain: float64[C, S, U, C], mean received power per RB from each DU over the noise power of an RB.
    """

    ues: NDArray[np.int32]
    ue_id: NDArray[np.int32]
    position_m: NDArray[np.float32]
    gain: NDArray[np.float64]


def sites_m(world: World) -> NDArray[np.float64]:
    """Positions of the DUs' radio units, float64[C, 2] in m, on a hexagonal lattice."""
    lattice = _ring_points(world.dus) if world.layout.kind == "rings" else _grid_points(world.dus)
    return np.array(lattice, dtype=np.float64) * world.layout.inter_site_distance_m


def _grid_points(count: int) -> list[tuple[float, float]]:
    """Rows of a near-square hexagonal grid at unit spacing: every other row is shifted by half a step."""
    columns = ceil(sqrt(count))
    rows = [divmod(index, columns) for index in range(count)]
    return [(column + 0.5 * (row % 2), row * sqrt(3) / 2) for row, column in rows]


def _ring_points(count: int) -> list[tuple[float, float]]:
    """Centre, then hexagonal rings of 6, 12, 18 … sites at unit spacing, each walked around once."""
    corners = [
        (1.0, 0.0),
        (0.5, sqrt(3) / 2),
        (-0.5, sqrt(3) / 2),
        (-1.0, 0.0),
        (-0.5, -sqrt(3) / 2),
        (0.5, -sqrt(3) / 2),
    ]
    points = [(0.0, 0.0)]
    ring = 1
    while len(points) < count:
        for side in range(6):
            (x0, y0), (x1, y1) = corners[side], corners[(side + 1) % 6]
            points += [
                (x0 * (ring - step) + x1 * step, y0 * (ring - step) + y1 * step) for step in range(ring)
            ]
        ring += 1
    return points[:count]


def uniform_in_hexagons(
    sites: NDArray[np.float64], inter_site_distance_m: float, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """``count`` points uniform in the union of the sites' hexagonal cells, float64[count, 2] in m.

    A hexagon is three rhombi that meet in its centre, and a rhombus is an affine square, so no point is
    rejected.
    """
    radius = inter_site_distance_m / sqrt(3)
    # Cells of a row-wise lattice point a corner up: their corners stand at 90, 210 and 330 degrees.
    angles = np.deg2rad([90.0, 210.0, 330.0])
    edges = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cell = rng.integers(len(sites), size=count)
    rhombus = rng.integers(3, size=count)
    along = rng.random((count, 2))
    offset = along[:, :1] * edges[rhombus] + along[:, 1:] * edges[(rhombus + 1) % 3]
    points: NDArray[np.float64] = sites[cell] + offset
    return points


def mean_gains(
    world: World, sites: NDArray[np.float64], positions: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Mean received power per RB over noise per RB, float64[N, C]: ``P G / N0`` of every UE and DU.

    ``G = 10^(-(L0 + 10 eta log10(d) + X) / 10)``, d clamped at the shortest distance, X ~ N(0, shadowing)
    per link (Eq (1) of arXiv 2511.15002 has ``d^-eta``; L0 at 1 m and X are additions).
    """
    channel = world.channel
    distance = np.sqrt(((positions[:, None, :] - sites[None, :, :]) ** 2).sum(axis=2))
    distance = np.maximum(distance, world.layout.min_distance_m)
    shadowing = channel.shadowing_db * rng.standard_normal(distance.shape)
    loss_db = channel.reference_loss_db + 10 * channel.path_loss_exponent * np.log10(distance) + shadowing
    gains: NDArray[np.float64] = world.tx_power_per_rb_w / world.noise_per_rb_w * 10 ** (-loss_db / 10)
    return gains


def drop(world: World, sites: NDArray[np.float64], rng: np.random.Generator) -> Drop:
    """Drop all UEs, and attach each to its strongest DU that still has room in its slice."""
    dus, places = world.dus, world.max_ues_per_slice
    positions = uniform_in_hexagons(sites, world.layout.inter_site_distance_m, world.ues, rng)
    gains = mean_gains(world, sites, positions, rng)
    preference = np.argsort(-gains, axis=1, kind="stable").tolist()
    counts = [[0] * SLICES for _ in range(dus)]
    slot_du, slot_slice, slot_place, ids = [], [], [], []
    ue = 0
    for s, members in enumerate(world.ues_per_slice):
        for number in range(members):
            du = next(c for c in preference[ue] if counts[c][s] < places)
            slot_du.append(du)
            slot_slice.append(s)
            slot_place.append(counts[du][s])
            ids.append(number)
            counts[du][s] += 1
            ue += 1
    ue_id = np.full((dus, SLICES, places), -1, dtype=np.int32)
    position_m = np.zeros((dus, SLICES, places, 2), dtype=np.float32)
    gain = np.zeros((dus, SLICES, places, dus), dtype=np.float64)
    slots = (np.array(slot_du), np.array(slot_slice), np.array(slot_place))
    ue_id[slots] = ids
    position_m[slots] = positions
    gain[slots] = gains
    return Drop(np.array(counts, dtype=np.int32), ue_id, position_m, gain)
