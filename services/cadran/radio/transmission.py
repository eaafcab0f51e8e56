"""From grants to bytes received: true SINR, transport blocks, errors, HARQ.

Shannon link: the RBs of a UE carry what log2(1 + SINR) says, at once and without error.

MCS link: the granted RBs of a UE are one transport block, whose size follows from TS 38.214 and whose MCS is
the highest that its reports allow, or the lowest that carries all it has to send. It is received with the
error probability at its effective SINR (EESM). HARQ is synchronous: process t mod P of a UE sends in TTI t
only, so a repetition comes P TTIs later with as many RBs, and a block has the sum of its tries' effective
SINRs (chase combining; ASSUMED in place of the sum per RB). What fails to the last is lost. The outer loop
hears of each first try at once (ASSUMED: it reacts over tens of blocks, so a few TTIs do not matter), but
only of blocks at the reported MCS: what happens to more robust ones says little of the report.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio import hashing
from cadran.radio.csi import link_windows
from cadran.radio.hashing import frame_key
from cadran.radio.jit import borrowing_kernel, inlined_kernel, kernel
from cadran.radio.link import Fading, curve_index, power_gain
from cadran.radio.reception import close_tti, receive_blocks, receive_shannon
from cadran.radio.tables import McsLink, Parameters, Tables
from cadran.radio.transport import start_blocks
from cadran.radio.views import RB_TTIS, Cells, Channels, Harq, Queues, Sending
from cadran.radio.world import SLICES


@kernel
def add_grants(
    ue_of_unit: NDArray[np.int16],
    slice_of_unit: NDArray[np.int8],
    unit_rbs: NDArray[np.int64],
    csi_bits: NDArray[np.int32],
    rbs: NDArray[np.int64],
    expected: NDArray[np.int64],
    rb_ttis: NDArray[np.int64],
) -> None:
    """Sum up each UE's grant of one DU: RBs and promised bits, int64[S * U]; and the RBs of each slice."""
    places = csi_bits.shape[1]
    rbs[:] = 0
    expected[:] = 0
    for g in range(ue_of_unit.shape[0]):
        slot = int(np.int64(ue_of_unit[g]))
        if slot >= 0:
            s = int(np.int64(slice_of_unit[g]))
            rbs[slot] += unit_rbs[g]
            expected[slot] += csi_bits[s, slot - s * places, g]
            rb_ttis[s] += unit_rbs[g]


@inlined_kernel
def find_windows(
    e: int,
    c: int,
    block_key: int,
    ues: NDArray[np.int32],
    fading: Fading,
    channels: Channels,
    sending: Sending,
) -> None:
    """Find the fading windows of all links of the UEs that one DU serves."""
    base, row, travelled = channels.fading_base[e, c], channels.fading_row[e, c], channels.travelled[e, c]
    rbs, starts, places = sending.rbs[e], sending.starts[e], channels.travelled.shape[3]
    for s in range(SLICES):
        for u in range(int(ues[c, s])):
            slot = s * places + u
            if rbs[slot] > 0:
                number = c * SLICES * places + slot
                link_windows(
                    fading, base[s, u], row[s, u], int(travelled[s, u]), block_key, number, starts[slot]
                )


