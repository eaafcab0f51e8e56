"""What a DU knows of its UEs' channels: the right measurement, of the right TTI."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio import Radio, State, World, hard_quotas, quotas
from cadran.radio.csi import reported_tti
from cadran.radio.link import STEPS_PER_DB
from cadran.radio.phy import cqi_efficiency, cqi_thresholds_db
from cadran.radio.tables import OLLA_SHIFT

from .worlds import FloatArray, activity, block_world, fading, no_rbs, pf_all, seeds, sinr, taken, tti_by_tti

SATURATED: dict[str, Any] = {
    "load": {"sources": ("full_buffer",) * 3, "buffer_s": (60.0, 60.0, 60.0)},
    "link": {"outer_loop_step_db": 1e-6, "bler_targets": (1e-6,) * 3},
}
"""Everybody always has data, and the outer loop stands still."""


@pytest.mark.parametrize(("period", "delay"), [(1, 0), (1, 4), (5, 0), (5, 4), (8, 1)])
def test_a_report_is_delay_to_delay_plus_period_ttis_old_and_the_ues_take_turns(
    period: int, delay: int
) -> None:
    for slot in range(10):
        reports = np.array([reported_tti(tti, slot, period, delay) for tti in range(100)])
        settled = np.arange(period + delay, 100)
        age = settled - reports[settled]
        assert (age >= delay).all()
        assert (age < delay + period).all()
        assert (reports[settled] % period == slot % period).all()
        assert (reports >= 0).all()
        np.testing.assert_array_equal(reports[: delay + 1], 0)


def reported_bits(world: World, found: FloatArray) -> NDArray[np.int64]:
    """Bits of each unit by the CQI of its SINR."""
    cqi = np.searchsorted(cqi_thresholds_db(2), 10 * np.log10(found), side="right")
    bits = np.rint(cqi_efficiency(2) * (12 * world.link.data_symbols - world.link.dmrs_res))
    return np.asarray(bits[cqi] * world.unit_rbs, dtype=np.int64)


def near_a_threshold(found: FloatArray) -> NDArray[np.bool_]:
    """Where the curve's steps of 0.02 dB may give the next CQI."""
    distance = 10 * np.log10(found)[:, None] - cqi_thresholds_db(2)
    return np.asarray((np.abs(distance) < 0.02).any(axis=1))


@pytest.mark.parametrize("fading_kind", ["jakes", "rayleigh", "none"])
@pytest.mark.parametrize("interference", ["mean", "measured"])
@pytest.mark.parametrize(("period", "delay"), [(1, 0), (5, 4), (3, 1)])
def test_reports_hold_fading_and_interference_of_the_tti_they_measured(
    fading_kind: str, interference: str, period: int, delay: int
) -> None:
    link = {"csi_period_ttis": period, "csi_delay_ttis": delay, "csi_interference": interference}
    settings = SATURATED | {"link": SATURATED["link"] | link, "channel": {"fading": fading_kind}}
    world = tti_by_tti(block_world(**settings))
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    rng, sent, compared = np.random.default_rng(1), [], 0
    for tti in range(30):
        most = rng.integers(0, 13, size=(1, 3, 3))
        repeats = state.ues.harq_bytes[..., tti % 8] > 0
        radio.step(state, quotas(np.zeros_like(most), np.zeros_like(most), most, 12))
        sent.append(activity(world, state))
        if tti > period + delay and tti % 4:
            continue
        # A UE with a due repetition needs no report.
        for ue in zip(*np.nonzero(taken(state) & ~repeats), strict=True):
            _, c, s, u = ue
            slot = (c * 3 + s) * world.max_ues_per_slice + u
            at = reported_tti(tti, slot, period, delay)
            assert state.ues.csi_tti[ue] == at
            shift = int(state.ues.row_step[ue]) * (at + 1) >> 16
            powers = fading(radio, state, ue, at, shift)
            if interference == "mean":
                own = powers[c].copy()
                powers[:] = 1
                powers[c] = own
            # What can be used at once cannot know what the neighbours decide in its TTI.
            seen = sent[at if delay and at else at - 1] if at else np.ones((3, 6), dtype=np.bool_)
            found = sinr(state.ues.gain[ue], powers, seen, c)
            clear = ~near_a_threshold(found)
            np.testing.assert_array_equal(state.ues.csi_bits[ue][clear], reported_bits(world, found)[clear])
            compared += int(clear.sum())
    assert compared > 300


