"""Small worlds and ways to drive them, shared by the tests of the radio."""

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cadran.radio import Decisions, Radio, State, World, assignment, beside, grants, hard_quotas, quotas
from cadran.radio.hashing import FADING, draw, frame_key

FloatArray = NDArray[np.float64]


def merged(base: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """``changes`` laid over ``base``, section by section."""
    result = dict(base)
    for key, value in changes.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value
    return result


def small_world(**changes: object) -> World:
    """Three DUs, 24 UEs, 12 RBs, loaded so that queues build up."""
    settings: dict[str, object] = {
        "dus": 3,
        "ues": 24,
        "rbs": 12,
        "max_ues_per_slice": 5,
        "load": {"scale": 0.2},
    }
    return World.model_validate(settings | changes)


def block_world(**changes: object) -> World:
    """The small world with transport blocks, HARQ, old reports and fading maps: preset 3gpp, RB groups."""
    settings = {"preset": "3gpp", "dus": 3, "ues": 24, "rbs": 12, "max_ues_per_slice": 5}
    return World.model_validate(merged(settings | {"load": {"scale": 0.2}}, changes))


def one_ue(**changes: object) -> World:
    """One DU and one eMBB UE with a full buffer on 8 RBs that do not fade, blocks without report delay."""
    settings = {
        "preset": "3gpp",
        "dus": 1,
        "ues": 1,
        "rbs": 8,
        "slice_weights": (1, 0, 0),
        "channel": {"fading": "none"},
        "load": {"sources": ("full_buffer",) * 3},
        "link": {"csi_period_ttis": 1, "csi_delay_ttis": 0},
        "mac": {"allocation": "per_rb"},
    }
    return World.model_validate(merged(settings, changes))


def fast_moves() -> dict[str, object]:
    """A world's ``mobility`` in which UEs change their DU often."""
    return {
        "kind": "directions",
        "speed_min_mps": 60,
        "speed_max_mps": 90,
        "update_frames": 1,
        "handover": {"offset_db": 0, "hysteresis_db": 0, "time_to_trigger_s": 0, "filter_k": 0},
    }


def tti_by_tti(world: World) -> World:
    """``world`` with frames of one TTI, so that a test sees the state after each.

    The schema asks for more where there are transport blocks, as a decision per slot makes no sense there.
    """
    return world.model_copy(update={"ttis_per_frame": 1, "frame_s": world.tti_s})


def seeds(count: int) -> NDArray[np.uint64]:
    return np.arange(11, 11 + count, dtype=np.uint64)


def equal(world: World, envs: int) -> Decisions:
    """Hard quotas, a third of the RBs each."""
    share = np.full((envs, world.dus, 3), world.rbs // 3)
    return hard_quotas(share, world.rbs)


def pf_all(world: World, envs: int) -> Decisions:
    """All UEs compete for all RBs."""
    nothing = np.zeros((envs, world.dus, 3), dtype=np.int32)
    return quotas(nothing, nothing, nothing + world.rbs, world.rbs)


def no_rbs(world: World, envs: int) -> Decisions:
    """Nobody gets anything."""
    return hard_quotas(np.zeros((envs, world.dus, 3), dtype=np.int32), world.rbs)


def random_decisions(world: World, envs: int, rng: np.random.Generator) -> Decisions:
    """Legal decisions of all modes that the world has, drawn at random, extremes included."""
    shape = (envs, world.dus)
    cuts = np.sort(rng.integers(0, world.rbs + 1, size=(*shape, 3)), axis=-1)
    least = np.diff(cuts, axis=-1, prepend=0)
    dedicated = rng.integers(0, least + 1)
    most = rng.integers(least, world.rbs + 1)
    modes = 2 if world.mac.allocation == "per_rb" else 1
    mode = rng.integers(0, modes, size=shape).astype(np.int8)
    owner = rng.integers(-1, 3, size=(*shape, world.rbs))
    return quotas(dedicated, least, most, world.rbs)._replace(
        mode=mode, slice_of_rb=assignment(owner).slice_of_rb
    )


def random_grants(world: World, ues: NDArray[np.int32], rng: np.random.Generator) -> Decisions:
    """RBs and power of attached UEs, int32[E, C, S], drawn at random; now and then nothing, or all RBs."""
    shape = (*ues.shape, world.max_ues_per_slice)
    taken = np.arange(shape[-1]) < ues[..., None]
    total = rng.integers(-2, world.rbs + 3, size=shape[:2]).clip(0, world.rbs)
    wishes = taken * rng.random(shape) ** 3 + 1e-9 * taken
    part = wishes / np.maximum(wishes.sum(axis=(2, 3), keepdims=True), 1e-9)
    own = np.floor(part * total[..., None, None]).astype(np.int16)
    return grants(own, rng.choice([0.01, 0.3, 1.0], size=shape), world.rbs)


def mixed(one: Decisions, other: Decisions, rng: np.random.Generator) -> Decisions:
    """``one`` in some DUs, at least in one, ``other`` in the rest."""
    dus = one.mode.shape[1]
    whose = (rng.random(dus) < 0.5) | (np.arange(dus) == rng.integers(dus))
    of_dus = [
        Decisions(*(array[:, c : c + 1] for array in (one if whose[c] else other))) for c in range(len(whose))
    ]
    return beside(of_dus)


def run_users(radio: Radio, state: State, frames: int, seed: int = 0) -> None:
    """Play ``frames`` frames under random decisions of which some are for single UEs."""
    world, rng = radio.world, np.random.default_rng(seed)
    for _ in range(frames):
        own, slices = random_grants(world, state.core.ues, rng), random_decisions(world, len(state.seed), rng)
        radio.step(state, mixed(own, slices, rng))


def run(radio: Radio, state: State, frames: int, seed: int = 0) -> None:
    """Play ``frames`` frames under random decisions."""
    rng = np.random.default_rng(seed)
    for _ in range(frames):
        radio.step(state, random_decisions(radio.world, len(state.seed), rng))


def taken(state: State) -> NDArray[np.bool_]:
    """Places that hold a UE, bool[E, C, S, U]."""
    return state.ues.id >= 0


def activity(world: World, state: State, e: int = 0) -> NDArray[np.bool_]:
    """Who transmitted in the last TTI of environment ``e``, bool[C, G]."""
    history = state.core.activity[e]
    return history[(int(state.frame[e]) * world.ttis_per_frame - 1) % len(history)] > 0


def floats(patterns: NDArray[np.uint16]) -> FloatArray:
    """Values of bfloat16 bit patterns."""
    return (patterns.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)


def fading(radio: Radio, state: State, ue: tuple[int, int, int, int], tti: int, row_shift: int) -> FloatArray:
    """Power gains on the links of a UE, float64[C, G], read from the map by its definition.

    Args:
        radio: whose map.
        state: with the links.
        ue: environment, DU, slice, place.
        tti: of the episode, for block fading.
        row_shift: rows since the episode's start, for maps over displacement.
    """
    e, c, s, u = ue
    world, found = radio.world, radio.fading
    row = (state.ues.fading_row[ue] + row_shift) % found.rows
    starts = state.ues.fading_base[ue] + row * found.stride
    if world.channel.fading == "rayleigh":
        key = frame_key(*(int(k) for k in state.core.keys[e]), tti, FADING)
        first = ((c * 3 + s) * world.max_ues_per_slice + u) * world.dus
        starts = np.array([draw(key, first + d) % found.columns for d in range(world.dus)])
    return floats(found.values[starts[:, None] + np.arange(len(world.unit_rbs))])


def sinr(gain: NDArray[np.float32], powers: FloatArray, active: NDArray[np.bool_], own: int) -> FloatArray:
    """SINR on each unit, float64[G], of a UE of DU ``own``.

    Args:
        gain: float32[C], mean gains over noise.
        powers: float64[C, G], fading.
        active: bool[C, G], who transmits.
        own: the serving DU.
    """
    received = gain.astype(np.float64)[:, None] * powers
    others = (received * active).sum(axis=0) - received[own] * active[own]
    return np.asarray(received[own] / (1 + others), dtype=np.float64)


def digest(state: State, envs: slice = slice(None)) -> str:
    """SHA-256 over every array of the chosen environments, bit for bit."""
    sha = hashlib.sha256()
    for part in state:
        for array in part:
            sha.update(np.ascontiguousarray(array[envs]).tobytes())
    return sha.hexdigest()
