"""Mean gains of links: budget, state, shadowing, and how links change as UEs move."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio.propagation.line_of_sight import line_of_sight_probability
from cadran.radio.propagation.links import Links, draw_links, mean_gains, walk_links
from cadran.radio.propagation.path_loss import path_losses_db
from cadran.radio.propagation.sites import Sites, sites
from cadran.radio.world import World


def world_of(channel: dict[str, Any] | None = None, **changes: Any) -> World:
    return World.model_validate(changes | {"channel": channel or {}})


def plain(count: int, dus: int, sight: float = 0.0) -> Links:
    """Links without shadowing or walls; ``sight`` -9: all see each other, 9: none does."""
    zero = np.zeros((count, dus), dtype=np.float32)
    return Links(zero + np.float32(sight), zero, np.zeros(count, dtype=np.float32), zero)


def line(count: int, start_m: float = 20, end_m: float = 900) -> NDArray[np.float64]:
    return np.stack([np.linspace(start_m, end_m, count), np.zeros(count)], axis=1)


def loss_db(world: World, found: Sites, position_m: NDArray[np.float64], links: Links) -> NDArray[Any]:
    gain, _ = mean_gains(world, found, position_m, links)
    return 10 * np.log10(world.tx_power_per_rb_w / world.noise_per_rb_w / gain)


def test_the_papers_world_has_one_slope_and_its_shadowing() -> None:
    world = World()
    found, rng = sites(world), np.random.default_rng(1)
    position_m = rng.uniform(0, 1000, (5000, 2))
    links = draw_links(world, found, 5000, rng)
    gain, sees = mean_gains(world, found, position_m, links)
    distance = np.linalg.norm(position_m[:, None] - found.position_m[None], axis=2)
    mean_db = 36 + 113 - 43.3 - 35 * np.log10(np.maximum(distance, 10.0))
    ratio_db = 10 * np.log10(gain) - mean_db
    np.testing.assert_allclose(ratio_db, -6 * links.shadowing, atol=0.02)
    assert ratio_db.std() == pytest.approx(6.0, rel=0.02)
    assert not sees.any()
    assert sees.dtype == np.uint8


@pytest.mark.parametrize("model", ["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"])
def test_a_links_loss_is_that_of_its_state(model: str) -> None:
    world = world_of({"path_loss": model, "shadowing_db": None, "antenna_gain_dbi": 5}, dus=1, ues=1)
    found, position_m = sites(world), line(300)
    height_m = {"uma": 25.0, "umi": 10.0, "inf_sh": 8.0, "inf_dh": 8.0}.get(model, 1.5)
    los, nlos = path_losses_db(model, position_m[:, 0], 3.5e9, height_m, 1.5)
    clear = loss_db(world, found, position_m, plain(300, 1, sight=-9))
    blocked = loss_db(world, found, position_m, plain(300, 1, sight=9))
    seen = mean_gains(world, found, position_m, plain(300, 1, sight=-9))[1]
    sure = line_of_sight_probability(model, position_m[:, 0], height_m, 1.5) > 1e-6
    np.testing.assert_allclose((clear[:, 0] + 5)[sure], los[sure])
    np.testing.assert_allclose(blocked[position_m[:, 0] > 18, 0] + 5, nlos[position_m[:, 0] > 18])
    assert seen[sure].all()


def test_line_of_sight_is_as_frequent_as_its_probability() -> None:
    world = world_of({"path_loss": "umi"}, dus=1, ues=1)
    found, rng = sites(world), np.random.default_rng(2)
    for distance_m in (30.0, 100.0, 250.0):
        position_m = np.tile([[distance_m, 0.0]], (40_000, 1))
        _, sees = mean_gains(world, found, position_m, draw_links(world, found, 40_000, rng))
        expected = line_of_sight_probability("umi", np.array([distance_m]), 10, 1.5)[0]
        assert sees.mean() == pytest.approx(expected, abs=0.01)


def test_shadowing_has_the_deviation_of_each_state() -> None:
    world = world_of(
        {"path_loss": "uma", "shadowing_db": None}, dus=1, ues=1, layout={"indoor_fraction": 0.5}
    )
    found = sites(world)
    links = draw_links(world, found, 60_000, np.random.default_rng(3))
    position_m = np.tile([[120.0, 0.0]], (60_000, 1))
    shadowed = loss_db(world, found, position_m, links)
    bare = loss_db(world, found, position_m, links._replace(shadowing=np.zeros_like(links.shadowing)))
    _, sees = mean_gains(world, found, position_m, links)
    indoor = links.indoor_m > 0
    shadow_db = shadowed - bare
    assert shadow_db[indoor].std() == pytest.approx(7, rel=0.02)
    assert shadow_db[sees > 0].std() == pytest.approx(4, rel=0.03)
    assert shadow_db[~indoor & (sees == 0)].std() == pytest.approx(6, rel=0.02)


def test_indoors_the_basic_loss_keeps_the_outdoor_state_but_nothing_is_seen() -> None:
    world = world_of({"path_loss": "umi", "shadowing_db": None}, dus=1, ues=1)
    found, position_m = sites(world), line(50, 60, 100)
    outdoors = plain(50, 1, sight=-9)
    walls = np.full(50, 20, dtype=np.float32)
    indoors = outdoors._replace(penetration_db=walls, indoor_m=outdoors.sight * 0 + np.float32(10))
    extra = loss_db(world, found, position_m, indoors) - loss_db(world, found, position_m, outdoors)
    np.testing.assert_allclose(extra, 20 + 5.0, atol=1e-5)
    assert not mean_gains(world, found, position_m, indoors)[1].any()


def test_the_way_indoors_does_not_count_against_line_of_sight() -> None:
    world = world_of({"path_loss": "uma", "shadowing_db": 0.0}, dus=1, ues=1)
    found = sites(world)
    deep = plain(1, 1, sight=0.0)._replace(
        penetration_db=np.zeros(1, dtype=np.float32), indoor_m=np.full((1, 1), 24, dtype=np.float32)
    )
    # Phi(0) = 0.5 lies between P_LOS at 76 m and at 52 m.
    at = np.array([[76.0, 0.0]])
    los, nlos = path_losses_db("uma", at[:, 0], 3.5e9, 25, 1.5)
    assert loss_db(world, found, at, plain(1, 1))[0, 0] == pytest.approx(nlos[0])
    assert loss_db(world, found, at, deep)[0, 0] == pytest.approx(los[0] + 12)


@pytest.mark.parametrize("channel", [{"path_loss": "inf_dh"}, {"path_loss": "uma", "penetration": "none"}])
def test_factories_and_worlds_without_walls_have_nobody_indoors(channel: dict[str, Any]) -> None:
    world = world_of(channel, layout={"indoor_fraction": 1.0})
    links = draw_links(world, sites(world), 100, np.random.default_rng(4))
    assert not links.indoor_m.any()
    assert not links.penetration_db.any()


def test_share_of_ues_indoors() -> None:
    world = World.model_validate({"preset": "3gpp"})
    links = draw_links(world, sites(world), 20_000, np.random.default_rng(5))
    assert (links.indoor_m > 0).all(axis=1).mean() == pytest.approx(0.8, abs=0.01)
    np.testing.assert_array_equal((links.indoor_m > 0).all(axis=1), links.penetration_db == 20)


def test_sectors_of_a_site_share_all_but_the_antenna() -> None:
    channel = {"path_loss": "umi", "shadowing_db": None, "shadowing_site_correlation": 0.5}
    world = world_of(channel, dus=6, layout={"sectors": 3, "indoor_fraction": 0.5})
    found, rng = sites(world), np.random.default_rng(6)
    links = draw_links(world, found, 400, rng)
    position_m = rng.uniform(-200, 700, (400, 2))
    gain, sees = mean_gains(world, found, position_m, links)
    moved = walk_links(world, found, links, sees, np.full(400, 5.0), rng)
    for values in (links.sight, links.shadowing, links.indoor_m, moved.sight, moved.shadowing, gain, sees):
        np.testing.assert_array_equal(values[:, 1:3], values[:, [0, 0]])
        np.testing.assert_array_equal(values[:, 4:], values[:, [3, 3]])
    assert (moved.shadowing != links.shadowing).all()


def test_sector_antenna_points_where_the_site_says() -> None:
    world = world_of(
        {"antenna": "sector", "antenna_gain_dbi": 8, "bs_height_m": 1.5, "path_loss": "umi"},
        dus=3,
        ues=3,
        layout={"sectors": 3},
    )
    found = sites(world)
    angle = np.deg2rad([30.0, 90.0, 150.0, 270.0, 62.5])
    position_m = 100 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    loss = loss_db(world, found, position_m, plain(5, 3, sight=9))
    nlos = path_losses_db("umi", np.array([100.0]), 3.5e9, 1.5, 1.5)[1]
    best = nlos[0] - 8
    np.testing.assert_allclose([loss[0, 0], loss[2, 1], loss[3, 2]], best, atol=1e-9)
    np.testing.assert_allclose(loss[1], best + np.array([12 * (60 / 65) ** 2] * 2 + [30]), atol=1e-9)
    assert loss[4, 0] == pytest.approx(best + 3)


def test_distance_and_coupling_loss_have_a_floor() -> None:
    channel = {"path_loss": "umi", "shadowing_db": 0.0, "antenna_gain_dbi": 10}
    clamped = world_of(channel, dus=1, ues=1, layout={"min_distance_m": 35.0})
    found, position_m = sites(clamped), line(3, 0, 35)
    loss = loss_db(clamped, found, position_m, plain(3, 1, sight=-9))
    np.testing.assert_allclose(loss[:, 0], loss[2, 0])
    coupled = world_of(channel | {"min_coupling_loss_db": 70}, dus=1, ues=1)
    loss = loss_db(coupled, found, line(100, 5, 500), plain(100, 1, sight=-9))
    assert loss.min() == pytest.approx(70)
    assert (loss > 70).any()


def test_noise_figure_lowers_the_gain() -> None:
    low, high = (world_of({"noise_figure_db": nf}) for nf in (7, 9))
    found, position_m = sites(low), line(4)
    gains = [mean_gains(world, found, position_m, plain(4, 6))[0] for world in (low, high)]
    np.testing.assert_allclose(gains[0] / gains[1], 10**0.2)


def test_wrapped_links_use_the_nearest_copy() -> None:
    world = world_of({"shadowing_db": 0.0}, dus=7, layout={"kind": "rings", "wrap_around": True})
    found, rng = sites(world), np.random.default_rng(7)
    position_m = rng.uniform(-700, 700, (500, 2))
    everywhere = found.position_m[None] + found.copies_m[:, None]
    distance = np.linalg.norm(position_m[:, None, None] - everywhere, axis=3).min(axis=1)
    expected = 43.3 + 35 * np.log10(np.maximum(distance, 10))
    np.testing.assert_allclose(loss_db(world, found, position_m, plain(500, 7)), expected)


@pytest.mark.parametrize(
    ("channel", "state", "distance_m"),
    [
        ({"path_loss": "uma"}, "nlos", 50),
        ({"path_loss": "uma"}, "los", 37),
        ({"path_loss": "uma"}, "o2i", 7),
        ({"path_loss": "umi"}, "nlos", 13),
        ({"path_loss": "inf_sl"}, "los", 10),
        ({"path_loss": "uma", "shadowing_distance_m": 20.0}, "los", 20),
        ({}, "nlos", 50),
    ],
)
def test_shadowing_decorrelates_over_the_distance_of_its_state(
    channel: dict[str, Any], state: str, distance_m: float
) -> None:
    world = world_of(channel, dus=1, ues=1)
    found, rng = sites(world), np.random.default_rng(8)
    links = draw_links(world, found, 40_000, rng)
    if state == "o2i":
        links = links._replace(indoor_m=links.indoor_m + 5)
    sees = np.full((40_000, 1), state == "los", dtype=np.uint8)
    moved = walk_links(world, found, links, sees, np.full(40_000, 10.0), rng)
    kept = (links.shadowing * moved.shadowing).mean()
    assert kept == pytest.approx(np.exp(-10 / distance_m), abs=0.02)
    assert (links.sight * moved.sight).mean() == pytest.approx(
        np.exp(-10 / (5 if channel.get("path_loss") == "inf_sl" else 50)), abs=0.02
    )
    assert moved.shadowing.dtype == np.float32
    np.testing.assert_array_equal(moved.indoor_m, links.indoor_m)


def test_sites_stay_as_correlated_as_they_were_while_ues_move() -> None:
    world = world_of({"shadowing_site_correlation": 0.5}, dus=3, ues=3)
    found, rng = sites(world), np.random.default_rng(9)
    links = draw_links(world, found, 30_000, rng)
    sees = np.zeros((30_000, 3), dtype=np.uint8)
    for _ in range(3):
        links = walk_links(world, found, links, sees, np.full(30_000, 40.0), rng)
    np.testing.assert_allclose(np.cov(links.shadowing.T), 0.5 + 0.5 * np.eye(3), atol=0.03)
    np.testing.assert_allclose(np.cov(links.sight.T), np.eye(3), atol=0.03)
