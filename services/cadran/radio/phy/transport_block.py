"""Sizes of transport blocks and of their code blocks."""

import math
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.phy.mcs import mcs_table

MOST_RES_PER_RB = 156
"""Resource elements per RB and slot that count at most (TS 38.214 5.1.3.2, step 1)."""
_SUBCARRIERS = 12
_LARGEST_IN_TABLE = 3824
_SIZES: tuple[int, ...] = (
    *range(24, 193, 8),
    *range(208, 385, 16),
    *range(408, 577, 24),
    *range(608, 769, 32),
    *range(808, 929, 40),
    *(984, 1032, 1064),
    *range(1128, 1353, 32),
    *range(1416, 1929, 64),
    *range(2024, 2281, 64),
    *range(2408, 2857, 64),
    *(2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824),
)
"""TS 38.214 Table 5.1.3.2-1: the transport block sizes up to 3824 bits."""


class CodeBlocks(NamedTuple):
    """Segmentation of a transport block: ``number`` code blocks of ``bits`` bits each, CRC included."""

    number: int
    bits: int


def transport_block_bits(
    order: int, rate: float, rbs: int, symbols: int, dmrs_res: int, layers: int = 1
) -> int:
    """Size in bits of the transport block that ``rbs`` RBs of one slot carry (TS 38.214 5.1.3.2).

    Exact in float64, for code rates are multiples of 1/2048.

    Args:
        order: modulation order Qm, bits per symbol.
        rate: code rate R in (0, 1).
        rbs: RBs granted; none give 0 bits.
        symbols: OFDM symbols of the slot that carry data, 1 to 14.
        dmrs_res: resource elements per RB, among those symbols, that carry DM-RS or other overhead.
        layers: spatial layers.

    Raises:
        ValueError: if no resource element is left for data.
    """
    res_per_rb = _SUBCARRIERS * symbols - dmrs_res
    if res_per_rb <= 0:
        raise ValueError(
            f"{symbols} symbols hold {_SUBCARRIERS * symbols} REs per RB, DM-RS takes {dmrs_res}"
        )
    if rbs == 0:
        return 0
    information = min(res_per_rb, MOST_RES_PER_RB) * rbs * rate * order * layers
    if information <= _LARGEST_IN_TABLE:
        step = 1 << max(3, _floor_log2(information) - 6)
        return _SIZES[bisect_left(_SIZES, step * math.floor(information / step))]
    step = 1 << (_floor_log2(information - 24) - 5)
    quantised = max(3840, step * math.floor((information - 24) / step + 0.5))
    blocks = 1
    if rate <= 0.25:
        blocks = math.ceil((quantised + 24) / 3816)
    elif quantised > 8424:
        blocks = math.ceil((quantised + 24) / 8424)
    return 8 * blocks * math.ceil((quantised + 24) / (8 * blocks)) - 24


def _floor_log2(value: float) -> int:
    """Floor of the binary logarithm, exact."""
    return math.frexp(value)[1] - 1


def transport_block_table(number: int, most_rbs: int, symbols: int, dmrs_res: int) -> NDArray[np.int32]:
    """Transport block sizes in bytes on one layer, int32[M, most_rbs + 1], by MCS and RBs (column 0 is 0).

    Every size of TS 38.214 is a whole number of bytes. Arguments as in :func:`transport_block_bits`, with the
    MCS table ``number``.
    """
    table = mcs_table(number)
    bits = [
        [transport_block_bits(int(order), float(rate), rbs, symbols, dmrs_res) for rbs in range(most_rbs + 1)]
        for order, rate in zip(table.modulation_order, table.code_rate, strict=True)
    ]
    return np.array(bits, dtype=np.int32) // np.int32(8)


def code_blocks(block_bits: int, rate: float) -> CodeBlocks:
    """How a transport block of ``block_bits`` bits at code rate ``rate`` is cut (TS 38.212 5.2.2, 7.2.2).

    LDPC base graph 2 takes blocks up to 292 bits, up to 3824 bits at R <= 0.67, and all at R <= 0.25; its
    code blocks have 3840 bits at most, those of base graph 1 8448.
    """
    with_crc = block_bits + (24 if block_bits > _LARGEST_IN_TABLE else 16)
    second = block_bits <= 292 or (block_bits <= _LARGEST_IN_TABLE and rate <= 0.67) or rate <= 0.25
    most = 3840 if second else 8448
    if with_crc <= most:
        return CodeBlocks(1, with_crc)
    number = math.ceil(with_crc / (most - 24))
    return CodeBlocks(number, math.ceil((with_crc + 24 * number) / number))
