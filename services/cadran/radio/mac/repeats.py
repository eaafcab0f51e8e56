"""HARQ repetitions: they come before new data, and each gets all the RBs that it needs or none.

A repetition takes whole units, in order of their number, until they cover its RBs; with RB groups it may so
hold more RBs than it needs.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel
from cadran.radio.mac.waiting import FREE, Grants, Waiting
from cadran.radio.world import SLICES


@borrowing_kernel
def spare_rbs(held: NDArray[np.int64], reserved: NDArray[np.int32], rbs: int) -> int:
    """RBs that are neither held by a slice nor reserved for one."""
    spare = rbs
    for s in range(SLICES):
        spare -= max(int(held[s]), int(reserved[s]))
    return spare


@borrowing_kernel
def has_room(
    held: NDArray[np.int64],
    reserved: NDArray[np.int32],
    most: NDArray[np.int32],
    s: int,
    more: int,
    spare: int,
) -> bool:
    """Whether slice ``s`` may hold ``more`` RBs: up to its max, never on those reserved for others."""
    now, own = int(held[s]), int(reserved[s])
    return now + more <= most[s] and max(now + more, own) - max(now, own) <= spare


@borrowing_kernel
def collect(
    grants: Grants,
    unit_rbs: NDArray[np.int64],
    holder: int,
    first: int,
    last: int,
    need: int,
    units: NDArray[np.int64],
    count: int,
) -> tuple[int, int]:
    """Append to ``units[:count]`` idle ones of [first, last) of this holder until ``need`` RBs are covered.

    Returns:
        The new count, and what is still needed (0 or less: covered).
    """
    for unit in range(first, last):
        if need <= 0:
            break
        if grants.ue_of_unit[unit] < 0 and grants.slice_of_unit[unit] == holder:
            units[count] = unit
            count += 1
            need -= int(unit_rbs[unit])
    return count, need


@borrowing_kernel
def grant_repeat(
    waiting: Waiting, grants: Grants, s: int, u: int, units: NDArray[np.int64], count: int
) -> None:
    """Give the units to the repetition of a UE."""
    for i in range(count):
        grants.slice_of_unit[units[i]] = s
        grants.ue_of_unit[units[i]] = s * waiting.places.shape[1] + u
    waiting.repeat_rbs[s, u] = 0


@borrowing_kernel
def repeat_shared(
    waiting: Waiting,
    grants: Grants,
    unit_rbs: NDArray[np.int64],
    reserved: NDArray[np.int32],
    most: NDArray[np.int32],
    blocks: NDArray[np.int64],
    units: NDArray[np.int64],
    rbs: int,
) -> None:
    """Mode 0: each repetition within its slice's own block, then behind all blocks.

    Args:
        waiting: in ``repeats``, who.
        grants: written.
        unit_rbs: int64[G].
        reserved: int32[S], RBs kept for each slice whatever others need: its min before the blocks were
            served, for with RB groups part of a block lies behind the blocks; its dedicated ones after.
        most: int32[S], the decision's max.
        blocks: int64[S + 1], slice s has its block on units ``blocks[s]`` to ``blocks[s + 1]``; all 0 once
            the blocks were served: then every free unit will do.
        units: int64[G], scratch.
        rbs: K.
    """
    tail, end = int(blocks[SLICES]), unit_rbs.shape[0]
    for s in range(SLICES):
        for index in range(int(waiting.repeat_size[s])):
            u = int(waiting.repeats[s, index])
            need = int(waiting.repeat_rbs[s, u])
            if need == 0:
                continue
            count, left = collect(grants, unit_rbs, FREE, int(blocks[s]), int(blocks[s + 1]), need, units, 0)
            count, left = collect(grants, unit_rbs, FREE, tail, end, left, units, count)
            spare, covered = spare_rbs(grants.held, reserved, rbs), need - left
            if left <= 0 and has_room(grants.held, reserved, most, s, covered, spare):
                grant_repeat(waiting, grants, s, u, units, count)
                grants.held[s] += covered


@borrowing_kernel
def repeat_assigned(
    waiting: Waiting, grants: Grants, unit_rbs: NDArray[np.int64], units: NDArray[np.int64]
) -> None:
    """Mode 1: each repetition within the units of its slice."""
    for s in range(SLICES):
        for index in range(int(waiting.repeat_size[s])):
            u = int(waiting.repeats[s, index])
            need = int(waiting.repeat_rbs[s, u])
            count, left = collect(grants, unit_rbs, s, 0, unit_rbs.shape[0], need, units, 0)
            if left <= 0:
                grant_repeat(waiting, grants, s, u, units, count)