@kernel
def carry(
    c: int,
    activity: NDArray[np.float32],
    ue_of_unit: NDArray[np.int16],
    slice_of_unit: NDArray[np.int8],
    gain: NDArray[np.float32],
    patterns: NDArray[np.uint16],
    unit_rbs: NDArray[np.int64],
    starts: NDArray[np.int64],
    mcs: NDArray[np.int64],
    scale: NDArray[np.float32],
    curve: NDArray[np.int32],
    carried: NDArray[np.int64],
) -> None:
    """What every granted unit of one DU really carries, at the true SINR of this TTI.

    Args:
        c: the DU.
        activity: float32[C, G], this TTI's, the DU's own power included.
        ue_of_unit: int16[G].
        slice_of_unit: int8[G].
        gain: float32[S, U, C].
        patterns: the fading map.
        unit_rbs: int64[G].
        starts: int64[S * U, C], the links' windows.
        mcs: int64[S * U]; what has none, -1, sends nothing that counts.
        scale: float32[M], factor on the SINR before the curve is looked up.
        curve: int32[CURVE_STEPS].
        carried: int64[S * U], written: the curve's values added up over the UE's RBs.
    """
    places, dus = gain.shape[1], gain.shape[2]
    carried[:] = 0
    for g in range(ue_of_unit.shape[0]):
        slot = int(np.int64(ue_of_unit[g]))
        if slot < 0 or mcs[slot] < 0:
            continue
        s = int(np.int64(slice_of_unit[g]))
        mean, start = gain[s, slot - s * places], starts[slot]
        total = np.float32(1.0)
        for d in range(dus):
            if d != c:
                total += mean[d] * activity[d, g] * power_gain(patterns[start[d] + g])
        sinr = mean[c] * activity[c, g] * power_gain(patterns[start[c] + g]) / total
        carried[slot] += int(curve[curve_index(sinr * scale[mcs[slot]])]) * int(unit_rbs[g])


@borrowing_kernel
def transmit(
    e: int,
    tti: int,
    key_a: int,
    key_b: int,
    parameters: Parameters,
    tables: Tables,
    link: McsLink,
    fading: Fading,
    cells: Cells,
    channels: Channels,
    queues: Queues,
    harq: Harq,
    sending: Sending,
    busy: NDArray[np.uint8],
    delivered: NDArray[np.int64],
    ue_rbs: NDArray[np.int32],
    counters: NDArray[np.int64],
) -> None:
    """Send what was granted, with this TTI's activity and fading on all links, and book what is received.

    ``busy``: uint8[C, S, U]; ``delivered``: int64[C, S, U] and ``ue_rbs``: int32[C, S, U], added to;
    ``counters``: int64[N, C, S].
    """
    block_key = frame_key(key_a, key_b, tti, hashing.FADING)
    error_key = frame_key(key_a, key_b, tti, hashing.BLOCK_ERROR)
    activity = cells.activity[e, tti & (cells.activity.shape[1] - 1)]
    ue_of_unit, slice_of_unit, ues = cells.ue_of_unit[e], cells.slice_of_unit[e], cells.ues[e]
    gain, csi_bits, patterns = channels.gain[e], channels.csi_bits[e], fading.values
    unit_rbs, budget_ttis = tables.unit_rbs, tables.budget_ttis
    rbs, expected, carried = sending.rbs[e], sending.expected[e], sending.carried[e]
    starts, mcs, served, rb_ttis = sending.starts[e], sending.mcs[e], sending.served[e], counters[RB_TTIS]
    scale, decoding = link.scale, link.decoding
    for c in range(ues.shape[0]):
        add_grants(ue_of_unit[c], slice_of_unit[c], unit_rbs, csi_bits[c], rbs, expected, rb_ttis[c])
        served[:] = 0
        find_windows(e, c, block_key, ues, fading, channels, sending)
        if parameters.mcs:
            start_blocks(
                e, c, tti, ues, budget_ttis, link, channels.deaf_until, queues, harq, sending, counters
            )
        else:
            mcs[:] = 0
        carry(
            c,
            activity,
            ue_of_unit[c],
            slice_of_unit[c],
            gain[c],
            patterns,
            unit_rbs,
            starts,
            mcs,
            scale,
            decoding,
            carried,
        )
        if parameters.mcs:
            receive_blocks(
                e,
                c,
                tti,
                error_key,
                ues,
                parameters,
                link,
                queues,
                channels,
                harq,
                sending,
                ue_rbs[c],
                delivered[c],
                counters,
            )
        else:
            receive_shannon(
                e,
                c,
                tti,
                ues,
                budget_ttis,
                channels.deaf_until,
                queues,
                sending,
                ue_rbs[c],
                delivered[c],
                counters,
            )
        close_tti(e, c, parameters.pf_weight, ues, channels, queues, served, busy[c], counters)
