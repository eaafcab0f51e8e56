"""Fading, SINR and what an RB carries, against closed forms and against the definitions in numpy."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio import Radio, State, World, assignment, hard_quotas
from cadran.radio.hashing import FADING, draw, frame_key
from cadran.radio.link import curve_index, curve_points, power_gain, shannon_curve, window
from cadran.radio.propagation.fading import fading_map
from cadran.radio.tables import fading_of

from .worlds import (
    FloatArray,
    activity,
    block_world,
    equal,
    fading,
    floats,
    pf_all,
    seeds,
    sinr,
    small_world,
    taken,
)

DRAWS = 40_000
BLOCK = fading_map(World(rbs=200))
"""Block Rayleigh fading."""


def block_gains(link: int, ttis: int = 200, rbs: int = 200) -> FloatArray:
    """Gains of a link, TTI after TTI, float64[ttis * rbs]."""
    seen = fading_of(World(rbs=200), BLOCK)
    starts = [window(seen, 0, 0, 0, frame_key(123, 456, tti, FADING), link) for tti in range(ttis)]
    return np.concatenate([floats(BLOCK.values[start : start + rbs]) for start in starts])


def test_rayleigh_power_gain_is_exponential() -> None:
    drawn = np.sort(block_gains(link=5))
    assert drawn.mean() == pytest.approx(1.0, abs=4 / DRAWS**0.5)
    assert drawn.var() == pytest.approx(1.0, abs=0.05)
    distance = np.abs(-np.expm1(-drawn) - (np.arange(DRAWS) + 0.5) / DRAWS).max()
    assert distance < 1.63 / DRAWS**0.5 + 1 / 512  # Kolmogorov and Smirnov at 1 %, and a bfloat16's step


def test_links_rbs_and_ttis_fade_independently() -> None:
    one, other = block_gains(link=5), block_gains(link=6)
    for a, b in ((one, other), (one[:-1], one[1:]), (one[:-200], one[200:])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / DRAWS**0.5


def test_signal_over_one_faded_interferer_follows_t_over_t_plus_ratio() -> None:
    ratio, strong = np.float32(4.0), np.float32(1e9)
    powers = np.stack([block_gains(link=0), block_gains(link=1)])
    found = sinr(np.array([ratio * strong, strong]), powers, np.ones((2, 1), dtype=np.bool_), 0)
    for t in (0.5, 1.0, 4.0, 20.0):
        assert (found < t).mean() == pytest.approx(t / (t + ratio), abs=0.01)


@pytest.mark.parametrize(("snr_db", "capacity"), [(0, 0.8603), (10, 2.9065), (20, 5.8840)])
def test_ergodic_rayleigh_capacity(snr_db: float, capacity: float) -> None:
    curve = shannon_curve(max_spectral_efficiency=20.0, bits_per_se=1e6)
    faded = 10 ** (snr_db / 10) * floats(BLOCK.values[: BLOCK.columns : 16])
    drawn = [curve[curve_index(np.float32(value))] for value in faded]
    assert np.mean(drawn) / 1e6 == pytest.approx(capacity, rel=5e-3)


def test_capped_shannon_curve() -> None:
    curve = shannon_curve(max_spectral_efficiency=7.4063, bits_per_se=2000.0)
    for value in np.geomspace(1e-4, 1e6, 400):
        exact = 2000 * min(7.4063, np.log2(1 + value))
        assert abs(curve[curve_index(np.float32(value))] - exact) <= 2e-3 * exact + 0.6
    values = [curve[curve_index(np.float32(value))] for value in np.geomspace(1e-9, 1e30, 3000)]
    assert (np.diff(values) >= 0).all()
    assert (values[0], values[-1]) == (0, round(7.4063 * 2000))


def test_steps_of_a_curve_hold_their_points() -> None:
    points = curve_points()
    indices = np.array([curve_index(np.float32(point)) for point in points])
    np.testing.assert_array_equal(indices, np.arange(len(points)))
    assert 10 * np.log10(points[1:] / points[:-1]).max() < 0.018


def test_power_gains_are_the_values_of_bfloat16_patterns() -> None:
    values = np.array([0.0, 0.0078125, 1.0, 1.5, 7.75], dtype=np.float32)
    patterns = (values.view(np.uint32) >> 16).astype(np.uint16)
    np.testing.assert_array_equal([power_gain(int(pattern)) for pattern in patterns], values)


def test_a_window_moves_along_the_rows_of_the_map_with_its_ue_and_starts_again_at_the_end() -> None:
    world = block_world()
    found = fading_map(world)
    seen = fading_of(world, found)
    for travelled, row in ((0, 5), (0xFFFF, 5), (0x10000, 6), (-0x10000, 4), (found.rows << 16, 5)):
        assert window(seen, 17, 5, travelled, 1, 2) == 17 + row * found.stride


def full_buffer(**changes: object) -> World:
    settings = {"mac": {"idle_rbs": "active"}, "kpis": {"achievable_rate": True}}
    return small_world(**(settings | changes))


def test_a_lone_du_has_no_interference() -> None:
    radio = Radio(full_buffer(dus=1, ues=9, channel={"fading": "none"}))
    state = radio.new_state(seeds(1))
    radio.step(state, equal(radio.world, 1))
    snr = state.ues.gain[0, 0, :, :3, 0]
    expected = 4 * 200e3 * np.minimum(np.log2(1 + snr), 7.4063) / 3
    np.testing.assert_allclose(state.kpis.ue_rate_bps[0, 0, :, :3], expected, rtol=3e-3)


def test_a_silent_neighbour_never_interferes() -> None:
    radio = Radio(full_buffer())
    owner = np.full((1, 3, 12), -1)
    owner[0, 0] = np.arange(12) % 3
    outcomes = []
    for factor in (0.0, 1e6):
        state = radio.new_state(seeds(1))
        state.core.activity[:, :, 1:] = 0
        state.ues.gain[0, 0, :, :, 1:] *= factor
        for _ in range(3):
            radio.step(state, assignment(owner))
        outcomes.append(state)
    np.testing.assert_array_equal(outcomes[0].kpis.ue_rate_bps[0, 0], outcomes[1].kpis.ue_rate_bps[0, 0])
    np.testing.assert_array_equal(outcomes[0].ledger.delivered_bytes, outcomes[1].ledger.delivered_bytes)
    assert outcomes[0].ledger.delivered_bytes[0, 0].sum() > 0


@pytest.mark.parametrize("interference", ["mean", "measured"])
def test_a_silent_neighbour_changes_neither_reports_nor_blocks(interference: str) -> None:
    radio = Radio(block_world(link={"csi_interference": interference}))
    only_first = np.zeros((1, 3, 3), dtype=np.int32)
    only_first[0, 0] = 4
    outcomes = []
    for factor in (0.0, 1e6):
        state = radio.new_state(seeds(1))
        state.core.activity[:, :, 1:] = 0
        state.ues.gain[0, 0, :, :, 1:] *= factor
        for _ in range(10):
            radio.step(state, hard_quotas(only_first, 12))
        outcomes.append(state)
    for name in ("csi_bits", "olla", "harq_mcs", "harq_sinr", "queued"):
        one, other = (getattr(state.ues, name)[0, 0] for state in outcomes)
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(outcomes[0].ledger.delivered_bytes, outcomes[1].ledger.delivered_bytes)
    assert outcomes[0].ledger.delivered_bytes[0, 0].sum() > 0


def test_a_neighbour_interferes_on_the_rbs_it_uses_and_on_no_other() -> None:
    radio = Radio(full_buffer(dus=2, ues=24, channel={"fading": "none"}))
    owner = np.full((1, 2, 12), -1)
    owner[0, 0] = np.repeat([0, 1, 2], 4)
    alone, beside = radio.new_state(seeds(1)), radio.new_state(seeds(1))
    radio.step(alone, assignment(owner))
    owner[0, 1, :4] = 0
    radio.step(beside, assignment(owner))
    before, after = alone.kpis.ue_rate_bps[0, 0], beside.kpis.ue_rate_bps[0, 0]
    assert (after[0] <= before[0])[~np.isnan(before[0])].all()
    assert np.nansum(after[0]) < np.nansum(before[0])
    np.testing.assert_array_equal(after[1:], before[1:])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"channel": {"fading": "jakes", "path_loss": "uma", "shadowing_db": None}},
        {"channel": {"fading": "jakes"}, "mac": {"allocation": "rbg", "rbg_rbs": 5}},
    ],
    ids=["block", "jakes", "groups"],
)
def test_rates_follow_from_gains_fading_and_activity_on_all_links(changes: dict[str, object]) -> None:
    world = small_world(**({"ttis_per_frame": 4, "kpis": {"achievable_rate": True}} | changes))
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    for _ in range(6):
        radio.step(state, pf_all(world, 1))
    tti, sent = 6 * 4 - 1, activity(world, state)
    size = np.array(world.unit_rbs)
    for ue in zip(*np.nonzero(taken(state)), strict=True):
        shift = int(state.ues.travelled[ue]) >> 16
        assert shift == int(state.ues.row_step[ue]) * 24 >> 16
        found = sinr(state.ues.gain[ue], fading(radio, state, ue, tti, shift), sent, ue[1])
        held = state.core.slice_of_unit[ue[:2]] == ue[2]
        rate = (200e3 * size * np.minimum(np.log2(1 + found), 7.4063))[held].sum()
        members = state.core.ues[ue[:3]]
        assert state.kpis.ue_rate_bps[ue] == pytest.approx(rate / members, rel=3e-3, abs=2e3)


def first_sinrs(radio: Radio, state: State) -> FloatArray:
    """SINR of every UE on its first ten units in the first TTI, all neighbours active."""
    everyone = np.ones((radio.world.dus, len(radio.world.unit_rbs)), dtype=np.bool_)
    found = []
    for ue in zip(*np.nonzero(taken(state)), strict=True):
        shift = int(state.ues.row_step[ue]) >> 16
        found.append(sinr(state.ues.gain[ue], fading(radio, state, ue, 0, shift), everyone, ue[1])[:10])
    return np.array(found)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"channel": {"fading": "jakes"}},
        {"channel": {"fading": "jakes"}, "mac": {"allocation": "rbg", "rbg_rbs": 1}},
    ],
    ids=["block", "jakes", "groups"],
)
def test_a_wider_band_with_power_in_proportion_leaves_the_sinr_of_an_rb(
    changes: dict[str, dict[str, object]],
) -> None:
    found = []
    for rbs in (10, 40):
        channel = {"tx_power_dbm": 46 + 10 * np.log10(rbs)} | changes.get("channel", {})
        radio = Radio(small_world(**(changes | {"rbs": rbs, "channel": channel})))
        found.append(first_sinrs(radio, radio.new_state(seeds(1))))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_a_wider_band_with_power_in_proportion_leaves_the_reports_on_an_rb() -> None:
    reports: list[NDArray[np.int32]] = []
    for rbs in (10, 40):
        changes = {"tx_power_dbm": 30 + 10 * np.log10(rbs)}
        full = {"sources": ("full_buffer",) * 3}
        world = block_world(rbs=rbs, channel=changes, mac={"allocation": "per_rb"}, load=full)
        radio = Radio(world)
        state = radio.new_state(seeds(1))
        radio.step(state, hard_quotas(np.zeros((1, 3, 3)), rbs))
        reports.append(state.ues.csi_bits[taken(state)][:, :10])
    assert reports[0].any()
    assert (reports[0] != reports[1]).mean() < 1e-3  # a rounding in the gain may cross a threshold


@pytest.mark.parametrize("average", ["channel", "served"])
def test_pf_with_equal_rayleigh_channels_shares_equally_and_gains_a_harmonic_number(average: str) -> None:
    users, rbs, frames = 10, 100, 800
    world = World.model_validate(
        {
            "dus": 1,
            "ues": users,
            "rbs": rbs,
            "slice_weights": [1, 0, 0],
            "mac": {"pf_average": average},
            "load": {"scale": 50.0, "factor_min": 1.0, "factor_max": 1.0},
        }
    )
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.ues.gain[:] = 1.0
    served, power = np.zeros(users), 0.0
    keys = [int(k) for k in state.core.keys[0]]
    for frame in range(frames):
        key = frame_key(*keys, frame, FADING)
        radio.step(state, hard_quotas(np.array([[[rbs, 0, 0]]]), rbs))
        winners = state.core.ue_of_unit[0, 0].astype(np.int64)
        assert (winners >= 0).all()
        if frame >= 30:  # the averages have settled
            starts = np.array([draw(key, u) % radio.fading.columns for u in range(users)])
            served += np.bincount(winners, minlength=users)
            power += floats(radio.fading.values[starts[winners] + np.arange(rbs)]).sum()
    np.testing.assert_allclose(served / served.sum(), 1 / users, atol=0.008)
    harmonic = sum(1 / k for k in range(1, users + 1))
    assert power / served.sum() == pytest.approx(harmonic, rel=0.03)
