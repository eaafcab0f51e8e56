"""How UEs move: nowhere, between waypoints, along roads, or straight on with turns.

A motion changes (waypoint reached, pause over, turn due) at the update in which it falls due: a UE that
reaches its target stays there for the rest of that update (at most ``update_frames`` frames), and a turn is
made at the update's end. In all other updates a UE covers exactly its speed times the update's length.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.area import area, nearest_road, roads_m
from cadran.radio.layout import uniform_in_hexagons
from cadran.radio.propagation.sites import Sites
from cadran.radio.world import World

TURNS_RAD = np.pi * np.array([-1 / 3, -1 / 6, -1 / 12, 0.0, 1 / 12, 1 / 6, 1 / 3])
"""Directions that a UE may take from its own, the seven of Table 1 of arXiv 2511.15002."""
_FIXED_POINT = 1 << 16
"""Rows of the fading map are counted in steps of 2^-16."""


class Motion(NamedTuple):
    """How each UE moves on.

    Attributes:
        velocity_mps: float32[N, 2]; 0 while it rests.
        target_m: float32[N, 2], waypoint or end of the road that it moves to; not used in other motions.
        timer_s: float32[N], until its rest ends (random_waypoint) or its next turn (directions).
    """

    velocity_mps: NDArray[np.float32]
    target_m: NDArray[np.float32]
    timer_s: NDArray[np.float32]


def start_motion(
    world: World, sites: Sites, position_m: NDArray[np.floating], rng: np.random.Generator
) -> Motion:
    """The motion of UEs that start at ``position_m``, [N, 2].

    Speeds are uniform between ``speed_min_mps`` and ``speed_max_mps``. In a corridor a UE moves to either end
    of the nearest road, in a straight line: along the road if it stands on it (``area.on_roads``).
    """
    kind, count = world.mobility.kind, len(position_m)
    start = np.asarray(position_m, dtype=np.float64)
    target, velocity, timer = start, np.zeros((count, 2)), np.zeros(count)
    if kind == "random_waypoint":
        target = _waypoints(world, sites, count, rng)
        velocity = _towards(start, target, _speeds(world, count, rng))
    elif kind == "corridor":
        target = _road_ends(world, sites, start, rng.integers(2, size=count))
        velocity = _towards(start, target, _speeds(world, count, rng))
    elif kind == "directions":
        heading = rng.uniform(0, 2 * np.pi, count)
        velocity = _speeds(world, count, rng)[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        timer = rng.exponential(world.mobility.turn_every_s, count)
    return _motion(velocity, target, timer)


def advance(
    world: World,
    sites: Sites,
    position_m: NDArray[np.float32],
    motion: Motion,
    elapsed_s: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], Motion, NDArray[np.float64]]:
    """Move UEs on by ``elapsed_s``.

    Returns:
        Positions float32[N, 2], the motion from here on, and metres covered, float64[N].
    """
    kind = world.mobility.kind
    if kind == "static":
        return position_m, motion, np.zeros(len(position_m))
    if kind == "directions":
        return _advance_straight(world, sites, position_m, motion, elapsed_s, rng)
    position = position_m.astype(np.float64)
    velocity = motion.velocity_mps.astype(np.float64)
    target = motion.target_m.astype(np.float64)
    speed = _length(velocity)
    way = target - position
    left = _length(way)
    step = speed * elapsed_s
    arrived = (left <= step) & (speed > 0)
    share = np.where(arrived, 1.0, step / np.maximum(left, 1e-9))
    moved = position + way * share[:, None]
    covered = np.where(arrived, left, step)
    if kind == "random_waypoint":
        onward = _next_waypoint(world, sites, moved, arrived, motion, elapsed_s, rng)
    else:
        onward = _turn_round(world, sites, moved, arrived, motion)
    return moved.astype(np.float32), onward, covered


def row_steps(
    world: World, rows_per_m: float, velocity_mps: NDArray[np.floating], du: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Rows of the fading map that UEs move on per TTI, times 2^16: int64[N] of velocities [N, 2].

    Fading moves at the UE's speed but at least at ``channel.doppler_speed_mps``, or at what the profile of
    its DU, ``du`` int[N], has in its place: what surrounds a UE at rest moves too (TR 38.901 Table 7.2-1 lets
    all UEs move at 3 km/h).
    """
    least = np.array(world.doppler_speeds_mps)[du]
    speed = np.maximum(_length(velocity_mps.astype(np.float64)), least)
    steps: NDArray[np.int64] = np.rint(speed * world.tti_s * rows_per_m * _FIXED_POINT).astype(np.int64)
    return steps


