"""MCS tables of TS 38.214, Tables 5.1.3.1-1 and 5.1.3.1-2."""

import numpy as np
import pytest

from cadran.radio.phy import highest_mcs, mcs_table


@pytest.mark.parametrize(
    ("number", "mcs", "order", "rate_1024", "efficiency"),
    [
        (1, 0, 2, 120, 0.2344),
        (1, 9, 2, 679, 1.3262),
        (1, 10, 4, 340, 1.3281),
        (1, 16, 4, 658, 2.5703),
        (1, 17, 6, 438, 2.5664),
        (1, 28, 6, 948, 5.5547),
        (2, 0, 2, 120, 0.2344),
        (2, 4, 2, 602, 1.1758),
        (2, 5, 4, 378, 1.4766),
        (2, 11, 6, 466, 2.7305),
        (2, 20, 8, 682.5, 5.3320),
        (2, 26, 8, 916.5, 7.1602),
        (2, 27, 8, 948, 7.4063),
    ],
)
def test_rows_of_the_standard(number: int, mcs: int, order: int, rate_1024: float, efficiency: float) -> None:
    table = mcs_table(number)
    assert table.modulation_order[mcs] == order
    assert table.code_rate[mcs] == rate_1024 / 1024
    assert round(float(table.efficiency[mcs]), 4) == pytest.approx(efficiency, abs=1.01e-4)


def test_lengths() -> None:
    assert [mcs_table(number).code_rate.size for number in (1, 2)] == [29, 28]


def test_table_2_grows_in_efficiency_and_table_1_but_for_the_first_64qam_row() -> None:
    assert (np.diff(mcs_table(2).efficiency) > 0).all()
    assert np.flatnonzero(np.diff(mcs_table(1).efficiency) <= 0).tolist() == [16]


def test_highest_mcs_is_the_last_that_fits() -> None:
    for number in (1, 2):
        efficiency = mcs_table(number).efficiency
        for mcs in range(efficiency.size):
            chosen = highest_mcs(number, float(efficiency[mcs]))
            assert chosen == (17 if (number, mcs) == (1, 16) else mcs)
        assert highest_mcs(number, 100.0) == efficiency.size - 1


def test_highest_mcs_of_too_little_is_the_first() -> None:
    assert highest_mcs(1, 0.0) == 0


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="MCS table 3"):
        mcs_table(3)
