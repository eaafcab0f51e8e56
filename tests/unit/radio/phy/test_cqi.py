"""CQI tables of TS 38.214, Tables 5.2.2.1-2 and 5.2.2.1-3, and their switching points."""

import numpy as np
import pytest

from cadran.radio.phy import block_error_rate, cqi_efficiency, cqi_thresholds_db, mcs_table

TABLE_1 = (
    *(0, 0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766),
    *(1.9141, 2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547),
)
TABLE_2 = (
    *(0, 0.1523, 0.3770, 0.8770, 1.4766, 1.9141, 2.4063, 2.7305),
    *(3.3223, 3.9023, 4.5234, 5.1152, 5.5547, 6.2266, 6.9141, 7.4063),
)


@pytest.mark.parametrize(("number", "efficiency"), [(1, TABLE_1), (2, TABLE_2)])
def test_efficiencies_of_the_standard(number: int, efficiency: tuple[float, ...]) -> None:
    assert cqi_efficiency(number) == pytest.approx(efficiency, abs=5.1e-5)


@pytest.mark.parametrize("number", [1, 2])
def test_thresholds_grow(number: int) -> None:
    assert (np.diff(cqi_thresholds_db(number)) > 0).all()


@pytest.mark.parametrize("number", [1, 2])
def test_a_cqi_promises_ten_percent_errors_at_its_threshold(number: int) -> None:
    efficiency = mcs_table(number).efficiency
    for cqi in range(2, 16):
        mcs = int(np.flatnonzero(efficiency == cqi_efficiency(number)[cqi])[0])
        at_threshold = block_error_rate(number, mcs, 2000 - 16, cqi_thresholds_db(number)[cqi - 1])
        assert at_threshold == pytest.approx(0.1, abs=1e-6)


def test_both_tables_agree_where_they_hold_the_same_scheme() -> None:
    first, second = cqi_efficiency(1)[1:], cqi_efficiency(2)[1:]
    shared, of_first, of_second = np.intersect1d(first, second, return_indices=True)
    assert shared.size == 12
    differences = cqi_thresholds_db(1)[of_first] - cqi_thresholds_db(2)[of_second]
    assert abs(differences[:-1]).max() < 1e-9
    assert (
        0 < differences[-1] < 2
    )  # 5.5547 bit/s/Hz is 64QAM at rate 0.93 in one, 256QAM at 0.69 in the other


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="CQI table 3"):
        cqi_efficiency(3)
