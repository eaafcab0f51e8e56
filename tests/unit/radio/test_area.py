"""The area that UEs stay in, and its roads."""

import numpy as np
import pytest

from cadran.radio.area import area, on_roads, roads_m
from cadran.radio.layout import sites, uniform_in_hexagons
from cadran.radio.world import World

LAYOUTS = [("grid", 1), ("grid", 6), ("rings", 7), ("rings", 19)]


@pytest.mark.parametrize(("kind", "dus"), LAYOUTS)
def test_the_area_is_the_rectangle_around_the_hexagons(kind, dus):
    world = World(dus=dus, ues=3, layout={"kind": kind})
    positions = sites(world).position_m
    points = uniform_in_hexagons(positions, 500.0, 20_000, np.random.default_rng(1))
    bounds = area(world, positions)
    assert (points >= bounds.low_m).all()
    assert (points <= bounds.high_m).all()
    # The points fill it: all four sides are come close to.
    size = bounds.high_m - bounds.low_m
    assert (points.min(axis=0) - bounds.low_m < 0.05 * size).all()
    assert (bounds.high_m - points.max(axis=0) < 0.05 * size).all()


@pytest.mark.parametrize(("kind", "dus"), LAYOUTS)
def test_one_road_runs_beside_each_row_of_sites(kind, dus):
    world = World(dus=dus, ues=3, layout={"kind": kind})
    positions = sites(world).position_m
    roads, bounds = roads_m(world, positions), area(world, positions)
    assert len(roads) == len(np.unique(np.round(positions[:, 1])))
    assert ((bounds.low_m[1] < roads) & (roads < bounds.high_m[1])).all()
    assert np.abs(roads[:, None] - positions[:, 1]).min() == pytest.approx(125.0)


def test_a_drop_on_roads_moves_ues_straight_to_the_nearest():
    world = World(dus=6)
    positions = sites(world).position_m
    before = uniform_in_hexagons(positions, 500.0, 200, np.random.default_rng(2))
    after = on_roads(world, positions, before)
    roads = roads_m(world, positions)
    assert (after[:, 0] == before[:, 0]).all()
    assert np.isin(after[:, 1], roads).all()
    nearest = np.abs(before[:, 1:] - roads).min(axis=1)
    assert np.abs(after[:, 1] - before[:, 1]) == pytest.approx(nearest)
    assert (on_roads(world, positions, after) == after).all()
