"""The world's schema, and what decisions are told."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.radio import Radio, World, assignment, validate

from .worlds import seeds, taken


def test_default_is_the_papers_world() -> None:
    world = World()
    assert (world.dus, world.ues, world.rbs, world.frame_s) == (6, 200, 100, 0.010)
    assert world.ues_per_slice == (67, 67, 66)
    assert 10 * np.log10(world.tx_power_per_rb_w) + 30 == pytest.approx(36.0)
    assert 10 * np.log10(world.noise_per_rb_w) + 30 == pytest.approx(-113.0, abs=0.02)


@pytest.mark.parametrize(
    ("preset", "rbs", "rb_hz", "tti_s", "group"),
    [("3gpp", 106, 180e3, 1e-3, 8), ("3gpp-30khz", 51, 360e3, 5e-4, 4)],
)
def test_3gpp_presets_are_twenty_megahertz_in_slots(
    preset: str, rbs: int, rb_hz: float, tti_s: float, group: int
) -> None:
    world = World.model_validate({"preset": preset})
    assert (world.rbs, world.rb_bandwidth_hz) == (rbs, rb_hz)
    assert world.tti_s == pytest.approx(tti_s)
    assert world.unit_rbs[0] == group
    assert sum(world.unit_rbs) == rbs
    assert world.link.adaptation == "mcs"
    # TR 36.942 / TR 38.901: 46 dBm over 20 MHz; thermal noise and a noise figure of 9 dB.
    assert 10 * np.log10(world.tx_power_per_rb_w * rbs) + 30 == pytest.approx(46.0)
    assert 10 * np.log10(world.noise_per_rb_w / rb_hz) + 30 == pytest.approx(-165.0)


def test_given_keys_lie_over_those_of_the_preset() -> None:
    world = World.model_validate({"preset": "3gpp", "rbs": 24, "link": {"csi_delay_ttis": 2}})
    assert (world.rbs, world.rb_bandwidth_hz) == (24, 180e3)
    assert (world.link.csi_delay_ttis, world.link.csi_period_ttis) == (2, 5)


@pytest.mark.parametrize(
    ("rbs", "given", "sizes"),
    [
        (1, None, [1]),
        (36, None, [2] * 18),
        (37, None, [4] * 9 + [1]),
        (106, None, [8] * 13 + [2]),
        (275, None, [16] * 17 + [3]),
        (10, 4, [4, 4, 2]),
    ],
)
def test_rb_groups_are_those_of_ts_38_214(rbs: int, given: int | None, sizes: list[int]) -> None:
    world = World.model_validate({"rbs": rbs, "mac": {"allocation": "rbg", "rbg_rbs": given}})
    assert list(world.unit_rbs) == sizes
    assert World.model_validate({"rbs": rbs}).unit_rbs == (1,) * rbs


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
        ({"link": {"adaptation": "mcs"}}, "link.adaptation mcs needs slots"),
        ({"kpis": {"latency": "measured"}}, "kpis.latency measured needs slots"),
        ({"link": {"bler_targets": [0.1, 1.0, 0.1]}}, "above 0 and below 1"),
        ({"mobility": {"speed_min_mps": 30}}, "mobility.speed_min_mps 30.0 is above"),
        ({"ttis_per_frame": 100, "episode_frames": 2**30}, "allowed are 1073741824 TTIs"),
        ({"preset": "4g"}, "'paper', '3gpp' or '3gpp-30khz'"),
    ],
)
def test_wrong_worlds_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        World.model_validate(changes)


def test_queues_too_large_for_their_counters_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a queue of 7.5e\+09 bytes, allowed are 1073741824"):
        Radio(World.model_validate({"load": {"scale": 100.0, "mean_bps": [1e9, 6e6, 6e6]}}))


@pytest.mark.parametrize("preset", ["paper", "3gpp"])
def test_prior_spectral_efficiency_matches_what_is_measured_under_full_activity(preset: str) -> None:
    mac = {"idle_rbs": "active", "allocation": "per_rb"}
    world = World.model_validate(
        {"preset": preset, "rbs": 100, "mac": mac, "channel": {"fading": "rayleigh"}}
    )
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    prior = state.ues.mean_se.copy()
    owner = np.tile(np.arange(100) % 3, (2, 6, 1)).astype(np.int8)
    for _ in range(40):
        radio.step(state, assignment(owner))
    np.testing.assert_allclose(state.ues.mean_se[taken(state)].mean(), prior[taken(state)].mean(), rtol=0.02)


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
