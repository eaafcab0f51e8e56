"""Measurements: latency models, rates, demand."""

import numpy as np
import pytest

from cadran.radio import Radio, World, hard_quotas
from cadran.radio.kpis import literal_latency_s, md1_latency_s, rbs_for_bytes
from cadran.radio.mac import SE_FLOOR
from cadran.radio.views import COUNTERS

from .worlds import block_world, equal, no_rbs, pf_all, run, seeds, small_world, taken, tti_by_tti

CAP_S = 0.010


def test_md1_latency_is_one_interval_without_load_and_the_cap_without_room() -> None:
    assert md1_latency_s(0.0, 0.0, 10.0, 1.0, 0.01, CAP_S) == pytest.approx(1e-3)
    assert md1_latency_s(0.0, 0.0, 0.0, 1.0, 0.01, CAP_S) == CAP_S
    assert md1_latency_s(5.0, 5.0, 10.0, 1.0, 0.01, CAP_S) == CAP_S


def test_md1_wait_is_pollaczek_khinchine() -> None:
    for load in (0.1, 0.5, 0.8):
        wait = md1_latency_s(0.0, 20 * load, 20.0, 1.0, 0.01, CAP_S) - 1e-3
        assert wait == pytest.approx(1e-3 * load / (2 * (1 - load)))
        slow = md1_latency_s(0.0, 20 * load, 20.0, 2.0, 0.01, CAP_S) - 1e-3
        assert slow == pytest.approx(2 * wait)


def test_md1_carried_backlog_is_drained_at_the_slices_pace() -> None:
    latency = md1_latency_s(2.0, 0.0, 20.0, 1.0, 0.01, CAP_S)
    assert latency == pytest.approx(1e-3 + 0.01 * 2 / 20 + 0.5e-3 * 0.1 / 0.9)


def test_more_rbs_never_raise_the_latency() -> None:
    latency = [md1_latency_s(3.0, 7.0, rbs, 1.5, 0.01, CAP_S) for rbs in np.linspace(0.5, 100, 300)]
    assert (np.diff(latency) <= 0).all()


def test_urllc_needs_several_times_its_mean_need_for_five_milliseconds() -> None:
    radio = Radio(World.model_validate({"load": {"factor_min": 1.0, "factor_max": 1.0}}))
    state = radio.new_state(seeds(8))
    radio.step(state, equal(radio.world, 8))
    kept = {}
    for multiple in (1.0, 1.5, 2.5, 4.0):
        radio.reset(state, np.ones(8, dtype=np.bool_), 0)
        late: list[float] = []
        for _ in range(40):
            quota = np.zeros((8, 6, 3), dtype=np.int64)
            quota[..., 2] = np.minimum(np.ceil(multiple * state.kpis.arrival_rbs[..., 2]), 70)
            quota[..., 0] = 100 - quota[..., 2] - 15
            quota[..., 1] = 15
            radio.step(state, hard_quotas(quota, 100))
            delay = state.kpis.ue_delay_s[:, :, 2]
            late.append(float((delay[~np.isnan(delay)] > 5e-3).mean()))
        kept[multiple] = 1 - np.mean(late)
    assert kept[1.0] < 0.5
    assert kept[1.5] < 0.95
    assert kept[4.0] > 0.97
    assert kept[1.0] < kept[1.5] < kept[2.5] <= kept[4.0] + 0.01


def test_literal_latency() -> None:
    assert literal_latency_s(0, 32, 256e3, CAP_S) == pytest.approx(2e-3)
    assert literal_latency_s(10_000, 32, 256e3, CAP_S) == CAP_S
    assert literal_latency_s(0, 32, 0.0, CAP_S) == CAP_S


def test_literal_latency_follows_the_achievable_rate() -> None:
    radio = Radio(
        small_world(kpis={"achievable_rate": True, "latency": "literal"}, mac={"idle_rbs": "active"})
    )
    state = radio.new_state(seeds(2))
    run(radio, state, 5)
    carried = state.queued[:, :, 2].copy()
    radio.step(state, equal(radio.world, 2))
    rate = state.kpis.ue_rate_bps[:, :, 2].astype(np.float64)
    expected = np.minimum(CAP_S, 1e-3 + 8 * (carried + 32) / rate)
    np.testing.assert_allclose(state.kpis.ue_delay_s[:, :, 2], expected, rtol=1e-6)


def test_rbs_for_bytes() -> None:
    assert rbs_for_bytes(500, 2.0, 2000.0) == 1.0
    assert rbs_for_bytes(0, 2.0, 2000.0) == 0.0
    assert np.isfinite(rbs_for_bytes(1, 0.0, 2000.0))


