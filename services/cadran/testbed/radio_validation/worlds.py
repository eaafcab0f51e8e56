"""Small worlds whose answers are known, and ways to drive them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.radio import EMBB, SLICES, Decisions, Radio, State, World, hard_quotas, quotas

SLICE_NAMES = ("eMBB", "mMTC", "URLLC")
DAY_FRAMES = 10**6
"""Frames of an episode that never ends: no reset comes between."""


def steady(**changes: Any) -> World:
    """A world with the load of its sources, without factors that move, and episodes without end."""
    load = {"factor_min": 1.0, "factor_max": 1.0} | changes.pop("load", {})
    return World.model_validate({"episode_frames": DAY_FRAMES, "load": load} | changes)


def one_slice(ues: int, dus: int = 1, **changes: Any) -> World:
    """``ues`` UEs of the eMBB slice at each of ``dus`` DUs, all that the world has."""
    world = {"dus": dus, "ues": ues * dus, "max_ues_per_slice": ues, "slice_weights": (1, 0, 0)}
    return steady(**world, **changes)


def start(radio: Radio, envs: int, seed: int = 1) -> State:
    """A batch of environments with seeds of their own."""
    return radio.new_state(np.arange(seed, seed + envs, dtype=np.uint64))


def share_all(world: World, envs: int) -> Decisions:
    """All UEs compete for all RBs."""
    nothing = np.zeros((envs, world.dus, SLICES), dtype=np.int32)
    return quotas(nothing, nothing, nothing + world.rbs, world.rbs)


def dedicate(world: World, envs: int) -> Decisions:
    """All RBs are guaranteed to the eMBB slice, so that its own scheduler gives them away."""
    everything = np.zeros((envs, world.dus, SLICES), dtype=np.int32)
    everything[:, :, EMBB] = world.rbs
    return hard_quotas(everything, world.rbs)


def play(radio: Radio, state: State, frames: int) -> None:
    """Play ``frames`` frames in which all UEs compete for all RBs."""
    decisions = share_all(radio.world, len(state.seed))
    for _ in range(frames):
        radio.step(state, decisions)


def random_quotas(world: World, envs: int, rng: np.random.Generator) -> Decisions:
    """Quotas drawn at random, from none to all RBs."""
    cuts = np.sort(rng.integers(0, world.rbs + 1, size=(envs, world.dus, SLICES)), axis=-1)
    least = np.diff(cuts, axis=-1, prepend=0)
    return quotas(rng.integers(0, least + 1), least, rng.integers(least, world.rbs + 1), world.rbs)


def set_gains(state: State, gain: NDArray[np.float64] | float) -> None:
    """Replace the mean gains over noise of all links; ``gain`` broadcasts to [E, C, S, U, C]."""
    state.ues.gain[:] = gain
