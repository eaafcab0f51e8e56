"""The update of positions: motion, links, gains, fading, measurements, and handovers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.radio.hashing import draw, mix
from cadran.radio.mobility.event_a3 import count_frames, filtered, rsrp_db, targets
from cadran.radio.mobility.handover import request_handover
from cadran.radio.mobility.motion import Motion, advance, row_steps
from cadran.radio.propagation.fading import FadingMap
from cadran.radio.propagation.links import Links, mean_gains, walk_links
from cadran.radio.propagation.sites import Sites
from cadran.radio.state import State
from cadran.radio.world import World

_STREAMS = (0x3C6EF372, 0xA54FF53A)
"""Set the draws of the two halves of a key apart, and updates apart from drops."""


def move(world: World, sites: Sites, fading: FadingMap, state: State) -> None:
    """Let UEs move on in the environments whose update is due after the frame just played.

    To be called after each frame: it is due every ``mobility.update_frames`` frames. Counts of handovers in
    ``state.kpis`` are those of the last frame. What happens in an environment depends on its seed, episode
    and state alone, not on the batch.
    """
    if world.mobility.kind == "static":
        return
    state.kpis.handovers_requested[:] = 0
    state.kpis.handovers_succeeded[:] = 0
    for e in np.flatnonzero(state.core.frame % world.mobility.update_frames == 0):
        _move_environment(world, sites, fading, state, int(e))


def generator(world: World, state: State, e: int) -> np.random.Generator:
    """Random numbers of the update after the present frame of environment ``e``."""
    update = int(state.core.frame[e]) // world.mobility.update_frames
    high, low = (draw(draw(mix(stream), int(state.core.episode[e])), update) for stream in _STREAMS)
    key = np.array([state.core.seed[e], (int(high) << 32) | int(low)], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def _move_environment(world: World, sites: Sites, fading: FadingMap, state: State, e: int) -> None:
    rng, ues = generator(world, state, e), state.ues
    taken = np.arange(world.max_ues_per_slice) < state.core.ues[e][..., None]
    places = np.flatnonzero(taken)
    elapsed_s = world.mobility.update_frames * world.frame_s
    position = _of(ues.position_m, e, places)
    motion = Motion(*(_of(array, e, places) for array in (ues.velocity_mps, ues.target_m, ues.timer_s)))
    position, motion, covered_m = advance(world, sites, position, motion, elapsed_s, rng)
    _put(ues.position_m, e, places, position)
    for array, values in zip((ues.velocity_mps, ues.target_m, ues.timer_s), motion, strict=True):
        _put(array, e, places, values)
    du = np.unravel_index(places, taken.shape)[0]
    _put(ues.row_step, e, places, row_steps(world, fading.rows_per_m, motion.velocity_mps, du))
    _walk(world, sites, fading, state, e, places, covered_m, rng)
    if world.mobility.handover.enabled:
        _hand_over(world, state, e, places)


def _walk(
    world: World,
    sites: Sites,
    fading: FadingMap,
    state: State,
    e: int,
    places: NDArray[np.int64],
    covered_m: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Links and gains at the new positions, and filtered measurements of them."""
    ues = state.ues
    before = _of(ues.line_of_sight, e, places)
    links = Links(*(_of(getattr(ues, name), e, places) for name in Links._fields))
    links = walk_links(world, sites, links, before, covered_m, rng)
    gain, line_of_sight = mean_gains(world, sites, _of(ues.position_m, e, places).astype(np.float64), links)
    _put(ues.sight, e, places, links.sight)
    _put(ues.shadowing, e, places, links.shadowing)
    _put(ues.line_of_sight, e, places, line_of_sight)
    _put(ues.gain, e, places, gain)
    if fading.kinds > 1:
        # The map holds one part for links without line of sight and then one for those with it.
        part = fading.rows * fading.stride
        changed = line_of_sight.astype(np.int64) - before.astype(np.int64)
        _put(ues.fading_base, e, places, _of(ues.fading_base, e, places) + changed * part)
    _put(ues.rsrp_db, e, places, filtered(world, _of(ues.rsrp_db, e, places), rsrp_db(gain)))


def _hand_over(world: World, state: State, e: int, places: NDArray[np.int64]) -> None:
    """Count A3 on, and hand over the UEs for which it triggered."""
    ues = state.ues
    du, slice_, place = np.unravel_index(places, ues.id.shape[1:])
    measured = _of(ues.rsrp_db, e, places)
    held = count_frames(world, _of(ues.a3_frames, e, places), measured, du)
    _put(ues.a3_frames, e, places, held)
    target = targets(world, held, measured)
    # From the last place to the first: a gap is closed with the last place, so places below stay what they
    # are.
    for index in np.flatnonzero(target >= 0)[::-1]:
        request_handover(
            world, state, e, int(du[index]), int(slice_[index]), int(place[index]), int(target[index])
        )


def _of(array: NDArray[Any], e: int, places: NDArray[np.int64]) -> NDArray[Any]:
    """Rows of the UEs in ``places`` (numbered through DUs, slices and places), [N, ...]."""
    rows: NDArray[Any] = array[e].reshape(-1, *array.shape[4:])[places]
    return rows


def _put(array: NDArray[Any], e: int, places: NDArray[np.int64], rows: NDArray[Any]) -> None:
    array[e].reshape(-1, *array.shape[4:])[places] = rows
