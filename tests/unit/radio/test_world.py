"""The world's schema, and what decisions are told."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.radio import Radio, World, assignment, validate

from .worlds import seeds


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
