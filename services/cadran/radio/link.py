"""From gains to bits: fading windows, SINR, and curves that stand in for logarithms.

A curve is a table indexed by the leading bits of a float32, 256 steps per octave, so a value is off by at
most 0.2 % (0.008 dB). Sums over RBs are then sums of integers and do not depend on their order.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import draw
from cadran.radio.jit import kernel

STEPS_PER_OCTAVE_BITS = 8
_MANTISSA_BITS = 23
_EXPONENT_BIAS = 127
LOWEST_OCTAVE = -14
HIGHEST_OCTAVE = 22
CURVE_SHIFT = _MANTISSA_BITS - STEPS_PER_OCTAVE_BITS
CURVE_BASE = (LOWEST_OCTAVE + _EXPONENT_BIAS) << STEPS_PER_OCTAVE_BITS
CURVE_STEPS = (HIGHEST_OCTAVE - LOWEST_OCTAVE) << STEPS_PER_OCTAVE_BITS
STEPS_PER_DB = (1 << STEPS_PER_OCTAVE_BITS) / (10 * float(np.log10(2.0)))
"""Steps of a curve in one dB."""


class Fading(NamedTuple):
    """How the fading of a link is read from a map; see ``propagation.fading``.

    Attributes:
        values: uint16[...], power gains as bfloat16.
        row_mask: number of rows, a power of two, less one.
        stride: values of a row.
        block: whether each (link, TTI) reads at a random place in the map's only row (block fading).
        column_mask: number of columns, a power of two, less one; read for block fading only.
    """

    values: NDArray[np.uint16]
    row_mask: int
    stride: int
    block: bool
    column_mask: int


def curve_points() -> NDArray[np.float64]:
    """Geometric middles of the steps of a curve, float64[CURVE_STEPS]."""
    steps = 1 << STEPS_PER_OCTAVE_BITS
    index = np.arange(CURVE_STEPS)
    octave = LOWEST_OCTAVE + index // steps
    low, high = 1 + (index % steps) / steps, 1 + (index % steps + 1) / steps
    return np.asarray(2.0**octave * np.sqrt(low * high), dtype=np.float64)


def shannon_curve(max_spectral_efficiency: float, bits_per_se: float) -> NDArray[np.int32]:
    """Bits that one RB carries in one TTI, int32[CURVE_STEPS]: ``round(B T min(cap, log2(1 + SINR)))``.

    Args:
        max_spectral_efficiency: cap in bit/s/Hz.
        bits_per_se: B T, bits per TTI and RB at 1 bit/s/Hz.
    """
    efficiency = np.minimum(np.log2(1 + curve_points()), max_spectral_efficiency)
    bits: NDArray[np.int32] = np.rint(efficiency * bits_per_se).astype(np.int32)
    bits[0] = 0
    return bits


@kernel
def curve_index(value: float) -> int:
    """Step of a curve at ``value`` > 0, at its ends for values beyond."""
    index = (int(np.float32(value).view(np.int32)) >> CURVE_SHIFT) - CURVE_BASE
    return min(max(index, 0), CURVE_STEPS - 1)


@kernel
def power_gain(pattern: int) -> np.float32:
    """What a bfloat16 bit pattern stands for."""
    return np.uint32(np.uint32(pattern) << np.uint32(16)).view(np.float32)


@kernel
def window(
    fading: Fading,
    base: int,
    row: int,
    travelled: int,
    block_key: int,
    link: int,
) -> int:
    """Where in the map the fading of a link on unit 0 stands; that of unit g is g further on.

    Args:
        fading: how to read the map.
        base: start of the link's window at row 0.
        row: row of the link at the episode's start.
        travelled: rows since then, times 2^16.
        block_key: key of block fading in this TTI.
        link: number of the link, for block fading.
    """
    if fading.block:
        return draw(block_key, link) & fading.column_mask
    return base + ((row + (travelled >> 16)) & fading.row_mask) * fading.stride
