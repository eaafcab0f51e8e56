"""The world's schema, its geometry, and what decisions are told."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.radio import Radio, World, assignment, validate
from cadran.radio.layout import drop, sites_m, uniform_in_hexagons

from .worlds import seeds, small_world


def test_default_is_the_papers_world() -> None:
    world = World()
    assert (world.dus, world.ues, world.rbs, world.frame_s) == (6, 200, 100, 0.010)
    assert world.ues_per_slice == (67, 67, 66)
    assert 10 * np.log10(world.tx_power_per_rb_w) + 30 == pytest.approx(36.0)
    assert 10 * np.log10(world.noise_per_rb_w) + 30 == pytest.approx(-113.0, abs=0.02)


def test_assumptions_are_marked_and_explained() -> None:
    def descriptions(model: type) -> list[str]:
        found = []
        for field in model.model_fields.values():
            if hasattr(field.annotation, "model_fields"):
                found += descriptions(field.annotation)
            else:
                found.append(field.description or "")
        return found

    texts = descriptions(World)
    assert all(texts)
    assert sum(text.startswith("ASSUMED: ") for text in texts) > 15


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dus": 0}, "greater than or equal to 1"),
        (
            {"dus": 2, "max_ues_per_slice": 5},
            "a slice would hold 67 UEs, but 2 DUs with max_ues_per_slice 5 have room",
        ),
        ({"bandwidth": 1}, "Extra inputs"),
        ({"load": {"factor_min": 4.0}}, "load.factor_min 4.0 is above load.factor_max 3.0"),
        ({"load": {"packet_bits": [100, 800, 256]}}, "positive multiples of 8"),
        ({"load": {"mean_bps": [-1, 0, 0]}}, "values >= 0"),
        ({"load": {"buffer_s": [0, 1, 1]}}, "values > 0"),
        ({"kpis": {"latency": "literal"}}, "kpis.latency literal needs kpis.achievable_rate true"),
        ({"slice_weights": [0, 0, 0]}, "not all zero"),
        ({"rb_bandwidth_hz": float("inf")}, "finite"),
        ({"queue_entries": 60}, "8, 16, 32"),
    ],
)
def test_wrong_worlds_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        World.model_validate(changes)


def test_queues_too_large_for_their_counters_are_refused() -> None:
    with pytest.raises(ValueError, match="a queue is limited to 1073741824 bytes"):
        Radio(World.model_validate({"load": {"scale": 100.0, "mean_bps": [1e9, 6e6, 6e6]}}))


@pytest.mark.parametrize(("kind", "dus"), [("grid", 6), ("grid", 9), ("rings", 7), ("rings", 19)])
def test_sites_stand_on_a_hexagonal_lattice(kind: str, dus: int) -> None:
    sites = sites_m(World.model_validate({"dus": dus, "ues": dus, "layout": {"kind": kind}}))
    distance = np.linalg.norm(sites[:, None] - sites[None], axis=2) + 1e9 * np.eye(dus)
    np.testing.assert_allclose(distance.min(axis=1), 500.0)
    squared = (distance[distance < 1e8] / 500) ** 2
    np.testing.assert_allclose(squared, np.rint(squared), atol=1e-9)
    if kind == "rings":
        assert np.isclose(np.linalg.norm(sites - sites[0], axis=1), 500.0).sum() == 6


def test_ues_are_uniform_in_their_sites_hexagons() -> None:
    sites = sites_m(World())
    points = uniform_in_hexagons(sites, 500.0, 60_000, np.random.default_rng(1))
    distance = np.linalg.norm(points[:, None] - sites[None], axis=2)
    nearest, cell = distance.min(axis=1), distance.argmin(axis=1)
    radius = 500 / 3**0.5
    assert nearest.max() <= radius
    np.testing.assert_allclose(np.bincount(cell) / len(points), 1 / 6, atol=0.01)
    area = 1.5 * 3**0.5 * radius**2
    for inner in (60.0, 150.0, 250.0):  # discs inside the hexagon
        assert (nearest < inner).mean() == pytest.approx(np.pi * inner**2 / area, abs=0.01)


def test_path_loss_of_a_drop() -> None:
    world = World.model_validate({"channel": {"shadowing_db": 0}})
    sites = sites_m(world)
    dropped = drop(world, sites, np.random.default_rng(2))
    taken = dropped.ue_id >= 0
    distance = np.linalg.norm(dropped.position_m[taken][:, None] - sites[None], axis=2)
    loss_db = 43.3 + 35 * np.log10(np.maximum(distance, 10.0))
    np.testing.assert_allclose(10 * np.log10(dropped.gain[taken]), 36 - loss_db + 113, atol=0.02)


def test_ues_attach_to_the_strongest_du_that_has_room() -> None:
    world = small_world(ues=45)
    dropped = drop(world, sites_m(world), np.random.default_rng(3))
    assert (dropped.ues == 5).all()
    roomy = World()
    dropped = drop(roomy, sites_m(roomy), np.random.default_rng(3))
    assert dropped.ues.sum(axis=0).tolist() == [67, 67, 66]
    for c in range(6):
        for s in range(3):
            own = dropped.gain[c, s, : dropped.ues[c, s]]
            room = dropped.ues[:, s] < 24
            assert (own[:, c] >= own[:, room].max(axis=1)).all()
    for s in range(3):
        ids = dropped.ue_id[:, s]
        assert sorted(ids[ids >= 0]) == list(range(roomy.ues_per_slice[s]))


def test_shadowing_is_log_normal() -> None:
    world = World.model_validate({"channel": {"shadowing_db": 8.0}})
    flat = World.model_validate({"channel": {"shadowing_db": 0.0}})
    sites = sites_m(world)
    ratios = []
    for seed in range(30):
        shadowed = drop(world, sites, np.random.default_rng(seed))
        positions = shadowed.position_m[shadowed.ue_id >= 0]
        distance = np.maximum(np.linalg.norm(positions[:, None] - sites[None], axis=2), 10)
        mean = flat.tx_power_per_rb_w / flat.noise_per_rb_w * 10 ** (-(43.3 + 35 * np.log10(distance)) / 10)
        ratios.append(10 * np.log10(shadowed.gain[shadowed.ue_id >= 0] / mean))
    values = np.concatenate(ratios)
    assert values.std() == pytest.approx(8.0, rel=0.03)
    assert values.mean() == pytest.approx(0.0, abs=0.2)


def test_prior_spectral_efficiency_matches_what_is_measured_under_full_activity() -> None:
    radio = Radio(World.model_validate({"mac": {"idle_rbs": "active"}}))
    state = radio.new_state(seeds(2))
    prior = state.core.mean_se.copy()
    owner = np.tile(np.arange(100) % 3, (2, 6, 1)).astype(np.int8)
    for _ in range(40):
        radio.step(state, assignment(owner))
    taken = state.core.ue_id >= 0
    np.testing.assert_allclose(state.core.mean_se[taken].mean(), prior[taken].mean(), rtol=0.02)


@pytest.mark.parametrize(
    ("mode", "dedicated", "least", "most", "owner", "cause"),
    [
        (0, [1, 1, 1], [1, 2, 3], [4, 4, 4], [], None),
        (0, [0, 0, 0], [0, 0, 0], [6, 6, 6], [], None),
        (0, [2, 0, 0], [1, 0, 0], [6, 6, 6], [], "dedicated 2, min 1"),
        (0, [0, 0, 0], [0, 0, 0], [7, 6, 6], [], "max 7"),
        (0, [0, 0, 0], [3, 3, 3], [6, 6, 6], [], "sum to 9; allowed are at most 6"),
        (0, [-1, 0, 0], [0, 0, 0], [6, 6, 6], [], "dedicated -1"),
        (0, [0, 0], [0, 0, 0], [6, 6, 6], [], "dedicated_rbs"),
        (1, [], [], [], [0, 1, 2, -1, 0, 0], None),
        (1, [], [], [], [0, 1, 3, -1, 0, 0], r"slice_of_rb\[2\] is 3"),
        (1, [], [], [], [0, 1], "one per RB"),
        (2, [], [], [], [], "mode 2"),
    ],
)
def test_validate(
    mode: int, dedicated: list[int], least: list[int], most: list[int], owner: list[int], cause: str | None
) -> None:
    text = validate(6, mode, dedicated, least, most, owner)
    if cause is None:
        assert text is None
    else:
        assert text is not None
        assert re.search(cause, text)
