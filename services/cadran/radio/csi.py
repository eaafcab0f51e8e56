"""What a DU knows of its UEs' channels: reports, some TTIs old.

A report of TTI t holds the fading of TTI t and the interference of TTI t (of t - 1 if it can be used at once,
for then the neighbours have not decided yet). It is worked out when it is first needed: what is reported
depends on nothing that happens later, so the result is the same. The mean gains are the exception: a report
worked out after the UE has moved on has the new ones.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.hashing import frame_key
from cadran.radio.jit import inlined_kernel, kernel
from cadran.radio.link import CURVE_BASE, CURVE_SHIFT, CURVE_STEPS, Fading, power_gain, window
from cadran.radio.mac import Waiting
from cadran.radio.tables import OLLA_SHIFT, Parameters, Tables
from cadran.radio.views import CQI_REPORTS, CQI_SUM, Cells, Channels, Scratch
from cadran.radio.world import SLICES


@kernel
def reported_tti(tti: int, slot: int, period: int, delay: int) -> int:
    """TTI that the newest usable report of a UE measured, at least 0; UEs report in turn."""
    newest = tti - delay
    return max(0, newest - (newest - slot) % period)


@kernel
def interference_over_noise(
    gain: NDArray[np.float32],
    starts: NDArray[np.int64],
    own: int,
    activity: NDArray[np.float32],
    fading: NDArray[np.uint16],
    measured: bool,
    total: NDArray[np.float32],
) -> None:
    """1 + interference over noise on each unit, float32[G] into ``total``.

    One pass per DU over all units, so that the compiler can vectorise the sums.

    Args:
        gain: float32[C], mean gains of the UE over noise.
        starts: int64[C], the links' windows in the map.
        own: the serving DU.
        activity: float32[C, G], power that each DU transmits with, 0 to 1.
        fading: the map.
        measured: with the cross links' fading, else its mean.
        total: written.
    """
    # Unsigned indices spare the test for negative ones, which would stop the compiler from using vectors.
    units = np.uint64(total.shape[0])
    for g in range(units):
        total[g] = np.float32(1.0)
    for d in range(gain.shape[0]):
        if d == own:
            continue
        cross, row = gain[d], activity[d]
        if measured:
            patterns = fading[starts[d] : starts[d] + total.shape[0]]
            for g in range(units):
                total[g] += cross * row[g] * power_gain(patterns[g])
        else:
            for g in range(units):
                total[g] += cross * row[g]


@kernel
def expected_bits(
    signal: float,
    patterns: NDArray[np.uint16],
    total: NDArray[np.float32],
    steps: int,
    curve: NDArray[np.int32],
    unit_rbs: NDArray[np.int64],
    bits: NDArray[np.int32],
) -> int:
    """Bits that each unit is expected to carry, int32[G] into ``bits``; returns their sum as reported.

    Args:
        signal: float32, mean gain of the serving link.
        patterns: uint16[G], its fading.
        total: float32[G], interference and noise over noise.
        steps: steps of the curve that the DU's outer loop adds; the UE's report knows nothing of them.
        curve: bits of one RB, see ``tables``.
        unit_rbs: int64[G].
        bits: written.
    """
    # Several passes, so that the compiler can use vectors in all but the look-ups.
    units = np.uint64(bits.shape[0])
    last, base = np.int32(CURVE_STEPS - 1), np.int32(CURVE_BASE)
    for g in range(units):
        sinr = np.float32(signal * power_gain(patterns[g]) / total[g])
        index = np.int32((sinr.view(np.int32) >> np.int32(CURVE_SHIFT)) - base)
        bits[g] = min(max(index, np.int32(0)), last)
    reported = 0
    if steps != 0:
        for g in range(units):
            reported += curve[np.uint64(bits[g])] * unit_rbs[g]
        for g in range(units):
            bits[g] = min(max(np.int32(bits[g] + steps), np.int32(0)), last)
    for g in range(units):
        bits[g] = curve[np.uint64(bits[g])]
    expected = 0
    for g in range(units):
        bits[g] = bits[g] * unit_rbs[g]
        expected += bits[g]
    return reported if steps != 0 else expected


@kernel
def link_windows(
    fading: Fading,
    base: NDArray[np.int64],
    row: NDArray[np.int32],
    travelled: int,
    block_key: int,
    slot: int,
    starts: NDArray[np.int64],
) -> None:
    """Windows of all links of one UE, int64[C] into ``starts``; ``slot`` is its number in the RAN."""
    for d in range(starts.shape[0]):
        starts[d] = window(
            fading, int(base[d]), int(row[d]), travelled, block_key, slot * starts.shape[0] + d
        )


@inlined_kernel
def report_channels(
    e: int,
    c: int,
    tti: int,
    key_a: int,
    key_b: int,
    parameters: Parameters,
    tables: Tables,
    cqi_bits: NDArray[np.int64],
    fading: Fading,
    cells: Cells,
    channels: Channels,
    waiting: Waiting,
    scratch: Scratch,
    counters: NDArray[np.int64],
) -> None:
    """Bring the reports of one DU's UEs in ``waiting.places`` up to date."""
    gain, activity = channels.gain[e, c], cells.activity[e]
    base, row, row_step = channels.fading_base[e, c], channels.fading_row[e, c], channels.row_step[e, c]
    travelled, olla = channels.travelled[e, c], channels.olla[e, c]
    csi_bits, csi_tti = channels.csi_bits[e, c], channels.csi_tti[e, c]
    starts, total, patterns = scratch.starts[e], scratch.total[e], fading.values
    curve, unit_rbs, listed, sizes = tables.curve, tables.unit_rbs, waiting.places[e], waiting.size[e]
    period, delay, measured = parameters.csi_period, parameters.csi_delay, parameters.csi_measured
    places, units, history = gain.shape[1], total.shape[0], activity.shape[0] - 1
    rbs = 0
    for g in range(units):
        rbs += unit_rbs[g]
    for s in range(SLICES):
        for i in range(sizes[s]):
            u = listed[s, i]
            slot = (c * SLICES + s) * places + u
            at = reported_tti(tti, slot, period, delay)
            if csi_tti[s, u] == at:
                continue
            csi_tti[s, u] = at
            key = frame_key(key_a, key_b, at, hashing.FADING)
            since = int(travelled[s, u]) - (tti - at) * int(row_step[s, u])
            link_windows(fading, base[s, u], row[s, u], since, key, slot, starts)
            # What can be used at once cannot know what the neighbours decide in its TTI.
            seen = activity[(at - 1 if delay == 0 or at == 0 else at) & history]
            interference_over_noise(gain[s, u], starts, c, seen, patterns, measured, total)
            own = patterns[starts[c] : starts[c] + units]
            steps = int(olla[s, u]) >> OLLA_SHIFT
            bits = expected_bits(gain[s, u, c], own, total, steps, curve, unit_rbs, csi_bits[s, u])
            if parameters.mcs:
                index = 0
                while index < 15 and cqi_bits[index + 1] * rbs <= bits:
                    index += 1
                counters[CQI_REPORTS, c, s] += 1
                counters[CQI_SUM, c, s] += index
