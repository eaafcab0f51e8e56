"""Slice quotas (TS 28.541 rRMPolicy: dedicated, min and max): who may hold which units.

Decisions are in RBs. A slice takes a unit only if all its RBs fit below the limit, so with RB groups a quota
that is no multiple of the group is used up to the last group that fits.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, inlined_kernel
from cadran.radio.mac.order import NOBODY, Workspace, find_best, place_of, search_again
from cadran.radio.mac.repeats import has_room, spare_rbs
from cadran.radio.mac.serve import serve, serve_best
from cadran.radio.mac.waiting import FREE, Grants, Waiting, await_padding, give
from cadran.radio.world import SLICES


@borrowing_kernel
def find_blocks(unit_rbs: NDArray[np.int64], least: NDArray[np.int32], blocks: NDArray[np.int64]) -> None:
    """Write to ``blocks`` int64[S + 1] where each slice's block of up to ``min`` RBs begins, and the end."""
    unit, units = 0, unit_rbs.shape[0]
    for s in range(SLICES):
        blocks[s] = unit
        left = int(least[s])
        while unit < units and unit_rbs[unit] <= left:
            left -= int(unit_rbs[unit])
            unit += 1
    blocks[SLICES] = unit


@borrowing_kernel
def idle_units(grants: Grants, holder: int, first: int, last: int, units: NDArray[np.int64]) -> int:
    """Write to ``units`` those of [first, last) of this holder that serve nobody; returns how many."""
    count = 0
    for unit in range(first, last):
        if grants.slice_of_unit[unit] == holder and grants.ue_of_unit[unit] < 0:
            units[count] = unit
            count += 1
    return count


@inlined_kernel
def serve_blocks(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    dedicated: NDArray[np.int32],
) -> None:
    """Pass 1 of mode 0: each slice's own block; of what it leaves idle, ``dedicated`` stays reserved."""
    blocks, units = work.blocks, work.units
    for s in range(SLICES):
        count = idle_units(grants, FREE, int(blocks[s]), int(blocks[s + 1]), units)
        given = serve(csi, waiting, grants, work, shift, int(schedulers[s]), s, units, count)
        held = int(grants.held[s])
        for i in range(count):
            rbs = int(unit_rbs[units[i]])
            if i < given or held + rbs <= dedicated[s]:
                grants.slice_of_unit[units[i]] = s
                held += rbs
        grants.held[s] = held


@borrowing_kernel
def serve_shared(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    unit_rbs: NDArray[np.int64],
    dedicated: NDArray[np.int32],
    most: NDArray[np.int32],
    rbs: int,
) -> None:
    """Pass 2 of mode 0: each free unit to the greatest key over all slices that have room for it."""
    places, size, left, metric = waiting.places, waiting.size, waiting.bits, waiting.metric
    slice_of_unit, ue_of_unit, held = grants.slice_of_unit, grants.ue_of_unit, grants.held
    ranks, keys, mask, half, units = work.ranks, work.keys, work.mask, work.half, work.units
    count = idle_units(grants, FREE, 0, unit_rbs.shape[0], units)
    for s in range(SLICES):
        if count > 0 and size[s] > 0 and held[s] < most[s]:
            first, last = int(units[0]), int(units[count - 1]) + 1
            find_best(csi, places, size, metric, ranks, keys, mask, shift, s, first, last)
    spare = spare_rbs(held, dedicated, rbs)
    index = 0
    while index < count and size[0] + size[1] + size[2] > 0:
        unit = int(units[index])
        more = int(unit_rbs[unit])
        s = best_slice(size, keys, held, dedicated, most, unit, more, spare)
        if s < 0:
            index += 1
            continue
        u = place_of(int(keys[s, unit]), mask, half, s * places.shape[1] + unit + shift)
        if left[s, u] <= 0:
            search_again(csi, places, size, metric, ranks, keys, mask, shift, s, unit)
            continue
        give(places, size, left, ue_of_unit, s, u, unit, int(csi[s, u, unit]))
        slice_of_unit[unit] = s
        held[s] += more
        spare = spare_rbs(held, dedicated, rbs)
        index += 1


@borrowing_kernel
def best_slice(
    size: NDArray[np.int64],
    keys: NDArray[np.int32],
    held: NDArray[np.int64],
    dedicated: NDArray[np.int32],
    most: NDArray[np.int32],
    unit: int,
    more: int,
    spare: int,
) -> int:
    """Slice with the greatest key on the unit, of ``more`` RBs, among those with room for it; -1 if none."""
    best, top = -1, NOBODY
    for s in range(SLICES):
        if size[s] > 0 and keys[s, unit] > top and has_room(held, dedicated, most, s, more, spare):
            best, top = s, int(keys[s, unit])
    return best


@inlined_kernel
def serve_assigned(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    schedulers: NDArray[np.int64],
) -> None:
    """Mode 1: each unit within the slice that holds it."""
    units = work.units
    for s in range(SLICES):
        count = idle_units(grants, s, 0, units.shape[0], units)
        serve(csi, waiting, grants, work, shift, int(schedulers[s]), s, units, count)


@borrowing_kernel
def pad_reserved(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    ues: NDArray[np.int32],
) -> None:
    """Serve with padding all idle units that slices hold."""
    units = work.units
    for s in range(SLICES):
        await_padding(waiting, ues, s)
        count = idle_units(grants, s, 0, units.shape[0], units)
        if count > 0 and waiting.size[s] > 0:
            serve_best(csi, waiting, waiting.metric, grants, work, shift, s, units, count)


@inlined_kernel
def usable_rbs(
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
    held: NDArray[np.int64],
    guaranteed: NDArray[np.int64],
    least: NDArray[np.int32],
    most: NDArray[np.int32],
    competitors: NDArray[np.int64],
    rbs: int,
) -> None:
    """Mode 0: ``quota``, the most RBs a slice could have had, and ``service``, those it could count on.

    ``quota_l = min(max_l, K - sum_{j != l} g_j)`` with g_j the RBs that slice j holds by guarantee.
    ``service_l = min(max_l, max(min_l + P n_l / n, held_l + idle))``: proportional fair gives each of the n
    competing UEs the same share of the P = K - sum(min) shared RBs; RBs that end idle could have been had
    too. With dedicated = min = max both are the quota.

    Args:
        quota: int32[S], written.
        service: float64[S], written.
        held: int64[S], RBs held after both passes.
        guaranteed: int64[S], RBs held after pass 1 or dedicated, the greater.
        least: int32[S], the decision's min.
        most: int32[S], the decision's max.
        competitors: int64[S], n_l >= 1 for slices with UEs that may hold shared RBs, else 0.
        rbs: K.
    """
    guarantees, pool, idle, rivals = 0, rbs, rbs, 0
    for s in range(SLICES):
        guarantees += int(guaranteed[s])
        pool -= int(least[s])
        idle -= int(held[s])
        rivals += int(competitors[s])
    for s in range(SLICES):
        most_rbs = int(most[s])
        quota[s] = min(most_rbs, rbs - guarantees + int(guaranteed[s]))
        share = pool * int(competitors[s]) / rivals if rivals > 0 else 0.0
        service[s] = min(float(most_rbs), max(int(least[s]) + share, float(int(held[s]) + idle)))
