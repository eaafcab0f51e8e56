"""Peak rates of TS 38.306 4.1.2."""

import pytest

from cadran.radio.phy import mcs_table, peak_rate_bps, transport_block_table


@pytest.mark.parametrize(
    ("rbs", "spacing_khz", "order", "rate_mbps"),
    [
        (106, 15, 8, 113.43),
        (106, 15, 6, 85.07),
        (51, 30, 8, 109.15),
        (273, 30, 8, 584.25),
        (100, 15, 8, 107.01),
    ],
)
def test_known_rates(rbs: int, spacing_khz: int, order: int, rate_mbps: float) -> None:
    rate_bps = peak_rate_bps(rbs, spacing_khz * 1e3, order)
    assert rate_bps / 1e6 == pytest.approx(rate_mbps, abs=0.00501)


def test_layers_multiply_and_overhead_takes() -> None:
    assert peak_rate_bps(50, 15e3, layers=4) == pytest.approx(4 * peak_rate_bps(50, 15e3))
    assert peak_rate_bps(50, 15e3, overhead=0.08) / peak_rate_bps(50, 15e3) == pytest.approx(0.92 / 0.86)


@pytest.mark.parametrize(("number", "order"), [(1, 6), (2, 8)])
def test_no_transport_block_exceeds_it(number: int, order: int) -> None:
    """With 12 symbols less 12 REs of DM-RS, a slot of 1 ms at 15 kHz."""
    largest = transport_block_table(number, 273, 12, 12).max(axis=0)
    assert len(mcs_table(number).code_rate) >= 28
    for rbs in (24, 51, 106, 273):
        assert 8 * int(largest[rbs]) / 1e-3 <= peak_rate_bps(rbs, 15e3, order)
