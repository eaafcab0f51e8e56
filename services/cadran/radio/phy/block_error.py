"""Probability that a transport block is not decoded."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.phy.mcs import mcs_table
from cadran.radio.phy.transport_block import code_blocks

SIZE_CLASSES = (32, 104, 320, 1032, 3240, 8424, 25_000, 75_000)
"""Sizes of transport blocks, in bits, that tables of block error rates are made for."""
SLOPE_PER_DB = 5.0
_REFERENCE_BITS = 2000
_SHORTEST_BITS = 24
_SHORTEST_LOSS_DB = 2.0
_FIRST_MEASURED = (3, 2)
_THRESHOLDS_DB = (
    (
        *(-2.78, -2.45, -0.98, 0.53, 0.80, 2.43, 2.59, 2.84, 4.27, 4.49, 6.08, 6.23, 7.93),
        *(7.95, 8.73, 9.74, 10.03, 11.57, 12.24, 13.37, 14.30, 15.09, 16.52, 17.02, 18.43, 18.97),
    ),
    (
        *(-1.58, 0.13, 1.71, 3.65, 4.86, 6.05, 6.45, 7.98, 8.09, 9.58, 10.55, 11.18),
        *(12.71, 13.20, 14.38, 15.53, 16.02, 17.44, 18.51, 18.98, 19.80, 20.80, 22.13, 22.94, 23.88),
    ),
)


def threshold_db(number: int) -> NDArray[np.float64]:
    """SINR in dB at which a code block of 2000 bits fails in 10 % of cases, float64[M], by MCS."""
    efficiency = mcs_table(number).efficiency
    shannon_db = 10 * np.log10(2**efficiency - 1)
    first, measured = _FIRST_MEASURED[number - 1], np.array(_THRESHOLDS_DB[number - 1])
    rows = np.arange(first, first + measured.size)
    gap_db: NDArray[np.float64] = np.interp(np.arange(efficiency.size), rows, measured - shannon_db[rows])
    return shannon_db + gap_db


def block_error_rate(
    number: int, mcs: int, block_bits: int, sinr_db: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Block error rate in [0, 1] at an effective SINR, of the shape of ``sinr_db``.

    Args:
        number: MCS table.
        mcs: MCS index.
        block_bits: size of the transport block, bits.
        sinr_db: effective SINR in dB.
    """
    blocks = code_blocks(block_bits, float(mcs_table(number).code_rate[mcs]))
    missing = np.log(_REFERENCE_BITS / min(max(blocks.bits, _SHORTEST_BITS), _REFERENCE_BITS))
    loss_db = _SHORTEST_LOSS_DB * missing / np.log(_REFERENCE_BITS / _SHORTEST_BITS)
    middle_db = threshold_db(number)[mcs] + loss_db - np.log(9) / SLOPE_PER_DB
    exponent = np.clip(SLOPE_PER_DB * (np.asarray(sinr_db) - middle_db), -700, 700)
    intact = 1 / (1 + np.exp(-exponent))
    rate: NDArray[np.float64] = 1 - intact**blocks.number
    return rate


def block_error_tables(number: int, sinr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Block error rates, float64[M, Z, n], by MCS, class of size (:data:`SIZE_CLASSES`) and SINR.

    Args:
        number: MCS table.
        sinr: effective SINRs, linear, positive, float64[n].
    """
    sinr_db = 10 * np.log10(sinr)
    rates = [
        [block_error_rate(number, mcs, bits, sinr_db) for bits in SIZE_CLASSES]
        for mcs in range(mcs_table(number).code_rate.size)
    ]
    return np.array(rates)


def size_class(block_bits: int) -> int:
    """Index in :data:`SIZE_CLASSES` of the size nearest to ``block_bits`` on a logarithmic scale."""
    return int(np.argmin(np.abs(np.log(np.array(SIZE_CLASSES) / max(block_bits, 1)))))