@pytest.mark.parametrize(("period", "delay", "first"), [(5, 4, 40), (5, 4, 3), (1, 4, 7), (5, 0, 38)])
def test_a_report_worked_out_late_equals_one_worked_out_at_once(period: int, delay: int, first: int) -> None:
    link = {"csi_period_ttis": period, "csi_delay_ttis": delay}
    world = tti_by_tti(block_world(**SATURATED | {"link": SATURATED["link"] | link}))
    radio = Radio(world)
    always, late = radio.new_state(seeds(1)), radio.new_state(seeds(1))
    limit = late.ues.queue_limit.copy()
    only_others = np.full((1, 3, 3), 2)
    only_others[0, 0] = 0
    late.ues.queue_limit[:, 0] = 0
    for tti in range(first + 1):
        if tti == first:
            assert (late.ues.csi_tti[:, 0] == -1)[taken(late)[:, 0]].all()
            late.ues.queue_limit[:] = limit
        for state in (always, late):
            radio.step(state, hard_quotas(only_others, 12))
    for name in ("csi_tti", "csi_bits"):
        np.testing.assert_array_equal(getattr(always.ues, name), getattr(late.ues, name))


def test_reports_are_counted_once_per_ue_and_period() -> None:
    world = block_world(**SATURATED | {"channel": {"fading": "none"}})
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    for _ in range(3):
        radio.step(state, no_rbs(world, 2))
    ues = state.kpis.ues
    np.testing.assert_array_equal(state.kpis.cqi_reports, ues * world.ttis_per_frame // 5)
    # Nobody transmits, and nothing fades: every report is that of the SNR.
    snr = np.stack([state.ues.gain[:, c, ..., c] for c in range(3)], axis=1)
    index = np.searchsorted(10 ** (cqi_thresholds_db(2) / 10), snr, side="right")
    np.testing.assert_array_equal(state.kpis.cqi_sum, 2 * index.sum(axis=-1))


def test_cqi_is_what_the_ue_measured_whatever_the_outer_loop_makes_of_it() -> None:
    world = block_world(**SATURATED)
    radio = Radio(world)
    found = []
    for olla_db in (-6.0, 0.0, 6.0):
        state = radio.new_state(seeds(1))
        state.ues.olla[:] = round(olla_db * STEPS_PER_DB) << OLLA_SHIFT
        radio.step(state, no_rbs(world, 1))
        found.append((state.kpis.cqi_sum.copy(), int(state.ues.csi_bits.sum())))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[2][0], found[1][0])
    assert found[0][1] < found[1][1] < found[2][1]


def test_the_shannon_link_reports_no_cqi() -> None:
    world = block_world(link={"adaptation": "shannon"})
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    for _ in range(3):
        radio.step(state, pf_all(world, 1))
        assert not state.kpis.cqi_reports.any()
        assert not state.kpis.blocks.any()
    assert state.ledger.delivered_bytes.any()


def test_average_spectral_efficiency_is_that_of_the_reports() -> None:
    """Both are measured on the same fading: their means agree where activity is steady."""

    def means(state: State) -> tuple[float, float]:
        rbs, per_se = world.rbs, world.rb_bandwidth_hz * world.tti_s
        reported = state.ues.csi_bits[taken(state)].sum(axis=-1) / (rbs * per_se)
        return float(reported.mean()), float(state.ues.mean_se[taken(state)].mean())

    world = block_world(**SATURATED | {"link": SATURATED["link"] | {"csi_interference": "mean"}})
    radio = Radio(world)
    state, found = radio.new_state(seeds(4)), []
    for _ in range(60):
        radio.step(state, pf_all(world, 4))
        found.append(means(state))
    reported, averaged = np.mean(found[20:], axis=0)
    assert averaged == pytest.approx(reported, rel=0.03)
