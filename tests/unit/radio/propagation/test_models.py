"""Parameters that TR 38.901 tabulates."""

import pytest

from cadran.radio.propagation.models import LOS, NLOS, delay_spread_s


@pytest.mark.parametrize(
    ("model", "los_ns", "nlos_ns"),
    [("umi", 40, 97), ("uma", 74, 267), ("inf_sl", 53, 55), ("inf_dl", 59, 61)],
)
def test_median_delay_spreads_at_3_5_ghz(model: str, los_ns: float, nlos_ns: float) -> None:
    assert delay_spread_s(model, LOS, 3.5e9) == pytest.approx(los_ns * 1e-9, abs=0.6e-9)
    assert delay_spread_s(model, NLOS, 3.5e9) == pytest.approx(nlos_ns * 1e-9, abs=0.6e-9)


def test_delay_spreads_do_not_change_below_the_lowest_frequency_of_their_table() -> None:
    assert delay_spread_s("uma", NLOS, 6e9) == delay_spread_s("uma", NLOS, 1e9)
    assert delay_spread_s("uma", NLOS, 30e9) < delay_spread_s("uma", NLOS, 6e9)
    assert delay_spread_s("umi", NLOS, 2e9) == delay_spread_s("umi", NLOS, 1e9)
