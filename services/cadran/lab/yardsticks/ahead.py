"""The coming frame, as only a clairvoyant sees it, in worlds of one TTI per frame.

All is read off copies of the radio's state that are stepped in its place; the state itself is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, to_decisions
from cadran.problem import SLICES, Quota
from cadran.radio import State, World
from cadran.radio.csi import interference_over_noise, link_windows
from cadran.radio.hashing import FADING, frame_key
from cadran.radio.jit import kernel
from cadran.radio.kpis import md1_latency_s, mean_over_ues, rbs_for_bytes
from cadran.radio.link import Fading, curve_index, power_gain
from cadran.radio.mac import SE_FLOOR
from cadran.radio.tables import fading_of, parameters, tables

_ENDLESS_BYTES = 2**31 - 1


def require_one_tti(world: World, who: str) -> None:
    """Refuse worlds in which a frame is more than one grant of each RB on one channel.

    Raises:
        ValueError: The world has slots, RB groups, transport blocks, moving UEs, a source that depends on
            what was sent, or drops what is late.
    """
    limits = (
        (world.ttis_per_frame == 1, "ttis_per_frame", "1"),
        (world.link.adaptation == "shannon", "link.adaptation", "shannon"),
        (set(world.unit_rbs) == {1}, "mac.allocation", "per_rb"),
        (world.mobility.kind == "static", "mobility.kind", "static"),
        (not world.load.discard_late, "load.discard_late", "false"),
        ("full_buffer" not in world.load.sources, "load.sources", "all but full_buffer"),
    )
    for met, key, allowed in limits:
        if not met:
            raise ValueError(f"{who}: world.{key} must be {allowed}")


@dataclass(frozen=True)
class Ahead:
    """What the coming frame brings, whatever is decided.

    Attributes:
        waiting: A copy of the state after a frame in which nobody sends: what arrives is queued, and UEs with
            data have reported their channels.
        offered_bytes: What arrives for each UE, dropped bytes included, int64 ``[E, C, S, U]``.
    """

    waiting: State
    offered_bytes: NDArray[np.int64]


def look_ahead(env: BatchedEnv) -> Ahead:
    """The frame that ``env`` is about to play."""
    percent = np.zeros((env.envs, env.dus, SLICES), dtype=np.int32)
    nothing = to_decisions(Quota.hard(percent), env.frame.rbs)
    waiting, endless = env.radio.clone(env.radio_state), env.radio.clone(env.radio_state)
    # With room for everything, what the queues grow by is what arrived.
    endless.ues.queue_limit[...] = _ENDLESS_BYTES
    env.radio.step(waiting, nothing)
    env.radio.step(endless, nothing)
    return Ahead(waiting, endless.queued - env.radio_state.queued)


def carried_bits(env: BatchedEnv, ahead: Ahead, activity: NDArray[np.float32]) -> NDArray[np.int32]:
    """Bits that each RB would carry for each UE in the coming frame, int32 ``[E, C, S, U, K]``.

    Args:
        env: About to play the frame.
        ahead: Of the frame.
        activity: 1 where a DU transmits, float32 ``[E, C, K]``; a DU's own does not matter to its UEs.
    """
    core, ues = ahead.waiting.core, ahead.waiting.ues
    bits = np.zeros((*ues.queued.shape, env.frame.rbs), dtype=np.int32)
    fading, curve = fading_of(env.world, env.radio.fading), tables(env.world).curve
    links = (ues.gain, ues.fading_base, ues.fading_row, ues.travelled)
    _carry(core.keys, env.radio_state.frame, core.ues, *links, fading, activity, curve, bits)
    return bits


@kernel
def _carry(
    keys: NDArray[np.int64],
    frames: NDArray[np.int64],
    ues: NDArray[np.int32],
    gain: NDArray[np.float32],
    base: NDArray[np.int64],
    row: NDArray[np.int32],
    travelled: NDArray[np.int64],
    fading: Fading,
    activity: NDArray[np.float32],
    curve: NDArray[np.int32],
    bits: NDArray[np.int32],
) -> None:
    """``carried_bits`` into ``bits``."""
    envs, dus, slices, places, units = bits.shape
    starts, total = np.zeros(dus, dtype=np.int64), np.zeros(units, dtype=np.float32)
    for e in range(envs):
        key = frame_key(int(keys[e, 0]), int(keys[e, 1]), int(frames[e]), FADING)
        for c in range(dus):
            for s in range(slices):
                for u in range(int(ues[e, c, s])):
                    number = (c * slices + s) * places + u
                    way = int(travelled[e, c, s, u])
                    link_windows(fading, base[e, c, s, u], row[e, c, s, u], way, key, number, starts)
                    mean = gain[e, c, s, u]
                    interference_over_noise(mean, starts, c, activity[e], fading.values, True, total)
                    for g in range(units):
                        sinr = mean[c] * power_gain(fading.values[starts[c] + g]) / total[g]
                        bits[e, c, s, u, g] = curve[curve_index(sinr)]


def repeated(array: NDArray[Any], count: int) -> NDArray[Any]:
    """The array ``count`` times along a new first axis; not copied."""
    return np.broadcast_to(array, (count, *array.shape))


def md1_latencies(
    world: World,
    members: NDArray[np.int32],
    carried_bytes: NDArray[np.int64],
    fresh_bytes: NDArray[np.int64],
    mean_se: NDArray[np.float64],
    usable_rbs: NDArray[np.float64],
) -> NDArray[np.float32]:
    """URLLC latency of each UE for each number of RBs by the ``md1`` model, in s, ``[..., M, U]``.

    Args:
        world: The scenario.
        members: UEs of the slice, int32 ``[...]``.
        carried_bytes: What the last frame left over, int64 ``[..., U]``.
        fresh_bytes: What arrives in this one, int64 ``[..., U]``.
        mean_se: Average spectral efficiency after the frame in bit/s/Hz, float64 ``[..., U]``.
        usable_rbs: RBs that the slice can count on, float64 ``[M]``.
    """
    places = mean_se.shape[-1]
    numbers = parameters(world)
    out = np.full((members.size, len(usable_rbs), places), np.nan, dtype=np.float32)
    scales = (numbers.bits_per_se, numbers.frame_s, numbers.latency_cap_s)
    _md1(
        np.ascontiguousarray(members).reshape(-1),
        np.ascontiguousarray(carried_bytes).reshape(-1, places),
        np.ascontiguousarray(fresh_bytes).reshape(-1, places),
        np.ascontiguousarray(mean_se).reshape(-1, places),
        usable_rbs,
        *scales,
        out,
    )
    return out.reshape(*members.shape, len(usable_rbs), places)


@kernel
def _md1(
    members: NDArray[np.int32],
    carried_bytes: NDArray[np.int64],
    fresh_bytes: NDArray[np.int64],
    mean_se: NDArray[np.float64],
    usable_rbs: NDArray[np.float64],
    bits_per_se: float,
    frame_s: float,
    cap_s: float,
    out: NDArray[np.float32],
) -> None:
    """``md1_latencies`` of slices [N] into ``out`` float32[N, M, U]."""
    for n in range(out.shape[0]):
        count, carried, fresh = int(members[n]), 0.0, 0.0
        slice_se = mean_over_ues(mean_se[n], count)
        for u in range(count):
            carried += rbs_for_bytes(int(carried_bytes[n, u]), mean_se[n, u], bits_per_se)
            fresh += rbs_for_bytes(int(fresh_bytes[n, u]), mean_se[n, u], bits_per_se)
        for m in range(usable_rbs.shape[0]):
            for u in range(count):
                slowness = slice_se / max(mean_se[n, u], SE_FLOOR)
                latency = md1_latency_s(carried, fresh, usable_rbs[m], slowness, frame_s, cap_s)
                out[n, m, u] = latency
