"""What the traffic of a world comes down to for the kernels."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.traffic.cycles import cycle, exact
from cadran.radio.traffic.loads import profile
from cadran.radio.traffic.packets import BURST_PEAK
from cadran.radio.traffic.video import frame_jitter, frame_sizes
from cadran.radio.world import EMBB, SLICES, World

NEVER = 2**62
"""A TTI that no episode reaches."""

SILENT, PACKETS, PERIODIC, VIDEO, BURST, FULL, TRACE = range(7)
_KINDS = {
    "poisson": PACKETS,
    "ftp3": PACKETS,
    "periodic": PERIODIC,
    "xr": VIDEO,
    "beta_burst": BURST,
    "full_buffer": FULL,
}


class TrafficTables(NamedTuple):
    """Traffic of a world.

    Attributes:
        kind: int64[S], SILENT … TRACE.
        packet_bytes: int64[S].
        start: int64[P, S, L], first entry in ``cdf`` of the distribution of packets per TTI at each load
            factor, before the step of the load and, where there is one, after it.
        length: int64[P, S, L], its entries.
        step_tti: first TTI of an episode after the step.
        cdf: int64[...], P(N <= n) times 2^32, the last entry of each distribution exactly 2^32.
        events: int64[S], packets (periodic), video frames (xr) or bursts (beta_burst) per cycle.
        ttis: int64[S], TTIs of the cycle.
        frame_sizes, frame_jitter: int64[QUANTILES], see ``video``.
        trace: int64[n], bytes per TTI.
        profile: RANDOM, DAY or MEASURED.
        factor: int64[N], index of the load factor at each position of the profile.
        first, choices: int64[C, S], positions that a random load of each (DU, slice) may be at: so many from
            the first on.
        redraw_below: probability of a jump of a random load per frame, times 2^32.
        steps, frames: positions that pass in every so many frames.
    """

    kind: NDArray[np.int64]
    packet_bytes: NDArray[np.int64]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    step_tti: int
    cdf: NDArray[np.int64]
    events: NDArray[np.int64]
    ttis: NDArray[np.int64]
    frame_sizes: NDArray[np.int64]
    frame_jitter: NDArray[np.int64]
    trace: NDArray[np.int64]
    profile: int
    factor: NDArray[np.int64]
    first: NDArray[np.int64]
    choices: NDArray[np.int64]
    redraw_below: int
    steps: int
    frames: int


def traffic_tables(
    world: World,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> TrafficTables:
    """Tables of ``world``.

    Args:
        world: the scenario.
        trace_bytes_per_tti: int64[n >= 1], see ``trace_table``. Given, every eMBB UE replays it from its own
            row on in place of the slice's source; ``load.scale`` and load factors do not touch it.
        load_profile: float64[n >= 1] in any unit, see ``load_profile``; with ``load.profile: measured`` only.

    Raises:
        ValueError: a trace or profile that is unusable or not asked for, or a period that cannot be counted.
    """
    kinds = source_kinds(world, trace_bytes_per_tti is not None)
    loads = profile(world, load_profile)
    load = world.load
    times = [1.0] if load.step_frame is None else [1.0, load.step_factor]
    start, length, cdf = _distributions(world, kinds, np.outer(times, loads.factors))
    cycles = [_cycle(world, kind) for kind in kinds]
    steps = exact(world.frame_s) / exact(load.profile_step_s)
    return TrafficTables(
        np.array(kinds, dtype=np.int64),
        packet_bytes(world),
        start,
        length,
        NEVER if load.step_frame is None else load.step_frame * world.ttis_per_frame,
        cdf,
        np.array([events for events, _ in cycles], dtype=np.int64),
        np.array([ttis for _, ttis in cycles], dtype=np.int64),
        frame_sizes(world),
        frame_jitter(world),
        _checked_trace(trace_bytes_per_tti),
        loads.kind,
        loads.factor.astype(np.int64),
        loads.first,
        loads.choices,
        round(2**32 / load.dwell_frames),
        *cycle(steps, "load.profile_step_s"),
    )


def source_kinds(world: World, traced: bool) -> list[int]:
    """The kind of each slice's source; ``traced`` if the eMBB slice replays a trace."""
    load = world.load
    kinds = [_KINDS[source] for source in load.sources]
    for s, kind in enumerate(kinds):
        if kind != FULL and (load.scale == 0 or (kind in (PACKETS, BURST) and load.mean_bps[s] == 0)):
            kinds[s] = SILENT
    if traced:
        kinds[EMBB] = TRACE
    return kinds


def packet_bytes(world: World) -> NDArray[np.int64]:
    """Bytes of a packet, or of a file, of each slice: int64[S]."""
    load = world.load
    sizes = [
        load.ftp_file_bytes if source == "ftp3" else bits // 8
        for source, bits in zip(load.sources, load.packet_bits, strict=True)
    ]
    return np.array(sizes, dtype=np.int64)


def mean_bytes_per_tti(world: World) -> NDArray[np.float64]:
    """Mean bytes of a DU per TTI and slice by ``load.mean_bps`` at load factor 1, float64[S]."""
    return np.array(world.load.mean_bps) * world.load.scale * world.tti_s / 8


def _distributions(
    world: World, kinds: list[int], factors: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """``start``, ``length`` and ``cdf`` of the tables, of factors float64[P, L]."""
    packets = mean_bytes_per_tti(world) / packet_bytes(world)
    drawn = {PACKETS: 1.0, BURST: BURST_PEAK}
    parts = [
        poisson_cdf(mean * factor * drawn.get(kind, 0.0))
        for of_phase in factors
        for mean, kind in zip(packets, kinds, strict=True)
        for factor in of_phase
    ]
    length = np.array([len(part) for part in parts], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64)
    shape = (len(factors), SLICES, factors.shape[1])
    return start.reshape(shape), length.reshape(shape), np.concatenate(parts)


def poisson_cdf(mean: float) -> NDArray[np.int64]:
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


def _cycle(world: World, kind: int) -> tuple[int, int]:
    """Packets, video frames or bursts of a source, and the TTIs that they take."""
    load, tti_s = world.load, exact(world.frame_s) / world.ttis_per_frame
    if kind == PERIODIC:
        # More load is more packets, so that bytes go on to map to packets.
        return cycle(tti_s * exact(load.scale) / exact(load.period_s), "load.period_s")
    if kind == VIDEO:
        return cycle(tti_s * exact(load.xr_fps), "load.xr_fps")
    if kind == BURST:
        return cycle(tti_s / exact(load.burst_period_s), "load.burst_period_s")
    return cycle(Fraction(1), "load.sources")


def _checked_trace(trace_bytes_per_tti: NDArray[np.int64] | None) -> NDArray[np.int64]:
    if trace_bytes_per_tti is None:
        return np.zeros(1, dtype=np.int64)
    trace = np.array(trace_bytes_per_tti, dtype=np.int64)
    if trace.ndim != 1 or len(trace) == 0 or (trace < 0).any():
        raise ValueError("trace_bytes_per_tti: allowed is a one-dimensional array of at least one value >= 0")
    return trace
