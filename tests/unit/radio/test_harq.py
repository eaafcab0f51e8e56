"""Transport blocks in the radio: tries, repetitions, losses, combining, and the outer loop."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio import Decisions, Radio, State, World, hard_quotas
from cadran.radio.link import STEPS_PER_DB
from cadran.radio.phy import (
    block_error_rate,
    eesm,
    eesm_beta,
    peak_rate_bps,
    transport_block_bits,
    transport_block_table,
)
from cadran.radio.tables import OLLA_LIMIT_DB, OLLA_SHIFT

from .worlds import block_world, fading, one_ue, pf_all, seeds, tti_by_tti

HOPELESS = 1e-6
UE = (0, 0, 0, 0)


def embb(rbs: int) -> Decisions:
    """All RBs that are granted go to eMBB."""
    return hard_quotas(np.array([[[rbs, 0, 0]]]), 8)


def start(world: World, gain: float) -> tuple[Radio, State]:
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.ues.gain[:] = gain
    return radio, state


def optimistic(state: State) -> None:
    """Let the outer loop believe in 15 dB more than reported."""
    state.ues.olla[:] = round(OLLA_LIMIT_DB * STEPS_PER_DB) << OLLA_SHIFT


def block_bytes(mcs: int, rbs: int, world: World) -> int:
    orders = {0: (2, 120 / 1024), 27: (8, 948 / 1024)}
    return transport_block_bits(*orders[mcs], rbs, world.link.data_symbols, world.link.dmrs_res) // 8


@pytest.mark.parametrize("retransmissions", [0, 1, 3])
@pytest.mark.parametrize("rtt", [4, 8, 16])
def test_a_block_that_always_fails_is_sent_once_and_every_repetition_and_then_lost(
    retransmissions: int, rtt: int
) -> None:
    world = one_ue(link={"harq_retransmissions": retransmissions, "harq_rtt_ttis": rtt})
    radio, state = start(tti_by_tti(world), HOPELESS)
    size = block_bytes(0, 8, world)
    for tti in range(3 * rtt * (1 + retransmissions)):
        radio.step(state, embb(8))
        attempt = tti // rtt % (1 + retransmissions)
        last = attempt == retransmissions
        kpis = state.kpis
        assert kpis.rb_ttis[0, 0].tolist() == [8, 0, 0]
        assert kpis.blocks[0, 0, 0] == kpis.failed_blocks[0, 0, 0] == (attempt == 0)
        assert kpis.lost_bytes[0, 0, 0] == kpis.dropped_bytes[0, 0, 0] == last * size
        assert state.ues.harq_bytes[UE][tti % rtt] == (0 if last else size)
        if not last:
            assert state.ues.harq_tries[UE][tti % rtt] == attempt + 1
            assert state.ues.harq_tti[UE][tti % rtt] == tti - attempt * rtt
        assert kpis.delivered_bytes.sum() == 0
    assert state.ues.in_flight[UE] == 0


def test_a_good_channel_takes_the_largest_block_of_its_rbs_at_the_first_try() -> None:
    world = one_ue()
    radio, state = start(tti_by_tti(world), 1e6)
    for rbs in (8, 1, 5):
        radio.step(state, embb(rbs))
        assert state.kpis.delivered_bytes[0, 0, 0] == block_bytes(27, rbs, world)
        assert state.kpis.air_byte_ttis[0, 0, 0] == state.kpis.delivered_bytes[0, 0, 0]
        assert state.kpis.blocks[0, 0, 0] == 1
        assert not state.ues.harq_bytes.any()


def test_a_queue_that_a_block_empties_is_sent_at_the_lowest_mcs_that_carries_it() -> None:
    load = {"sources": ("periodic",) * 3, "period_s": 0.001}
    for packet in (32, 100, 500):
        world = one_ue(load=load | {"packet_bits": (8 * packet,) * 3})
        radio, state = start(tti_by_tti(world), 1e6)
        sizes = transport_block_table(2, 8, world.link.data_symbols, world.link.dmrs_res)
        for tti in range(20):
            radio.step(state, embb(8))
            assert state.kpis.delivered_bytes[0, 0, 0] == packet
            mcs, rbs = int(state.ues.harq_mcs[UE][tti % 8]), int(state.ues.harq_rbs[UE][tti % 8])
            assert sizes[mcs, rbs] >= packet
            assert (sizes[:mcs, rbs] < packet).all()
        # Such a success says nothing of the reports.
        assert state.ues.olla[UE] == 0


def test_a_repetition_waits_until_its_slice_has_as_many_rbs_as_the_first_try_had() -> None:
    radio, state = start(tti_by_tti(one_ue()), HOPELESS)
    for rbs in (8, 8, *[8] * 6, 7, 8):
        radio.step(state, embb(rbs))
    tries = state.ues.harq_tries[UE]
    assert (tries[0], tries[1], tries[2]) == (1, 2, 1)
    assert state.kpis.rb_ttis[0, 0, 0] == 8


def test_a_quota_lowered_for_good_does_not_block_a_ue_for_ever() -> None:
    radio, state = start(tti_by_tti(one_ue()), HOPELESS)
    for _ in range(8):
        radio.step(state, embb(8))
    state.ues.gain[:] = 1e6
    for _ in range(100):
        radio.step(state, embb(7))
    assert state.kpis.delivered_bytes[0, 0, 0] > 0


def test_chase_combining_adds_up_the_sinr_of_the_tries() -> None:
    radio, state = start(tti_by_tti(one_ue()), 1.0)
    optimistic(state)
    for tti in range(24):
        radio.step(state, embb(8))
        process = tti % 8
        if state.ues.harq_bytes[UE][process]:
            tries = int(state.ues.harq_tries[UE][process])
            assert tries == tti // 8 + 1
            assert state.ues.harq_sinr[UE][process] == pytest.approx(tries * 1.0, rel=0.02)
    assert state.ues.harq_tries[UE].max() == 3


@pytest.mark.parametrize(
    ("gain", "hoped_db", "uncertain"), [(13.0, 1.5, 0), (10.0, 4.0, 1)], ids=["first try", "second try"]
)
def test_blocks_fail_as_often_as_the_curves_say_at_the_sinr_of_all_tries_together(
    gain: float, hoped_db: float, uncertain: int
) -> None:
    radio, envs = Radio(tti_by_tti(one_ue())), 128
    state = radio.new_state(seeds(envs))
    state.ues.gain[:] = gain
    pending, block = state.ues.harq_bytes[:, 0, 0, 0], (0, 0)
    tried, failed = np.zeros(2), np.zeros(2)
    for tti in range(16):
        state.ues.olla[:] = round(hoped_db * STEPS_PER_DB) << OLLA_SHIFT
        repeats = pending[:, tti % 8] > 0
        radio.step(state, hard_quotas(np.tile([8, 0, 0], (envs, 1, 1)), 8))
        wrong = pending[:, tti % 8] > 0
        if tti < 8:
            tried[0], failed[0] = tried[0] + envs, failed[0] + wrong.sum()
            first = np.flatnonzero(wrong)[0]
            block = int(state.ues.harq_mcs[first, 0, 0, 0, tti]), 8 * int(pending[first, tti])
        else:
            tried[1], failed[1] = tried[1] + repeats.sum(), failed[1] + (repeats & wrong).sum()
    expected = block_error_rate(2, *block, 10 * np.log10([gain, 2 * gain]))
    assert 0.8 < expected[uncertain] < 0.9
    np.testing.assert_allclose(failed / tried, expected, atol=0.05)


@pytest.mark.parametrize("rbs", [1, 8])
def test_effective_sinr_is_eesm_over_the_rbs_of_the_block(rbs: int) -> None:
    world = one_ue(channel={"fading": "rayleigh"}, mac={"schedulers": ("rr",) * 3})
    radio, state = start(tti_by_tti(world), 3.0)
    compared = 0
    for tti in range(8):
        optimistic(state)
        radio.step(state, embb(rbs))
        if state.ues.harq_bytes[UE][tti]:
            sinrs = 3.0 * fading(radio, state, UE, tti, 0)[0, :rbs]
            mcs = int(state.ues.harq_mcs[UE][tti])
            expected = eesm(sinrs, float(eesm_beta(2)[mcs]))
            assert state.ues.harq_sinr[UE][tti] == pytest.approx(expected, rel=0.02)
            compared += 1
    assert compared >= 4


def saturated(**changes: Any) -> World:
    """One DU with one UE in each slice that always has data, on fading that its reports cannot foresee."""
    return block_world(
        dus=1,
        ues=3,
        layout={"indoor_fraction": 0.0},
        channel={"fading": "jakes", "doppler_speed_mps": 3.0},
        load={"sources": ("full_buffer",) * 3, "buffer_s": (60.0, 60.0, 60.0)},
        **changes,
    )


def settled_error_rates(world: World, gain: float) -> NDArray[np.float64]:
    radio = Radio(world)
    state = radio.new_state(seeds(4))
    state.ues.gain[:] = gain
    blocks, failed = np.zeros(3), np.zeros(3)
    shares = hard_quotas(np.full((4, 1, 3), 4), 12)
    for frame in range(600):
        radio.step(state, shares)
        if frame >= 100:
            blocks += state.kpis.blocks.sum(axis=(0, 1))
            failed += state.kpis.failed_blocks.sum(axis=(0, 1))
    assert (blocks > 10_000).all()
    return failed / blocks


def test_the_outer_loop_holds_each_slices_error_rate_at_its_target() -> None:
    targets = (0.1, 0.3, 0.02)
    found = settled_error_rates(saturated(link={"bler_targets": targets}), 30.0)
    np.testing.assert_allclose(found, targets, rtol=0.15)


def test_the_outer_loop_moves_down_at_errors_up_at_none_and_stays_within_its_limits() -> None:
    world = tti_by_tti(one_ue(link={"bler_targets": (0.1, 0.1, 0.001), "outer_loop_step_db": 0.5}))
    down = round(0.5 * STEPS_PER_DB * (1 << OLLA_SHIFT))
    for gain, sign in ((HOPELESS, -1), (1e6, 1)):
        radio, state = start(world, gain)
        expected = 0
        limit = round(OLLA_LIMIT_DB * STEPS_PER_DB) << OLLA_SHIFT
        for _ in range(500):
            radio.step(state, embb(8))
            step = -down if sign < 0 else round(down / 9)
            expected += step * int(state.kpis.blocks[0, 0, 0])
            expected = min(max(expected, -limit), limit)
            assert state.ues.olla[UE] == expected
        assert abs(expected) == limit


@pytest.mark.parametrize(("preset", "spacing_hz"), [("3gpp", 15e3), ("3gpp-30khz", 30e3)])
def test_a_cell_never_carries_more_than_the_peak_rate_of_its_carrier(preset: str, spacing_hz: float) -> None:
    world = World.model_validate(
        {"preset": preset, "dus": 2, "ues": 12, "load": {"sources": ("full_buffer",) * 3}}
    )
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    peak_bytes = peak_rate_bps(world.rbs, spacing_hz) * world.frame_s / 8
    best = 0.0
    for gain in (1.0, 1e9):
        state.ues.gain[:, [0, 1], :, :, [0, 1]] *= gain
        for _ in range(5):
            radio.step(state, pf_all(world, 2))
            best = max(best, float(state.kpis.delivered_bytes.sum(axis=-1).max()))
            assert best <= peak_bytes
    assert best > 0.8 * peak_bytes
