"""What arrives: Poisson packets under moving loads, or a measured packet trace."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cadran.radio.hashing import GOLDEN, MASK, below, draw
from cadran.radio.jit import kernel
from cadran.radio.world import SLICES, World

LOAD_LEVELS = 64


class PoissonTables(NamedTuple):
    """Poisson distributions of the packets per frame of a (DU, slice), one per slice and load level.

    Attributes:
        start: int64[S, LOAD_LEVELS], first entry of the distribution in ``cdf``.
        length: int64[S, LOAD_LEVELS].
        cdf: int64[...], P(N <= n) times 2^32, the last entry of each distribution exactly 2^32.
    """

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    cdf: NDArray[np.int64]


def load_factors(world: World) -> NDArray[np.float64]:
    """Load factors, float64[LOAD_LEVELS]: geometric middles of equal bins of log factor.

    ASSUMED: 64 levels in place of a continuous log-uniform factor (at the defaults 4 % apart), so that
        every Poisson
    distribution can be tabled in integers.
    """
    load = world.load
    middle = (np.arange(LOAD_LEVELS) + 0.5) / LOAD_LEVELS
    factors: NDArray[np.float64] = load.factor_min * (load.factor_max / load.factor_min) ** middle
    return factors


def mean_bytes_per_frame(world: World) -> NDArray[np.float64]:
    """Mean offered bytes of a DU per frame and slice at load factor 1, float64[S]."""
    return np.array(world.load.mean_bps) * world.load.scale * world.frame_s / 8


def poisson_tables(world: World) -> PoissonTables:
    """Distributions of packets per frame for every slice and load level."""
    packets = mean_bytes_per_frame(world) * 8 / np.array(world.load.packet_bits)
    parts = [_poisson_cdf(mean * factor) for mean in packets for factor in load_factors(world)]
    length = np.array([len(part) for part in parts], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64)
    shape = (SLICES, LOAD_LEVELS)
    return PoissonTables(start.reshape(shape), length.reshape(shape), np.concatenate(parts))


def _poisson_cdf(mean: float) -> NDArray[np.int64]:
    """P(N <= n) * 2^32 for n = 0, 1, … up to 9 standard deviations above the mean."""
    one = 1 << 32
    if mean == 0:
        return np.array([one], dtype=np.int64)
    n = np.arange(int(mean + 9 * np.sqrt(mean) + 20))
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(n[1:], 1)))])
    pmf = np.exp(n * np.log(mean) - mean - log_factorial)
    cdf: NDArray[np.int64] = np.minimum(np.rint(np.cumsum(pmf) * one), one).astype(np.int64)
    cdf[-1] = one
    return cdf


def trace_table(times_s: ArrayLike, sizes_bytes: ArrayLike, frame_s: float) -> NDArray[np.int64]:
    """Bytes per frame of a packet trace, int64[n_frames]; the sum equals the sum of the sizes.

    Frame 0 begins at the first packet. The last frame is the one of the last packet.

    Args:
        times_s: time of each packet in s, float[n], not decreasing.
        sizes_bytes: size of each packet, int[n], >= 0.
        frame_s: length of a frame in s, > 0.

    Raises:
        ValueError: no packet, lengths that differ, times that decrease or are not finite, or a negative size.
    """
    times = np.asarray(times_s, dtype=np.float64)
    sizes = np.asarray(sizes_bytes, dtype=np.int64)
    if times.ndim != 1 or times.shape != sizes.shape or len(times) == 0:
        raise ValueError(
            f"trace: times {times.shape} and sizes {sizes.shape}: allowed are equal lengths of at least 1"
        )
    if frame_s <= 0:
        raise ValueError(f"trace: frame_s {frame_s}: allowed are values > 0")
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError("trace: times must be finite and not decrease")
    if (sizes < 0).any():
        raise ValueError(f"trace: packet {int(np.argmax(sizes < 0))} has a negative size")
    frames = np.floor((times - times[0]) / frame_s).astype(np.int64)
    table = np.zeros(int(frames[-1]) + 1, dtype=np.int64)
    np.add.at(table, frames, sizes)
    return table


@kernel
def move_loads(load_level: NDArray[np.int16], level_key: int, redraw_key: int, redraw_below: int) -> None:
    """Redraw the load level of each (DU, slice) with probability ``redraw_below`` / 2^32.

    ``load_level``: [C, S].
    """
    for c in range(load_level.shape[0]):
        for s in range(SLICES):
            entity = c * SLICES + s
            if draw(redraw_key, entity) < redraw_below:
                load_level[c, s] = below(draw(level_key, entity), LOAD_LEVELS)


@kernel
def poisson(uniform: int, cdf: NDArray[np.int64], start: int, length: int) -> int:
    """Smallest n with ``uniform`` < cdf[start + n]: a Poisson number from a 32-bit uniform one."""
    low, high = 0, length - 1
    while low < high:
        middle = (low + high) >> 1
        if uniform < cdf[start + middle]:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def add_packets(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    load_level: NDArray[np.int16],
    first_slice: int,
    packet_bytes: NDArray[np.int64],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    cdf: NDArray[np.int64],
    packets_key: int,
    owner_key: int,
) -> None:
    """Add this frame's Poisson packets of slices ``first_slice`` … to ``fresh`` bytes [C, S, U].

    One Poisson number per (DU, slice), each packet then falls on one of its UEs with equal probability:
    that is an independent Poisson number per UE. Without UE nothing arrives.
    """
    for c in range(ues.shape[0]):
        for s in range(first_slice, SLICES):
            members = int(ues[c, s])
            if members == 0:
                continue
            entity = c * SLICES + s
            level = load_level[c, s]
            packets = poisson(draw(packets_key, entity), cdf, int(start[s, level]), int(length[s, level]))
            key = draw(owner_key, entity)
            for packet in range(packets):
                fresh[c, s, below(draw(key, packet), members)] += packet_bytes[s]


@kernel
def add_trace(
    fresh: NDArray[np.int64],
    ues: NDArray[np.int32],
    trace: NDArray[np.int64],
    trace_start: NDArray[np.int64],
    global_frame: int,
) -> None:
    """Add the trace's bytes to ``fresh`` of each eMBB UE.

    Row (its start + global frame), wrapping at the end.
    """
    rows = trace.shape[0]
    for c in range(ues.shape[0]):
        for u in range(int(ues[c, 0])):
            fresh[c, 0, u] += trace[(trace_start[c, u] + global_frame) % rows]


def trace_starts(seed: int, ids: NDArray[np.int32], rows: int, stream: int) -> NDArray[np.int64]:
    """Row of the trace at which each UE stands in global frame 0.

    A hash of (seed, UE), the same in every episode.
    """
    key = draw(draw(stream * GOLDEN & MASK, seed & MASK), seed >> 32)
    starts = [below(draw(key, int(number)), rows) for number in ids.ravel()]
    return np.array(starts, dtype=np.int64).reshape(ids.shape)
