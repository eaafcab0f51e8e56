"""Transport blocks, effective SINR and block errors against Sionna."""

import json
from pathlib import Path

import numpy as np
import pytest
import sionna.sys
import torch
from numpy.typing import NDArray
from sionna.phy import config
from sionna.phy.nr.utils import CodedAWGNChannelNR, calculate_tb_size

from cadran.radio.phy import (
    block_error_rate,
    code_blocks,
    eesm,
    eesm_beta,
    mcs_table,
    threshold_db,
    transport_block_bits,
)

RBS = 275
CRC_BITS = 16
Measured = list[tuple[int, int, float, float]]  # MCS, bits of a code block, SINR in dB, block error rate


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(("symbols", "dmrs_res"), [(12, 12), (14, 12), (4, 6)])
def test_transport_and_code_blocks_are_equal(number: int, symbols: int, dmrs_res: int) -> None:
    table = mcs_table(number)
    rbs = torch.arange(1, RBS + 1, dtype=torch.int32)
    for order, rate in zip(table.modulation_order.tolist(), table.code_rate.tolist(), strict=True):
        theirs = calculate_tb_size(
            torch.full((RBS,), order),
            torch.full((RBS,), rate),
            num_prbs=rbs,
            num_ofdm_symbols=symbols,
            num_dmrs_per_prb=dmrs_res,
            return_cw_length=False,
        )
        sizes = [transport_block_bits(order, rate, int(count), symbols, dmrs_res) for count in rbs]
        blocks = [code_blocks(size, rate) for size in sizes]
        assert sizes == theirs[0].tolist()
        assert [block.bits for block in blocks] == theirs[1].tolist()
        assert [block.number for block in blocks] == theirs[2].tolist()


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("spread_db", [0.0, 3.0, 10.0])
def test_effective_sinrs_agree(number: int, spread_db: float) -> None:
    rng = np.random.default_rng(int(spread_db))
    theirs = sionna.sys.EESM(sinr_eff_min_db=-60, sinr_eff_max_db=60, precision="double")
    for mcs, beta in enumerate(eesm_beta(number)):
        sinr = 10 ** ((rng.uniform(-5, 25) + spread_db * rng.standard_normal(52)) / 10)
        expected = theirs(torch.from_numpy(sinr).reshape(1, 52, 1, 1), torch.tensor([mcs]), number)
        assert eesm(sinr, float(beta)) == pytest.approx(float(expected), rel=1e-9)


def measured_rates(number: int) -> Measured:
    """Block error rates of Sionna's link simulations in AWGN, those strictly between 0.5 % and 99.5 %."""
    path = Path(sionna.sys.__file__).parent / "bler_tables" / f"PDSCH_table{number}.json"
    rows = json.loads(path.read_text())["category"]["1"]["index"][str(number)]["MCS"]
    return [
        (int(mcs), int(bits), sinr_db, rate)
        for mcs, row in rows.items()
        for bits, curve in row["CBS"].items()
        for sinr_db, rate in zip(row["SNR_db"], curve["BLER"], strict=True)
        if 0.005 < rate < 0.995
    ]


def shift_db(number: int, mcs: int, bits: int, sinr_db: float, rate: float) -> float:
    """How far the curve must be moved, in dB, to go through a measured point."""
    grid_db = sinr_db + np.arange(-5, 5, 0.01)
    curve: NDArray[np.float64] = block_error_rate(number, mcs, bits - CRC_BITS, grid_db)
    return float(sinr_db - np.interp(-rate, -curve, grid_db))


@pytest.mark.parametrize("number", [1, 2])
def test_curves_of_long_blocks_go_through_measured_points(number: int) -> None:
    """Code blocks of 500 to 2000 bits: within 0.1 dB at the median, none off by more than 0.35 dB."""
    points = [point for point in measured_rates(number) if point[1] >= 500]
    shifts_db = np.abs([shift_db(number, *point) for point in points])
    assert shifts_db.size > 70
    assert np.median(shifts_db) < 0.1
    assert shifts_db.max() < 0.35


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("bits", [24, 100])
def test_curves_of_short_blocks_go_through_measured_points(number: int, bits: int) -> None:
    """At code rates up to 0.6: within 0.15 dB at the median, 0.5 dB in 95 % of points."""
    low_rate = mcs_table(number).code_rate < 0.6
    points = [point for point in measured_rates(number) if point[1] == bits and low_rate[point[0]]]
    shifts_db = np.abs([shift_db(number, *point) for point in points])
    assert shifts_db.size > 20
    assert np.median(shifts_db) < 0.15
    assert np.quantile(shifts_db, 0.95) < 0.5


@pytest.mark.parametrize(("number", "mcs", "bits"), [(1, 9, 500), (1, 13, 100), (1, 20, 500), (2, 22, 500)])
def test_one_block_in_ten_fails_at_the_threshold(number: int, mcs: int, bits: int) -> None:
    """Of 300 blocks coded, sent over AWGN and decoded, 3 to 22 % fail."""
    config.seed = 1
    table = mcs_table(number)
    order, rate = int(table.modulation_order[mcs]), float(table.code_rate[mcs])
    sinr_db = threshold_db(number, bits)[mcs]
    channel = CodedAWGNChannelNR(order, bits, rate)
    sent, decoded = channel(300, float(sinr_db - 10 * np.log10(order * rate)))
    assert 0.03 < float((sent != decoded).any(dim=-1).float().mean()) < 0.22
