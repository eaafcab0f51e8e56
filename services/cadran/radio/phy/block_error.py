"""Probability that a transport block is not decoded.

Over the SINR in dB the error rate of a code block is the tail of a normal distribution: the normal
approximation of coding at finite length, whose spread falls as one over the square root of the length.
Threshold and spread were measured: LDPC code blocks of TS 38.212 in AWGN, QAM of TS 38.211, soft demapping,
20 iterations of belief propagation; 250 (2000 bits) to 2000 blocks (24 bits) per scheme between 50 % and 10 %
errors, fitted by maximum likelihood, with one spread per modulation and size (that of code rates up to 0.78;
short blocks of higher rates have wider curves, but no RB is that short). Thresholds are good to 0.1 dB.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.phy.mcs import mcs_table
from cadran.radio.phy.transport_block import code_blocks

SIZE_CLASSES = (24, 56, 128, 320, 1032, 3824, 16_896, 75_000)
"""Sizes of transport blocks, in bits, that tables of block error rates are made for."""
REFERENCE_BITS = 2000
"""Size in bits of the longest code blocks in the tables below.

Blocks of 3600 bits have the same threshold to 0.1 dB (measured for five schemes). ASSUMED: so have those of
up to 8448 bits, the longest that there are.
"""
_MEASURED_BITS = (24, 100, 500, REFERENCE_BITS)
_MOTHER_RATE = 1 / 5
"""Code rate of LDPC base graph 2 (TS 38.212 5.3.2); what is sent below it repeats."""
_THRESHOLDS_DB: dict[int, dict[float, tuple[float, ...]]] = {
    2: {
        1024 / 5: (-1.86, -2.99, -3.55, -3.75),
        251: (-0.93, -1.93, -2.50, -2.71),
        308: (0.16, -1.02, -1.43, -1.64),
        379: (1.07, 0.30, -0.34, -0.50),
        449: (2.19, 1.06, 0.66, 0.41),
        526: (2.96, 2.05, 1.66, 1.42),
        602: (3.78, 3.03, 2.50, 2.35),
        679: (4.40, 3.87, 3.47, 3.21),
    },
    4: {
        340: (5.06, 4.13, 3.68, 3.49),
        378: (5.59, 4.89, 4.31, 4.16),
        434: (6.60, 5.85, 5.34, 5.11),
        490: (7.77, 6.73, 6.27, 6.01),
        553: (8.25, 7.73, 7.33, 7.04),
        616: (9.95, 8.77, 8.29, 8.04),
        658: (10.00, 9.50, 8.88, 8.67),
    },
    6: {
        438: (10.83, 10.21, 9.45, 9.13),
        466: (11.81, 10.62, 9.90, 9.74),
        517: (12.76, 11.50, 11.01, 10.75),
        567: (12.67, 12.39, 11.94, 11.78),
        616: (14.13, 13.56, 12.94, 12.69),
        666: (14.04, 14.44, 13.86, 13.67),
        719: (15.80, 15.62, 14.80, 14.59),
        772: (15.70, 16.28, 15.82, 15.56),
        822: (18.31, 17.87, 16.78, 16.52),
        873: (18.26, 18.86, 17.93, 17.57),
        910: (18.21, 19.83, 18.59, 18.34),
        948: (18.28, 19.97, 19.48, 19.40),
    },
    8: {
        682.5: (18.97, 19.66, 18.97, 18.61),
        711: (19.27, 19.58, 19.29, 19.05),
        754: (19.23, 21.64, 20.48, 20.13),
        797: (22.28, 21.62, 21.24, 21.14),
        841: (22.49, 23.00, 22.31, 22.12),
        885: (22.42, 24.30, 23.54, 23.25),
        916.5: (22.33, 26.15, 24.40, 24.11),
        948: (22.49, 26.27, 25.24, 25.01),
    },
}
"""SINR in dB of 10 % errors, by modulation order, 1024 R, and code block size (:data:`_MEASURED_BITS`)."""
_SPREADS_DB = {
    2: (1.48, 0.75, 0.38, 0.18),
    4: (1.7, 0.87, 0.44, 0.21),
    6: (2.03, 1.11, 0.51, 0.27),
    8: (2.1, 1.28, 0.57, 0.31),
}
"""Standard deviation of the curve in dB, by modulation order and code block size."""
_TENTH = 1.2815515655446004
"""Standard deviations from the middle of a normal distribution to its 10 % tail."""
_STEPS_PER_DEVIATION = 256
_MOST_DEVIATIONS = 8


class _Curves(NamedTuple):
    """10 % threshold and standard deviation in dB, both float64[M, sizes measured]."""

    threshold_db: NDArray[np.float64]
    spread_db: NDArray[np.float64]


@cache
def _curves(number: int) -> _Curves:
    """Curves of the MCS of a table.

    Thresholds are kept from falling with the MCS and from rising with the size. What was measured does so
    only at high code rates, where 24 bits are rounded up to whole symbols, so at less than their rate.
    """
    table = mcs_table(number)
    schemes = list(zip(table.modulation_order.tolist(), table.code_rate.tolist(), strict=True))
    thresholds = np.array([_threshold_db(order, rate) for order, rate in schemes])
    thresholds = np.maximum.accumulate(thresholds[:, ::-1], axis=1)[:, ::-1]
    spreads = np.array([_SPREADS_DB[order] for order, _ in schemes])
    return _Curves(np.maximum.accumulate(thresholds, axis=0), spreads)


def _threshold_db(order: int, rate: float) -> NDArray[np.float64]:
    """Measured thresholds of a scheme; below the mother rate, energy adds up over repetitions."""
    repetitions = max(1.0, _MOTHER_RATE / rate)
    measured = _THRESHOLDS_DB[order][1024 * max(rate, _MOTHER_RATE)]
    thresholds: NDArray[np.float64] = np.array(measured) - 10 * np.log10(repetitions)
    return thresholds


def _at_size(values: NDArray[np.float64], block_bits: float) -> NDArray[np.float64]:
    """Values at a code block size, float64[M], from those at the sizes measured, float64[M, sizes].

    ASSUMED: linear in the logarithm of the size between those measured, constant beyond.
    """
    sizes = np.log(_MEASURED_BITS)
    return np.array([np.interp(np.log(block_bits), sizes, row) for row in values])


@cache
def _log_tail() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Deviations, and the logarithm of the normal distribution above each."""
    most = _MOST_DEVIATIONS * _STEPS_PER_DEVIATION
    deviations = np.arange(-most, most + 1) / _STEPS_PER_DEVIATION
    return deviations, np.log([math.erfc(deviation / math.sqrt(2)) / 2 for deviation in deviations])


