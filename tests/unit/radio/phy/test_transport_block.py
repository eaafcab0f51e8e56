"""Transport block sizes of TS 38.214 5.1.3.2, code blocks of TS 38.212 5.2.2."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.phy import code_blocks, mcs_table, transport_block_bits, transport_block_table

ORACLE = {
    0: (24, 240, 1608, 3368),
    5: (96, 808, 4992, 10248),
    10: (168, 1416, 8968, 18432),
    16: (336, 2728, 17424, 35856),
    20: (432, 3496, 22536, 46104),
    28: (736, 5888, 36896, 77896),
}
ALLOCATIONS = (1, 8, 51, 106)


def bits(number: int, mcs: int, rbs: int, symbols: int = 12, dmrs_res: int = 12, layers: int = 1) -> int:
    table = mcs_table(number)
    order, rate = int(table.modulation_order[mcs]), float(table.code_rate[mcs])
    return transport_block_bits(order, rate, rbs, symbols, dmrs_res, layers)


@pytest.mark.parametrize("mcs", ORACLE)
def test_known_sizes(mcs: int) -> None:
    assert tuple(bits(1, mcs, rbs) for rbs in ALLOCATIONS) == ORACLE[mcs]


def test_resource_elements_per_rb_are_capped() -> None:
    assert bits(1, 20, 20, symbols=14, dmrs_res=12) == bits(1, 20, 20, symbols=14, dmrs_res=0)
    assert bits(1, 20, 20, symbols=14, dmrs_res=12) > bits(1, 20, 20, symbols=14, dmrs_res=24)


def test_the_table_is_the_function_in_bytes() -> None:
    table = transport_block_table(2, 60, 12, 12)
    assert table.dtype == np.int32
    assert table.shape == (28, 61)
    assert (table[:, 0] == 0).all()
    assert all(8 * table[mcs, rbs] == bits(2, mcs, rbs) for mcs in range(28) for rbs in range(1, 61))


@pytest.mark.parametrize("number", [1, 2])
def test_sizes_never_shrink_with_rbs_nor_with_efficiency(number: int) -> None:
    table = transport_block_table(number, 275, 12, 12)
    assert (np.diff(table, axis=1) >= 0).all()
    assert (np.diff(table[np.argsort(mcs_table(number).efficiency)], axis=0) >= 0).all()


@given(
    number=st.sampled_from([1, 2]),
    mcs=st.integers(0, 27),
    rbs=st.integers(1, 275),
    symbols=st.integers(2, 14),
    dmrs_res=st.integers(0, 20),
    layers=st.integers(1, 4),
)
def test_sizes_are_whole_bytes_near_the_information_bits(
    number: int, mcs: int, rbs: int, symbols: int, dmrs_res: int, layers: int
) -> None:
    table = mcs_table(number)
    size = bits(number, mcs, rbs, symbols, dmrs_res, layers)
    information = min(12 * symbols - dmrs_res, 156) * rbs * layers * float(table.efficiency[mcs])
    assert size % 8 == 0
    assert size >= 24
    # The quantisation step is 1/32 to 1/64 of the size, 8 bits at least; the gaps of the table are below 5 %.
    assert abs(size - information) <= max(24, 0.06 * information)


def test_no_rbs_carry_nothing() -> None:
    assert bits(1, 28, 0) == 0


def test_a_slot_without_data_is_refused() -> None:
    with pytest.raises(ValueError, match="12 REs per RB"):
        bits(1, 5, 10, symbols=1, dmrs_res=12)


@given(size=st.integers(3, 160_000).map(lambda octets: 8 * octets), rate=st.floats(0.1, 0.93))
def test_code_blocks_hold_the_block_and_fit_the_base_graph(size: int, rate: float) -> None:
    number, each = code_blocks(size, rate)
    assert each <= (3840 if rate <= 0.25 or size <= 292 else 8448)
    crc = 24 if size > 3824 else 16
    assert number * each >= size + crc
    overhead = size + crc + (24 * number if number > 1 else 0)
    assert number * each - overhead < number


@pytest.mark.parametrize(
    ("size", "rate", "number"),
    [(24, 0.5, 1), (3824, 0.6, 1), (3824, 0.9, 1), (8424, 0.5, 1), (8448, 0.5, 2), (3840, 0.2, 2)],
)
def test_where_segmentation_begins(size: int, rate: float, number: int) -> None:
    assert code_blocks(size, rate).number == number


@pytest.mark.parametrize("number", [1, 2])
def test_sizes_of_the_standard_split_into_equal_code_blocks(number: int) -> None:
    """TS 38.214 chooses sizes above 3824 bits so that no code block needs padding."""
    table = mcs_table(number)
    for mcs, rate in enumerate(table.code_rate):
        for rbs in range(1, 276, 7):
            size = bits(number, mcs, rbs)
            if size > 3824:
                blocks = code_blocks(size, float(rate))
                crc = 24 * (1 + (blocks.number if blocks.number > 1 else 0))
                assert blocks.number * blocks.bits == size + crc
                assert math.gcd(size, 8) == 8


MEASURED_BITS_PER_RB = {10: 170, 13.5: 235, 16.2: 325, 18: 377, 21: 470, 22: 507}
"""Mean bits per granted RB and ms over the mean MCS of a measured LTE downlink (ColO-RAN, 50 RBs)."""


@pytest.mark.parametrize("mean_mcs", MEASURED_BITS_PER_RB)
def test_bits_per_rb_are_near_those_of_a_measured_network(mean_mcs: float) -> None:
    # LTE has other tables, and a mean MCS is a mixture: within 5 % but for 13.5. It catches a wrong factor.
    below, above = (bits(1, mcs, 50) / 50 for mcs in (int(mean_mcs), int(mean_mcs) + 1))
    expected = below + (mean_mcs - int(mean_mcs)) * (above - below)
    assert expected == pytest.approx(MEASURED_BITS_PER_RB[mean_mcs], rel=0.15)
