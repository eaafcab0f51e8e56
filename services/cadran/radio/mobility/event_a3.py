"""Event A3 of TS 38.331 clause 5.5.4.4: a neighbour becomes better than the serving DU by an offset.

RSRP is measured at each update of positions, over the mean channel: the layer 1 measurement of TS 38.133
averages fast fading out. Offsets per frequency and per cell are zero, as all DUs share one carrier.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import World

_MOST_FRAMES = np.iinfo(np.int16).max


def rsrp_db(gain: NDArray[np.floating]) -> NDArray[np.float32]:
    """RSRP over noise in dB, unfiltered, of mean gains over noise."""
    measured: NDArray[np.float32] = (10 * np.log10(gain.astype(np.float64))).astype(np.float32)
    return measured


def filtered(
    world: World, before_db: NDArray[np.float32], measured_db: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Layer 3 filter, TS 38.331 clause 5.5.3.2: ``(1 - a) before + a measured``, a = 0.5^(k / 4), in dB.

    One update of positions counts as one measurement, whatever its length.
    """
    weight = np.float32(0.5 ** (world.mobility.handover.filter_k / 4))
    return before_db + weight * (measured_db - before_db)


def count_frames(
    world: World, held: NDArray[np.int16], filtered_db: NDArray[np.float32], serving: NDArray[np.int64]
) -> NDArray[np.int16]:
    """Count on for how long A3 has held for each neighbour.

    A neighbour enters where ``Mn > Mp + offset + hysteresis``. Before the event has triggered, each
    measurement during the time to trigger must meet that; afterwards it stays triggered until it leaves: ``Mn
    < Mp + offset - hysteresis``.

    Args:
        world: the scenario.
        held: int16[N, C], frames counted so far.
        filtered_db: float32[N, C], filtered RSRP of this measurement.
        serving: int64[N], the serving DU.

    Returns:
        int16[N, C]: 0 where A3 does not hold, else the frames since the measurement before the one that it
        was first met in.
    """
    handover = world.mobility.handover
    excess = filtered_db - np.take_along_axis(filtered_db, serving[:, None], axis=1) - handover.offset_db
    entered = excess > handover.hysteresis_db
    stays = (excess >= -handover.hysteresis_db) & triggered(world, held)
    more = np.minimum(held.astype(np.int64) + world.mobility.update_frames, _MOST_FRAMES)
    frames = np.where(entered | stays, more, 0).astype(np.int16)
    np.put_along_axis(frames, serving[:, None], 0, axis=1)
    return frames


def triggered(world: World, held: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Whether A3 has held for the time to trigger, of counts from :func:`count_frames`.

    The first measurement that meets the event starts the time, so with a time of 0 it triggers at once.
    """
    frames = ceil(world.mobility.handover.time_to_trigger_s / world.frame_s - 1e-9)
    return held >= min(frames + world.mobility.update_frames, _MOST_FRAMES)


def targets(world: World, held: NDArray[np.int16], filtered_db: NDArray[np.float32]) -> NDArray[np.int64]:
    """The strongest neighbour for which A3 has triggered, int64[N]; -1 where there is none."""
    ready = triggered(world, held)
    strongest = np.where(ready, filtered_db, -np.inf).argmax(axis=1)
    return np.where(ready.any(axis=1), strongest, -1)