def _normal_tail(deviations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal distribution above ``deviations``, between 6e-16 and 1 - 6e-16, to 2e-6 of its value."""
    tail: NDArray[np.float64] = np.exp(np.interp(deviations, *_log_tail()))
    return tail


def threshold_db(number: int, code_block_bits: int = REFERENCE_BITS) -> NDArray[np.float64]:
    """SINR in dB at which one code block in ten fails, float64[M], never falling with the MCS.

    Args:
        number: MCS table, 1 or 2.
        code_block_bits: size of the code block with its CRC, bits, at least 1.

    Raises:
        ValueError: if ``number`` is neither 1 nor 2.
    """
    return _at_size(_curves(number).threshold_db, code_block_bits)


def block_error_rate(
    number: int, mcs: int, block_bits: int, sinr_db: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Block error rate in [0, 1] at an effective SINR, of the shape of ``sinr_db``.

    A transport block fails if any of its code blocks does, and these fail independently.

    Args:
        number: MCS table, 1 or 2.
        mcs: MCS index.
        block_bits: size of the transport block, bits, without CRC.
        sinr_db: effective SINR in dB.
    """
    blocks = code_blocks(block_bits, float(mcs_table(number).code_rate[mcs]))
    curves = _curves(number)
    threshold = _at_size(curves.threshold_db[mcs : mcs + 1], blocks.bits)[0]
    spread = np.exp(_at_size(np.log(curves.spread_db[mcs : mcs + 1]), blocks.bits)[0])
    failed = _normal_tail(_TENTH + (np.asarray(sinr_db, dtype=np.float64) - threshold) / spread)
    rate: NDArray[np.float64] = -np.expm1(blocks.number * np.log1p(-failed))
    return rate


def block_error_tables(number: int, sinr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Block error rates, float64[M, Z, n], by MCS, class of size (:data:`SIZE_CLASSES`) and SINR.

    Args:
        number: MCS table, 1 or 2.
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
