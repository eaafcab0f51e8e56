"""Load levels of each (DU, slice), frame by frame."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import below, draw
from cadran.radio.jit import kernel
from cadran.radio.traffic.cycles import cycles_before
from cadran.radio.traffic.loads import MEASURED, RANDOM
from cadran.radio.traffic.tables import TrafficTables
from cadran.radio.world import SLICES


def initial_levels(
    tables: TrafficTables, dus: int, seed_key: int, episode_key: int, global_frame: int
) -> NDArray[np.int16]:
    """``load_level`` int16[C, S] before an episode's first frame, for ``move_loads`` to move on from.

    Args:
        tables: the world's.
        dus: C.
        seed_key: key of the seed. Each DU plays a measured profile from a position drawn under it, the same
            in every episode.
        episode_key: key of (seed, episode), under which random loads are drawn.
        global_frame: number of the episode's first frame over all episodes.
    """
    if tables.profile == RANDOM:
        drawn = [below(draw(episode_key, entity), int(n)) for entity, n in enumerate(tables.choices.flat)]
        return np.asarray(tables.first + np.reshape(drawn, (dus, SLICES)), dtype=np.int16)
    positions = len(tables.factor)
    starts = np.zeros(dus, dtype=np.int64)
    if tables.profile == MEASURED:
        starts[:] = [below(draw(seed_key, c), positions) for c in range(dus)]
    passed = cycles_before(global_frame - 1, tables.steps, tables.frames)
    levels = np.repeat((starts + passed) % positions, SLICES).reshape(dus, SLICES)
    return np.asarray(levels, dtype=np.int16)


@kernel
def move_loads(
    load_level: NDArray[np.int16],
    level_key: int,
    redraw_key: int,
    global_frame: int,
    tables: TrafficTables,
) -> None:
    """Move the load levels [C, S] on into frame ``global_frame``, counted over all episodes.

    A random load is redrawn with probability ``redraw_below`` / 2^32 under this frame's keys.
    """
    if tables.profile == RANDOM:
        for c in range(load_level.shape[0]):
            for s in range(load_level.shape[1]):
                entity = c * load_level.shape[1] + s
                if draw(redraw_key, entity) < tables.redraw_below:
                    first, choices = int(tables.first[c, s]), int(tables.choices[c, s])
                    load_level[c, s] = first + below(draw(level_key, entity), choices)
        return
    positions, steps, frames = tables.factor.shape[0], tables.steps, tables.frames
    passed = cycles_before(global_frame, steps, frames) - cycles_before(global_frame - 1, steps, frames)
    for c in range(load_level.shape[0]):
        for s in range(load_level.shape[1]):
            load_level[c, s] = (int(load_level[c, s]) + passed) % positions
