"""Measured packets, and where each UE stands in them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cadran.radio.hashing import GOLDEN, MASK, TRACE_OFFSET, below, draw


def trace_table(times_s: ArrayLike, sizes_bytes: ArrayLike, step_s: float) -> NDArray[np.int64]:
    """Bytes per step of a packet trace, int64[n]; the sum equals the sum of the sizes.

    Step 0 begins at the first packet. The last step is the one of the last packet.

    Args:
        times_s: time of each packet in s, float[n], not decreasing.
        sizes_bytes: size of each packet, int[n], >= 0.
        step_s: length of a step in s, > 0.

    Raises:
        ValueError: no packet, lengths that differ, times that decrease or are not finite, or a negative size.
    """
    times = np.asarray(times_s, dtype=np.float64)
    sizes = np.asarray(sizes_bytes, dtype=np.int64)
    if times.ndim != 1 or times.shape != sizes.shape or len(times) == 0:
        raise ValueError(
            f"trace: times {times.shape} and sizes {sizes.shape}: allowed are equal lengths of at least 1"
        )
    if step_s <= 0:
        raise ValueError(f"trace: step_s {step_s}: allowed are values > 0")
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("trace: times must be finite and not decrease")
    if (sizes < 0).any():
        raise ValueError(f"trace: packet {int(np.argmax(sizes < 0))} has a negative size")
    steps = np.floor((times - times[0]) / step_s).astype(np.int64)
    table = np.zeros(int(steps[-1]) + 1, dtype=np.int64)
    np.add.at(table, steps, sizes)
    return table


def phases(seed: int, slice_: int, ids: NDArray[np.integer]) -> NDArray[np.int64]:
    """Phase of each UE in what repeats, as a fraction of 2^32: a hash of (seed, slice, UE).

    It is the same in every episode.

    Args:
        seed: 64 bits.
        slice_: number of the slice.
        ids: numbers of the UEs within the slice, 0 … 65535, any shape.
    """
    key = draw(draw(TRACE_OFFSET * GOLDEN & MASK, seed & MASK), seed >> 32)
    drawn = [draw(key, (slice_ << 16) + int(number)) for number in ids.ravel()]
    return np.array(drawn, dtype=np.int64).reshape(ids.shape)


def trace_starts(phase: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """Row of a trace of ``rows`` rows at which a UE of that phase stands in global TTI 0."""
    starts = [below(int(number), rows) for number in phase.ravel()]
    return np.array(starts, dtype=np.int64).reshape(phase.shape)
