"""Where sites stand, where UEs are dropped, and to whom they attach."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio.layout import Drop, drop, sites, uniform_in_hexagons
from cadran.radio.propagation.links import Links
from cadran.radio.world import World

from .worlds import small_world


def members(dropped: Drop, dus: int) -> NDArray[np.int64]:
    counts = np.zeros((dus, 3), dtype=np.int64)
    np.add.at(counts, (dropped.du, dropped.slice_), 1)
    return counts


@pytest.mark.parametrize(("kind", "dus"), [("grid", 6), ("grid", 9), ("rings", 7), ("rings", 19)])
def test_sites_stand_on_a_hexagonal_lattice(kind: str, dus: int) -> None:
    at = sites(World.model_validate({"dus": dus, "ues": dus, "layout": {"kind": kind}})).position_m
    distance = np.linalg.norm(at[:, None] - at[None], axis=2) + 1e9 * np.eye(dus)
    np.testing.assert_allclose(distance.min(axis=1), 500.0)
    squared = (distance[distance < 1e8] / 500) ** 2
    np.testing.assert_allclose(squared, np.rint(squared), atol=1e-9)
    if kind == "rings":
        assert np.isclose(np.linalg.norm(at - at[0], axis=1), 500.0).sum() == 6


def test_three_sectors_share_a_site_and_point_apart() -> None:
    found = sites(World.model_validate({"dus": 7, "layout": {"sectors": 3}}))
    assert found.site.tolist() == [0, 0, 0, 1, 1, 1, 2]
    np.testing.assert_allclose(np.rad2deg(found.azimuth_rad), [30, 150, 270, 30, 150, 270, 30])
    assert (found.position_m[found.site == 1] == found.position_m[3]).all()
    assert found.copies_m.tolist() == [[0, 0]]


@pytest.mark.parametrize(("dus", "sectors"), [(1, 1), (7, 1), (19, 1), (3, 3), (57, 3), (37, 1)])
def test_copies_of_complete_rings_tile_the_plane(dus: int, sectors: int) -> None:
    layout = {"kind": "rings", "sectors": sectors, "wrap_around": True}
    found = sites(World.model_validate({"dus": dus, "ues": dus, "layout": layout}))
    at = found.position_m[::sectors]
    everywhere = (at[None] + found.copies_m[:, None]).reshape(-1, 2)
    distance = np.linalg.norm(at[:, None] - everywhere[None], axis=2)
    # With the copies every site has its six neighbours, and no two stand in one place.
    assert (np.isclose(distance, 500.0).sum(axis=1) == 6).all()
    assert (distance < 1.0).sum() == len(at)


@pytest.mark.parametrize(
    ("dus", "layout"), [(6, {"kind": "rings"}), (7, {"kind": "grid"}), (20, {"kind": "rings", "sectors": 3})]
)
def test_wrapping_an_incomplete_layout_is_refused(dus: int, layout: dict[str, object]) -> None:
    world = World.model_validate({"dus": dus, "layout": layout | {"wrap_around": True}})
    with pytest.raises(ValueError, match="wrap_around: allowed with"):
        sites(world)


def test_ues_are_uniform_in_their_sites_hexagons() -> None:
    at = sites(World()).position_m
    points = uniform_in_hexagons(at, 500.0, 60_000, np.random.default_rng(1))
    distance = np.linalg.norm(points[:, None] - at[None], axis=2)
    nearest, cell = distance.min(axis=1), distance.argmin(axis=1)
    radius = 500 / 3**0.5
    assert nearest.max() <= radius
    np.testing.assert_allclose(np.bincount(cell) / len(points), 1 / 6, atol=0.01)
    area = 1.5 * 3**0.5 * radius**2
    for inner in (60.0, 150.0, 250.0):  # discs inside the hexagon
        assert (nearest < inner).mean() == pytest.approx(np.pi * inner**2 / area, abs=0.01)


def test_ues_attach_to_the_strongest_du_that_has_room() -> None:
    world = small_world(ues=45)
    full = drop(world, sites(world), np.random.default_rng(3))
    assert (members(full, 3) == 5).all()
    roomy = World()
    dropped = drop(roomy, sites(roomy), np.random.default_rng(3))
    counts = members(dropped, 6)
    assert counts.sum(axis=0).tolist() == [67, 67, 66]
    own = dropped.gain[np.arange(200), dropped.du]
    room = counts[:, dropped.slice_].T < 24
    assert (own[:, None] >= np.where(room, dropped.gain, 0)).all()


def test_places_and_ids_count_up() -> None:
    dropped = drop(World(), sites(World()), np.random.default_rng(4))
    for s, ues in enumerate(World().ues_per_slice):
        assert dropped.id[dropped.slice_ == s].tolist() == list(range(ues))
        for c in range(6):
            taken = dropped.place[(dropped.slice_ == s) & (dropped.du == c)]
            assert taken.tolist() == list(range(len(taken)))


def test_same_generator_same_drop() -> None:
    world = World.model_validate({"preset": "3gpp"})
    first, second, other = (drop(world, sites(world), np.random.default_rng(seed)) for seed in (5, 5, 6))
    for name in Drop._fields:
        if name != "links":
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for name in Links._fields:
        np.testing.assert_array_equal(getattr(first.links, name), getattr(second.links, name))
    assert (first.gain != other.gain).all()


def test_a_corridors_ues_stand_on_its_roads() -> None:
    world = World.model_validate({"mobility": {"kind": "corridor"}})
    dropped = drop(world, sites(world), np.random.default_rng(7))
    assert len(np.unique(np.round(dropped.position_m[:, 1], 6))) == 2
