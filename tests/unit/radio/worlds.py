"""Small worlds and ways to drive them, shared by the tests of the radio."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from cadran.radio import Decisions, Radio, State, World, assignment, hard_quotas, quotas


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


def random_decisions(world: World, envs: int, rng: np.random.Generator) -> Decisions:
    """Legal decisions of both modes, drawn at random, extremes included."""
    shape = (envs, world.dus)
    cuts = np.sort(rng.integers(0, world.rbs + 1, size=(*shape, 3)), axis=-1)
    least = np.diff(cuts, axis=-1, prepend=0)
    dedicated = rng.integers(0, least + 1)
    most = rng.integers(least, world.rbs + 1)
    mode = rng.integers(0, 2, size=shape).astype(np.int8)
    owner = rng.integers(-1, 3, size=(*shape, world.rbs))
    return quotas(dedicated, least, most, world.rbs)._replace(
        mode=mode, slice_of_rb=assignment(owner).slice_of_rb
    )


def run(radio: Radio, state: State, frames: int, seed: int = 0) -> None:
    """Play ``frames`` frames under random decisions."""
    rng = np.random.default_rng(seed)
    for _ in range(frames):
        radio.step(state, random_decisions(radio.world, len(state.seed), rng))


def digest(state: State, envs: slice = slice(None)) -> str:
    """SHA-256 over every array of the chosen environments, bit for bit."""
    sha = hashlib.sha256()
    for part in state:
        for array in part:
            sha.update(np.ascontiguousarray(array[envs]).tobytes())
    return sha.hexdigest()
