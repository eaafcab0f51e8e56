"""From gains to bits.

Block Rayleigh fading, SINR, and the capped Shannon curve, by tables made on the host.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import draw
from cadran.radio.jit import kernel

FADING_BITS = 12
STEPS_PER_OCTAVE_BITS = 8
_MANTISSA_BITS = 23
_EXPONENT_BIAS = 127
LOWEST_OCTAVE = -14
HIGHEST_OCTAVE = 22
CURVE_SHIFT = _MANTISSA_BITS - STEPS_PER_OCTAVE_BITS
CURVE_BASE = (LOWEST_OCTAVE + _EXPONENT_BIAS) << STEPS_PER_OCTAVE_BITS


def fading_table(fading: str) -> NDArray[np.float32]:
    """Power gains to draw from with equal probability, float32[4096], mean 1.

    Rayleigh: quantiles of Exp(1) at the midpoints of 4096 equal bins, rescaled to mean exactly 1.
    """
    count = 1 << FADING_BITS
    if fading == "none":
        return np.ones(count, dtype=np.float32)
    quantiles = -np.log1p(-(np.arange(count) + 0.5) / count)
    gains: NDArray[np.float32] = (quantiles / quantiles.mean()).astype(np.float32)
    return gains


def bits_table(max_spectral_efficiency: float, bits_per_se: float) -> NDArray[np.int32]:
    """Bits that one RB carries in one frame, int32, indexed by the leading bits of the float32 SINR.

    An entry is ``round(B T min(cap, log2(1 + SINR)))`` at the geometric middle of a bin; there are 256 bins
    per octave, so the SINR is off by at most 0.2 %. The table ends one octave after the cap is reached.

    Args:
        max_spectral_efficiency: cap in bit/s/Hz.
        bits_per_se: B T, bits per frame and RB at 1 bit/s/Hz.
    """
    octave_of_cap = min(HIGHEST_OCTAVE, int(max_spectral_efficiency) + 2)
    steps = 1 << STEPS_PER_OCTAVE_BITS
    index = np.arange((octave_of_cap - LOWEST_OCTAVE) * steps)
    octave = LOWEST_OCTAVE + index // steps
    low, high = 1 + (index % steps) / steps, 1 + (index % steps + 1) / steps
    sinr = 2.0**octave * np.sqrt(low * high)
    efficiency = np.minimum(np.log2(1 + sinr), max_spectral_efficiency)
    bits: NDArray[np.int32] = np.rint(efficiency * bits_per_se).astype(np.int32)
    return bits


@kernel
def bits_of_sinr(sinr: float, table: NDArray[np.int32]) -> int:
    """Bits of one RB and frame at ``sinr`` (linear), from :func:`bits_table`."""
    index = (int(np.float32(sinr).view(np.int32)) >> CURVE_SHIFT) - CURVE_BASE
    if index < 0:
        return 0
    if index >= table.shape[0]:
        index = table.shape[0] - 1
    return int(table[index])


@kernel
def link_key(fading_key: int, link: int) -> int:
    """Key of one (UE, DU) link in one frame.

    The RB is the counter under it, so a wider band adds RBs and changes none.
    """
    return draw(fading_key, link)


@kernel
def fade(key: int, rb: int, table: NDArray[np.float32]) -> float:
    """Power gain |h|^2 of a link on one RB."""
    return np.float64(table[draw(key, rb) >> (32 - FADING_BITS)])


@kernel
def expected_interference(gain: NDArray[np.float64], active: NDArray[np.int64], count: int) -> float:
    """1 + sum of the mean cross gains of the DUs in ``active[:count]``: interference plus noise over noise.

    Args:
        gain: float64[C], mean gains of the UE from each DU over noise.
        active: DUs that transmit on the RB, the serving one left out.
        count: how many of them.
    """
    total = 1.0
    for i in range(count):
        total += gain[active[i]]
    return total


@kernel
def expected_bits(
    gain: NDArray[np.float64],
    own: int,
    key: int,
    activity: NDArray[np.float64],
    fading: NDArray[np.float32],
    table: NDArray[np.int32],
    noise: NDArray[np.float64],
    bits: NDArray[np.int32],
) -> None:
    """Bits that each RB is expected to carry for a UE: its own link's fading, mean interference.

    One pass per DU over all RBs, so that the compiler can vectorise the sums.

    Args:
        gain: float64[C], mean gains of the UE over noise.
        own: the serving DU.
        key: key of the serving link.
        activity: float64[C, K], 1 where a DU transmits.
        fading: see ``fading_table``.
        table: see ``bits_table``.
        noise: float64[K], scratch.
        bits: int32[K], written.
    """
    rbs = bits.shape[0]
    for rb in range(rbs):
        noise[rb] = 1.0
    for d in range(gain.shape[0]):
        if d != own:
            cross = gain[d]
            for rb in range(rbs):
                noise[rb] += cross * activity[d, rb]
    signal = gain[own]
    for rb in range(rbs):
        bits[rb] = bits_of_sinr(signal * fade(key, rb, fading) / noise[rb], table)


@kernel
def faded_interference(
    gain: NDArray[np.float64],
    active: NDArray[np.int64],
    count: int,
    rb: int,
    fading_key: int,
    first_link: int,
    fading: NDArray[np.float32],
) -> float:
    """1 + sum of cross gains times their Rayleigh gains in this frame (links ``first_link`` + DU)."""
    total = 1.0
    for i in range(count):
        du = active[i]
        total += gain[du] * fade(link_key(fading_key, first_link + du), rb, fading)
    return total