@pytest.mark.parametrize("rate", ["equal_airtime", "won_rbs"])
def test_rates_of_a_slice_without_fading(rate: str) -> None:
    world = small_world(
        dus=1,
        ues=6,
        channel={"fading": "none"},
        kpis={"achievable_rate": True, "rate": rate},
        mac={"idle_rbs": "active"},
    )
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    radio.step(state, equal(world, 1))
    per_rb = 200e3 * np.minimum(np.log2(1 + state.ues.gain[0, 0, :, :2, 0]), 7.4063)
    if rate == "equal_airtime":
        expected = 4 * per_rb / 2
    else:
        winners = state.core.ue_of_unit[0, 0]
        won = np.array([[(winners == s * 5 + u).sum() for u in range(2)] for s in range(3)])
        assert won.sum() == 12
        expected = won * per_rb
    np.testing.assert_allclose(state.kpis.ue_rate_bps[0, 0, :, :2], expected, rtol=3e-3)


@pytest.mark.parametrize("world", [small_world(), block_world()], ids=["paper", "3gpp"])
def test_demand_is_that_of_the_queues_and_of_harq(world: World) -> None:
    radio = Radio(world)
    state = radio.new_state(seeds(3))
    run(radio, state, 20)
    efficiency = np.where(taken(state), np.maximum(state.ues.mean_se, SE_FLOOR), 1.0)
    scale = world.rb_bandwidth_hz * world.frame_s
    np.testing.assert_allclose(
        state.kpis.backlog_rbs, (8 * state.queued / efficiency / scale).sum(axis=-1), rtol=1e-5
    )
    each = state.core.arrival_ewma / np.maximum(state.kpis.ues, 1)
    np.testing.assert_allclose(
        state.kpis.arrival_rbs,
        np.where(taken(state), 8 * each[..., None] / efficiency / scale, 0).sum(axis=-1),
        rtol=1e-5,
    )


@pytest.mark.parametrize("ttis", [1, 5])
def test_delay_of_a_starved_slice_grows_by_a_frame_per_frame(ttis: int) -> None:
    radio = Radio(small_world(load={"scale": 1.0}, ttis_per_frame=ttis))
    state = radio.new_state(seeds(2))
    starving = hard_quotas(np.tile([0, 6, 6], (2, 3, 1)), 12)
    for _ in range(30):
        radio.step(state, starving)
    waiting = state.queued[:, :, 0] > 0
    before = state.kpis.ue_delay_s[:, :, 0][waiting].copy()
    radio.step(state, starving)
    np.testing.assert_allclose(state.kpis.ue_delay_s[:, :, 0][waiting] - before, 0.01, rtol=1e-3)


def test_average_arrivals_settle_at_the_load() -> None:
    world = small_world(load={"scale": 0.5, "factor_min": 2.0, "factor_max": 2.0})
    radio = Radio(world)
    state = radio.new_state(seeds(32))
    for _ in range(60):
        radio.step(state, pf_all(world, 32))
    has_ues = state.kpis.ues > 0
    expected = np.array(world.load.mean_bps) * 0.5 * 2 * world.frame_s / 8
    for s in range(3):
        mean = state.kpis.arrival_ewma_bytes[..., s][has_ues[..., s]].mean()
        assert mean == pytest.approx(expected[s], rel=0.12)


def test_energy_is_that_of_two_states_and_of_the_output() -> None:
    world = block_world(energy={"active_w": 100.0, "sleep_w": 40.0, "per_output_w": 5.0})
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    radio.step(state, no_rbs(world, 2))
    np.testing.assert_allclose(state.kpis.energy_j, 40.0 * world.frame_s)
    output_w = 10 ** ((world.channel.tx_power_dbm - 30) / 10) / world.rbs
    for _ in range(20):
        radio.step(state, pf_all(world, 2))
        active, rbs = state.kpis.active_ttis, state.kpis.rb_ttis.sum(axis=-1)
        expected_w = 100.0 * active + 40.0 * (10 - active) + 5.0 * output_w * rbs
        np.testing.assert_allclose(state.kpis.energy_j, expected_w * world.tti_s)
    assert active.any()


def test_rbs_used_are_the_mean_over_the_ttis_of_a_frame() -> None:
    world = block_world()
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    run(radio, state, 10)
    np.testing.assert_array_equal(state.kpis.rbs_used, np.floor(state.kpis.rb_ttis / 10 + 0.5))


def test_counts_of_a_frame_are_the_sums_over_its_ttis() -> None:
    """What is measured in one frame of ten TTIs is measured in ten frames of one TTI."""
    whole = block_world(load={"factor_min": 1, "factor_max": 1})
    single = tti_by_tti(whole)
    states = [Radio(world).new_state(seeds(2)) for world in (whole, single)]
    Radio(whole).step(states[0], pf_all(whole, 2))
    radio, sums = Radio(single), dict.fromkeys(COUNTERS[:-1], 0)
    for _ in range(10):
        radio.step(states[1], pf_all(single, 2))
        for name in sums:
            sums[name] = sums[name] + getattr(states[1].kpis, name)
    for name, total in sums.items():
        np.testing.assert_array_equal(getattr(states[0].kpis, name), total, err_msg=name)
    np.testing.assert_array_equal(states[0].kpis.queued_bytes, states[1].kpis.queued_bytes)
    assert states[0].kpis.delivered_bytes.any()
