"""Fading and SINR against closed forms."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio import Radio, State, World, assignment, hard_quotas
from cadran.radio.hashing import FADING, frame_key
from cadran.radio.link import (
    bits_of_sinr,
    bits_table,
    expected_interference,
    fade,
    faded_interference,
    fading_table,
    link_key,
)

from .worlds import equal, seeds, small_world

DRAWS = 40_000


def gains(link: int, frames: int = 200, rbs: int = 200) -> NDArray[np.float64]:
    table = fading_table("rayleigh")
    keys = [link_key(frame_key(123, 456, frame, FADING), link) for frame in range(frames)]
    return np.array([fade(key, rb, table) for key in keys for rb in range(rbs)])


def test_rayleigh_power_gain_is_exponential() -> None:
    drawn = np.sort(gains(link=5))
    assert drawn.mean() == pytest.approx(1.0, abs=4 / DRAWS**0.5)
    assert drawn.var() == pytest.approx(1.0, abs=0.05)
    distance = np.abs(-np.expm1(-drawn) - (np.arange(DRAWS) + 0.5) / DRAWS).max()
    assert distance < 1.63 / DRAWS**0.5 + 1 / 4096  # Kolmogorov and Smirnov at 1 %, and the table's step


def test_links_rbs_and_frames_fade_independently() -> None:
    one, other = gains(link=5), gains(link=6)
    for a, b in ((one, other), (one[:-1], one[1:]), (one[:-200], one[200:])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / DRAWS**0.5


def test_signal_over_one_faded_interferer_follows_t_over_t_plus_ratio() -> None:
    table = fading_table("rayleigh")
    ratio, strong = 4.0, 1e9
    gain, active = np.array([ratio * strong, strong]), np.array([1, 0])
    key = frame_key(1, 2, 3, FADING)
    signal = gain[0] * np.array([fade(link_key(key, 0), rb, table) for rb in range(DRAWS)])
    noise = np.array([faded_interference(gain, active, 1, rb, key, 0, table) for rb in range(DRAWS)])
    for t in (0.5, 1.0, 4.0, 20.0):
        assert (signal / noise < t).mean() == pytest.approx(t / (t + ratio), abs=0.01)


@pytest.mark.parametrize(("snr_db", "capacity"), [(0, 0.8603), (10, 2.9065), (20, 5.8840)])
def test_ergodic_rayleigh_capacity(snr_db: float, capacity: float) -> None:
    bits = bits_table(max_spectral_efficiency=20.0, bits_per_se=1e6)
    snr = 10 ** (snr_db / 10)
    drawn = [bits_of_sinr(snr * np.float64(gain), bits) for gain in fading_table("rayleigh")]
    assert np.mean(drawn) / 1e6 == pytest.approx(capacity, rel=3e-3)


def test_capped_shannon_curve() -> None:
    bits = bits_table(max_spectral_efficiency=7.4063, bits_per_se=2000.0)
    for sinr in np.geomspace(1e-4, 1e9, 400):
        exact = 2000 * min(7.4063, np.log2(1 + sinr))
        assert abs(bits_of_sinr(sinr, bits) - exact) <= 2e-3 * exact + 0.6
    values = [bits_of_sinr(sinr, bits) for sinr in np.geomspace(1e-9, 1e30, 3000)]
    assert (np.diff(values) >= 0).all()
    assert (values[0], values[-1]) == (0, round(7.4063 * 2000))


def test_interference_is_the_sum_over_active_neighbours_only() -> None:
    gain = np.array([100.0, 7.0, 3.0, 50.0])
    assert expected_interference(gain, np.array([1, 2, 3]), 2) == 11.0
    assert expected_interference(gain, np.array([1, 2, 3]), 0) == 1.0


def rates(radio: Radio, state: State) -> NDArray[np.float32]:
    radio.step(state, equal(radio.world, len(state.seed)))
    return state.kpis.ue_rate_bps.copy()


def full_buffer(**changes: object) -> World:
    settings = {"mac": {"idle_rbs": "active"}, "kpis": {"achievable_rate": True}}
    return small_world(**(settings | changes))


def test_a_lone_du_has_no_interference() -> None:
    radio = Radio(full_buffer(dus=1, ues=9, channel={"fading": "none"}))
    state = radio.new_state(seeds(1))
    rate = rates(radio, state)[0, 0]
    snr = state.core.gain[0, 0, :, :3, 0]
    expected = 4 * 200e3 * np.minimum(np.log2(1 + snr), 7.4063) / 3
    np.testing.assert_allclose(rate[:, :3], expected, rtol=3e-3)


def test_a_silent_neighbour_never_interferes() -> None:
    radio = Radio(full_buffer())
    owner = np.full((1, 3, 12), -1)
    owner[0, 0] = np.arange(12) % 3
    outcomes = []
    for factor in (0.0, 1e6):
        state = radio.new_state(seeds(1))
        state.core.active[:, 1:] = 0
        state.core.gain[0, 0, :, :, 1:] *= factor
        for _ in range(3):
            radio.step(state, assignment(owner))
        outcomes.append(state)
    np.testing.assert_array_equal(outcomes[0].kpis.ue_rate_bps[0, 0], outcomes[1].kpis.ue_rate_bps[0, 0])
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


def sinr(radio: Radio, state: State, rb: int) -> list[float]:
    """SINR of every UE of DU 0 on one RB in the first frame, all neighbours active."""
    key = frame_key(*(int(k) for k in state.core.keys[0]), 0, FADING)
    table, dus, places = fading_table("rayleigh"), radio.world.dus, radio.world.max_ues_per_slice
    active = np.arange(1, dus)
    found = []
    for s in range(3):
        for u in range(state.kpis.ues[0, 0, s]):
            gain, first = state.core.gain[0, 0, s, u], (s * places + u) * dus
            noise = faded_interference(gain, active, dus - 1, rb, key, first, table)
            found.append(gain[0] * fade(link_key(key, first), rb, table) / noise)
    return found


def test_a_wider_band_with_power_in_proportion_never_lowers_the_sinr_of_an_rb() -> None:
    narrow = Radio(small_world(rbs=10))
    wide = Radio(small_world(rbs=40, channel={"tx_power_dbm": 56 + 10 * np.log10(4)}))
    states = [radio.new_state(seeds(1)) for radio in (narrow, wide)]
    for rb in range(10):
        np.testing.assert_allclose(sinr(wide, states[1], rb), sinr(narrow, states[0], rb), rtol=1e-9)


def test_pf_with_equal_rayleigh_channels_shares_equally_and_gains_a_harmonic_number() -> None:
    users, rbs, frames = 10, 100, 800
    world = World.model_validate(
        {
            "dus": 1,
            "ues": users,
            "rbs": rbs,
            "slice_weights": [1, 0, 0],
            "load": {"scale": 50.0, "factor_min": 1.0, "factor_max": 1.0},
        }
    )
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.core.gain[:] = 1.0
    served, power = np.zeros(users), 0.0
    table = fading_table("rayleigh")
    for frame in range(frames):
        key = frame_key(*(int(k) for k in state.core.keys[0]), frame, FADING)
        radio.step(state, hard_quotas(np.array([[[rbs, 0, 0]]]), rbs))
        winners = state.core.ue_of_rb[0, 0]
        assert (winners >= 0).all()
        if frame >= 30:  # the averages have settled
            served += np.bincount(winners, minlength=users)
            power += sum(fade(link_key(key, int(u)), rb, table) for rb, u in enumerate(winners))
    np.testing.assert_allclose(served / served.sum(), 1 / users, atol=0.008)
    harmonic = sum(1 / k for k in range(1, users + 1))
    assert power / served.sum() == pytest.approx(harmonic, rel=0.03)
