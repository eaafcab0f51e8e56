"""Motion: UEs stay in the area and cover their speed times the time; each model turns as it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.area import area, on_roads
from cadran.radio.layout import sites, uniform_in_hexagons
from cadran.radio.mobility.motion import TURNS_RAD, Motion, advance, row_steps, start_motion
from cadran.radio.propagation.sites import Sites
from cadran.radio.world import World

KINDS = ("static", "random_waypoint", "corridor", "directions")


def world_of(kind: str, **mobility: object) -> World:
    return World.model_validate({"dus": 6, "mobility": {"kind": kind, **mobility}})


def start(
    world: World, count: int = 200, seed: int = 1
) -> tuple[Sites, np.ndarray, Motion, np.random.Generator]:
    rng, where = np.random.default_rng(seed), sites(world)
    position = uniform_in_hexagons(where.position_m, 500.0, count, rng)
    if world.mobility.kind == "corridor":
        position = on_roads(world, where.position_m, position)
    return where, position.astype(np.float32), start_motion(world, where, position, rng), rng


def speeds(motion: Motion) -> np.ndarray:
    return np.hypot(*motion.velocity_mps.astype(np.float64).T)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 1000),
    speed=st.sampled_from([0.1, 1.0, 20.0, 200.0]),
    elapsed_s=st.sampled_from([0.01, 0.04, 1.0, 30.0]),
)
def test_ues_stay_in_the_area_and_never_outrun_their_speed(kind, seed, speed, elapsed_s):
    world = world_of(kind, speed_min_mps=speed, speed_max_mps=speed)
    where, position, motion, rng = start(world, count=20, seed=seed)
    bounds = area(world, where.position_m)
    for _ in range(30):
        before = position
        position, motion, covered = advance(world, where, position, motion, elapsed_s, rng)
        moved = np.hypot(*(position.astype(np.float64) - before).T)
        assert (moved <= covered + 1e-2).all()
        assert (covered <= speed * elapsed_s * (1 + 1e-5)).all()
        assert (position > bounds.low_m - 1e-2).all()
        assert (position < bounds.high_m + 1e-2).all()
        assert position.dtype == motion.velocity_mps.dtype == np.float32


@pytest.mark.parametrize("kind", KINDS[1:])
def test_ues_cover_their_speed_times_the_time(kind):
    world = world_of(kind, speed_min_mps=10.0, speed_max_mps=20.0)
    where, position, motion, rng = start(world)
    before, speed = position.astype(np.float64), speeds(motion)
    assert ((speed >= 10 - 1e-5) & (speed <= 20 + 1e-5)).all()
    assert np.ptp(speed) > 8
    position, motion, covered = advance(world, where, position, motion, 0.04, rng)
    on_the_way = covered > 0.999 * speed * 0.04
    assert on_the_way.mean() > 0.95
    moved = np.hypot(*(position - before).T)
    assert moved[on_the_way] == pytest.approx((speed * 0.04)[on_the_way], abs=1e-3)


def test_static_ues_stay():
    world = world_of("static")
    where, position, motion, rng = start(world)
    after, same, covered = advance(world, where, position, motion, 10.0, rng)
    assert (after == position).all()
    assert not covered.any()
    assert not same.velocity_mps.any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_motion(kind):
    ends = []
    for _ in range(2):
        where, position, motion, rng = start(world_of(kind))
        for _ in range(20):
            position, motion, _ = advance(world_of(kind), where, position, motion, 5.0, rng)
        ends.append(position.tobytes() + b"".join(array.tobytes() for array in motion))
    assert ends[0] == ends[1]


def test_directions_turn_by_one_of_seven_angles_at_the_mean_rate():
    world = world_of("directions", speed_min_mps=1e-3, speed_max_mps=1e-3, turn_every_s=5.0)
    where, position, motion, rng = start(world, count=1000)
    turns = []
    for _ in range(100):
        before = np.arctan2(*motion.velocity_mps.T[::-1])
        position, motion, _ = advance(world, where, position, motion, 0.1, rng)
        turns.append(np.arctan2(*motion.velocity_mps.T[::-1]) - before)
    turn = (np.concatenate(turns) + np.pi) % (2 * np.pi) - np.pi
    nearest = np.abs(turn[:, None] - TURNS_RAD).argmin(axis=1)
    assert turn == pytest.approx(TURNS_RAD[nearest], abs=1e-5)
    # 2,000 turns fall due; the seventh, straight on, does not show. 0.03 is more than 3 sigma.
    shares = np.bincount(nearest, minlength=7)[[0, 1, 2, 4, 5, 6]] / (1000 * 100 * 0.1 / 5.0)
    assert shares == pytest.approx(np.full(6, 1 / 7), abs=0.03)


def test_directions_are_reflected_at_the_edges_as_light_is():
    world = world_of("directions", turn_every_s=1e6)
    where, _, _, rng = start(world)
    bounds = area(world, where.position_m)
    position = np.array([bounds.high_m - (10.0, 30.0)], dtype=np.float32)
    motion = Motion(np.array([[40.0, 10.0]], np.float32), position, np.array([1e6], np.float32))
    position, motion, covered = advance(world, where, position, motion, 1.0, rng)
    assert position[0] == pytest.approx(bounds.high_m - (30.0, 20.0), abs=1e-2)
    assert motion.velocity_mps[0].tolist() == [-40.0, 10.0]
    assert covered[0] == pytest.approx(np.hypot(40, 10))


def test_a_waypoint_is_rested_at_and_then_left_for_another():
    world = world_of("random_waypoint", pause_s=1.0, speed_min_mps=15.0, speed_max_mps=20.0)
    where, position, motion, rng = start(world, count=1)
    first = motion.target_m.copy()
    while not (position == first).all():
        position, motion, _ = advance(world, where, position, motion, 0.25, rng)
    rests = 0
    while not motion.velocity_mps.any():
        position, motion, covered = advance(world, where, position, motion, 0.25, rng)
        assert covered[0] == 0
        assert (position == first).all()
        rests += 1
    assert rests == 4
    assert (motion.target_m != first).all()
    way = motion.target_m - position
    speed = speeds(motion)[0]
    assert 15.0 <= speed <= 20.0
    assert motion.velocity_mps[0] / speed == pytest.approx(way[0] / np.hypot(*way[0]), abs=1e-4)


def test_waypoints_are_uniform_over_the_cells():
    world = world_of("random_waypoint", speed_min_mps=200.0, speed_max_mps=200.0)
    where, _, motion, _ = start(world, count=4000)
    nearest = np.hypot(*np.moveaxis(motion.target_m[:, None] - where.position_m, -1, 0)).argmin(axis=1)
    assert np.bincount(nearest, minlength=6) / 4000 == pytest.approx(np.full(6, 1 / 6), abs=0.03)


def test_a_corridor_is_driven_to_its_end_and_back():
    world = world_of("corridor", speed_min_mps=20.0, speed_max_mps=20.0)
    where, position, motion, rng = start(world, count=50)
    bounds, road = area(world, where.position_m), position[:, 1].copy()
    rightwards, ends = motion.velocity_mps[:, 0] > 0, np.zeros(50, dtype=int)
    assert 0 < rightwards.mean() < 1
    for _ in range(400):
        position, motion, _ = advance(world, where, position, motion, 1.0, rng)
        turned = (motion.velocity_mps[:, 0] > 0) != rightwards
        edge = np.where(rightwards, bounds.high_m[0], bounds.low_m[0])
        assert position[turned, 0] == pytest.approx(edge[turned])
        rightwards ^= turned
        ends += turned
        assert position[:, 1] == pytest.approx(road, abs=1e-3)
        assert speeds(motion) == pytest.approx(np.full(50, 20.0), rel=1e-4)
    width = bounds.high_m[0] - bounds.low_m[0]
    assert ends == pytest.approx(np.full(50, 400 * 20.0 / width), abs=1.01)


def test_fading_moves_at_the_ues_speed_but_never_slower_than_its_surroundings():
    world = world_of("random_waypoint")
    steps = row_steps(world, 700.0, np.array([[3.0, 4.0], [0.0, 0.0], [0.1, 0.0]]), np.zeros(3, dtype=int))
    per_mps = world.tti_s * 700.0 * 65536
    slowest = round(world.channel.doppler_speed_mps * per_mps)
    assert steps.tolist() == [round(5.0 * per_mps), slowest, slowest]
