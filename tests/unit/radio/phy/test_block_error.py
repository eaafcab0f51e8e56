"""Block error curves."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.phy import (
    SIZE_CLASSES,
    block_error_rate,
    block_error_tables,
    code_blocks,
    mcs_table,
    size_class,
    threshold_db,
)

CRC_BITS = 16
GRID_DB = np.arange(-15, 45, 0.25)
SINGLE = [bits for bits in SIZE_CLASSES if bits <= 3824]
"""Sizes that are one code block, at any code rate but for the last at 0.25 and less."""
mcs_of_tables = st.sampled_from([(n, mcs) for n in (1, 2) for mcs in range(mcs_table(n).code_rate.size)])
sizes = st.integers(3, 20_000).map(lambda octets: 8 * octets)


@given(which=mcs_of_tables, bits=sizes)
def test_rates_are_probabilities_that_fall_with_sinr(which: tuple[int, int], bits: int) -> None:
    rates = block_error_rate(*which, bits, GRID_DB)
    assert rates.min() >= 0
    assert rates.max() <= 1
    assert (np.diff(rates) <= 0).all()
    assert block_error_rate(*which, bits, np.array([-60.0, 80.0])) == pytest.approx([1, 0], abs=1e-12)


@given(which=mcs_of_tables, bits=st.integers(3, 230).map(lambda octets: 8 * octets))
def test_one_code_block_in_ten_fails_at_the_threshold(which: tuple[int, int], bits: int) -> None:
    number, mcs = which
    threshold = threshold_db(number, bits + CRC_BITS)[mcs]
    assert block_error_rate(number, mcs, bits, threshold) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("number", [1, 2])
def test_a_higher_mcs_needs_more_sinr(number: int) -> None:
    for bits in (24, 100, 500, 2000):
        assert (np.diff(threshold_db(number, bits)) >= 0).all()
    assert (np.diff(threshold_db(number)) > 0).all()


@pytest.mark.parametrize("number", [1, 2])
def test_a_higher_mcs_never_fails_less(number: int) -> None:
    """Where one fails in less than half of the cases; far below, a flatter curve may cross a steeper one."""
    tables = block_error_tables(number, 10 ** (GRID_DB / 10))
    better, worse = tables[:-1], tables[1:]
    assert ((worse >= better - 1e-12) | (better > 0.5)).all()


@given(which=mcs_of_tables)
def test_a_short_block_is_never_better_than_a_long_one(which: tuple[int, int]) -> None:
    """At 10 % errors and fewer: at low SINR a short block does fail less, for there is less to fail."""
    for shorter, longer in pairwise(SINGLE):
        short, long = (block_error_rate(*which, bits, GRID_DB) for bits in (shorter, longer))
        assert ((short >= long * (1 - 1e-6)) | (short > 0.1)).all()


@pytest.mark.parametrize("number", [1, 2])
def test_a_very_short_block_costs_up_to_2_6_db_in_qpsk_and_16qam(number: int) -> None:
    cost_db = (threshold_db(number, 24) - threshold_db(number))[mcs_table(number).modulation_order <= 4]
    assert cost_db.min() > 0.6
    assert cost_db.max() < 2.6


@pytest.mark.parametrize("number", [1, 2])
def test_thresholds_are_a_little_above_capacity(number: int) -> None:
    """LDPC blocks of 2000 bits need 1.2 dB (QPSK) to 2.8 dB more than Shannon's limit."""
    table = mcs_table(number)
    gap_db = threshold_db(number) - 10 * np.log10(2**table.efficiency - 1)
    assert gap_db.min() > 1.0
    assert gap_db.max() < 3.0
    assert gap_db[table.modulation_order == 2].max() < 1.6


def test_repetition_below_rate_one_fifth_saves_what_it_repeats() -> None:
    table = mcs_table(1)
    for first, second in ((0, 1), (1, 2)):
        saved_db = threshold_db(1)[second] - threshold_db(1)[first]
        assert saved_db == pytest.approx(10 * np.log10(table.code_rate[second] / table.code_rate[first]))


@given(which=mcs_of_tables, bits=st.integers(9000, 100_000))
def test_a_transport_block_fails_if_one_of_its_code_blocks_does(which: tuple[int, int], bits: int) -> None:
    number, mcs = which
    blocks = code_blocks(bits, float(mcs_table(number).code_rate[mcs]))
    assert blocks.number > 1
    at_threshold = block_error_rate(number, mcs, bits, threshold_db(number, blocks.bits)[mcs])
    assert at_threshold == pytest.approx(1 - 0.9**blocks.number, rel=1e-5)


def test_tables_hold_the_function_on_the_classes() -> None:
    sinr = 10 ** (GRID_DB / 10)
    tables = block_error_tables(2, sinr)
    assert tables.shape == (28, len(SIZE_CLASSES), GRID_DB.size)
    for mcs in (0, 11, 27):
        for index, bits in enumerate(SIZE_CLASSES):
            assert tables[mcs, index] == pytest.approx(block_error_rate(2, mcs, bits, GRID_DB), rel=1e-6)


def test_classes_are_nearest_in_ratio() -> None:
    assert [size_class(bits) for bits in SIZE_CLASSES] == list(range(len(SIZE_CLASSES)))
    assert size_class(0) == 0
    assert size_class(10**6) == len(SIZE_CLASSES) - 1
    for smaller, larger in pairwise(SIZE_CLASSES):
        middle = (smaller * larger) ** 0.5
        assert size_class(int(middle)) + 1 == size_class(int(middle) + 1)


@pytest.mark.parametrize("number", [1, 2])
def test_classes_are_fine_enough(number: int) -> None:
    """The 10 % point of a class is within 0.6 dB of that of any code block counted to it, in use at 1 RB."""
    for mcs, rate in enumerate(mcs_table(number).code_rate):
        smallest = int(132 * mcs_table(number).efficiency[mcs])
        for bits in np.unique(np.geomspace(max(24, smallest), 3824, 60).astype(int)):
            ours, of_class = (
                threshold_db(number, code_blocks(size, float(rate)).bits)[mcs]
                for size in (int(bits), SIZE_CLASSES[size_class(int(bits))])
            )
            assert abs(ours - of_class) < 0.6


def test_unknown_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="MCS table 7"):
        threshold_db(7)