def _advance_straight(
    world: World,
    sites: Sites,
    position_m: NDArray[np.float32],
    motion: Motion,
    elapsed_s: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], Motion, NDArray[np.float64]]:
    velocity = motion.velocity_mps.astype(np.float64)
    covered = _length(velocity) * elapsed_s
    bounds = area(world, sites.position_m)
    size = bounds.high_m - bounds.low_m
    # Reflections unfold into a straight way over mirrored copies of the area.
    mirrored, inside = np.divmod(position_m + velocity * elapsed_s - bounds.low_m, size)
    odd = mirrored % 2 == 1
    moved = bounds.low_m + np.where(odd, size - inside, inside)
    velocity = np.where(odd, -velocity, velocity)
    timer = motion.timer_s - elapsed_s
    due = np.flatnonzero(timer <= 0)
    velocity[due] = _rotated(velocity[due], TURNS_RAD[rng.integers(len(TURNS_RAD), size=len(due))])
    timer[due] = rng.exponential(world.mobility.turn_every_s, len(due))
    return moved.astype(np.float32), _motion(velocity, motion.target_m, timer), covered


def _next_waypoint(
    world: World,
    sites: Sites,
    position: NDArray[np.float64],
    arrived: NDArray[np.bool_],
    motion: Motion,
    elapsed_s: float,
    rng: np.random.Generator,
) -> Motion:
    """Rest where a waypoint is reached; where the rest is over, set out for the next at another speed."""
    resting = (motion.velocity_mps == 0).all(axis=1)
    timer = np.where(resting, motion.timer_s - elapsed_s, world.mobility.pause_s)
    rests = resting | arrived
    leave = np.flatnonzero(rests & (timer <= 0))
    velocity = np.where(rests[:, None], 0.0, motion.velocity_mps)
    target = motion.target_m.astype(np.float64)
    target[leave] = _waypoints(world, sites, len(leave), rng)
    velocity[leave] = _towards(position[leave], target[leave], _speeds(world, len(leave), rng))
    return _motion(velocity, target, np.where(rests, np.maximum(timer, 0), 0))


def _turn_round(
    world: World,
    sites: Sites,
    position: NDArray[np.float64],
    arrived: NDArray[np.bool_],
    motion: Motion,
) -> Motion:
    """Where an end of the road is reached, go back to the other end."""
    ends = np.flatnonzero(arrived)
    velocity = motion.velocity_mps.astype(np.float64)
    target = motion.target_m.astype(np.float64)
    middle = sites.position_m[:, 0].min() / 2 + sites.position_m[:, 0].max() / 2
    other = (position[ends, 0] < middle).astype(np.int64)
    target[ends] = _road_ends(world, sites, position[ends], other)
    velocity[ends] = _towards(position[ends], target[ends], _length(velocity[ends]))
    return _motion(velocity, target, motion.timer_s)


def _waypoints(world: World, sites: Sites, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return uniform_in_hexagons(sites.position_m, world.layout.inter_site_distance_m, count, rng)


def _road_ends(
    world: World, sites: Sites, position: NDArray[np.float64], right: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The left (0) or right (1) end of the road nearest to each position, float64[N, 2]."""
    bounds = area(world, sites.position_m)
    road = nearest_road(roads_m(world, sites.position_m), position)
    return np.stack([np.where(right == 1, bounds.high_m[0], bounds.low_m[0]), road], axis=1)


def _speeds(world: World, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(world.mobility.speed_min_mps, world.mobility.speed_max_mps, count)


def _towards(
    position: NDArray[np.float64], target: NDArray[np.float64], speed: NDArray[np.float64]
) -> NDArray[np.float64]:
    way = target - position
    velocity: NDArray[np.float64] = way * (speed / np.maximum(_length(way), 1e-9))[:, None]
    return velocity


def _rotated(velocity: NDArray[np.float64], angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    x, y = velocity[:, 0], velocity[:, 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)


def _length(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length: NDArray[np.float64] = np.hypot(vector[..., 0], vector[..., 1])
    return length


def _motion(
    velocity: NDArray[np.floating], target: NDArray[np.floating], timer: NDArray[np.floating]
) -> Motion:
    return Motion(velocity.astype(np.float32), target.astype(np.float32), timer.astype(np.float32))
