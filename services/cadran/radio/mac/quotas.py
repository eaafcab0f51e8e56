"""Slice quotas (TS 28.541 rRMPolicy: dedicated, min and max): who may hold which units.

Decisions are in RBs. A slice takes a unit only if all its RBs fit below the limit, so with RB groups a quota
that is no multiple of the group is used up to the last group that fits.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.mac.order import NOBODY, Order, find_best, place_of
from cadran.radio.mac.repeats import has_room, spare_rbs
from cadran.radio.mac.serve import serve, serve_best
from cadran.radio.mac.waiting import FREE, Grants, Waiting, give, leave
from cadran.radio.world import SLICES


@kernel
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


@kernel
def idle_units(grants: Grants, holder: int, first: int, last: int, units: NDArray[np.int64]) -> int:
    """Write to ``units`` those of [first, last) of this holder that serve nobody; returns how many."""
    count = 0
    for unit in range(first, last):
        if grants.slice_of_unit[unit] == holder and grants.ue_of_unit[unit] < 0:
            units[count] = unit
            count += 1
    return count


@kernel
def serve_blocks(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    dedicated: NDArray[np.int32],
    blocks: NDArray[np.int64],
    units: NDArray[np.int64],
) -> None:
    """Pass 1 of mode 0: each slice's own block; of what it leaves idle, ``dedicated`` stays reserved."""
    for s in range(SLICES):
        count = idle_units(grants, FREE, int(blocks[s]), int(blocks[s + 1]), units)
        given = serve(csi, waiting, grants, order, int(schedulers[s]), s, units, count)
        for i in range(count):
            rbs = int(unit_rbs[units[i]])
            if i < given:
                grants.held[s] += rbs
            elif grants.held[s] + rbs <= dedicated[s]:
                grants.slice_of_unit[units[i]] = s
                grants.held[s] += rbs


@kernel
def serve_shared(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    unit_rbs: NDArray[np.int64],
    dedicated: NDArray[np.int32],
    most: NDArray[np.int32],
    units: NDArray[np.int64],
    rbs: int,
) -> None:
    """Pass 2 of mode 0: each free unit to the greatest key over all slices that have room for it."""
    count, held = idle_units(grants, FREE, 0, unit_rbs.shape[0], units), grants.held
    if count == 0:
        return
    first, last = int(units[0]), int(units[count - 1]) + 1
    for s in range(SLICES):
        if held[s] < most[s]:
            find_best(csi, waiting.places, waiting.size, waiting.metric, order, s, first, last)
    spare = spare_rbs(held, dedicated, rbs)
    for i in range(count):
        unit = int(units[i])
        more = int(unit_rbs[unit])
        s, u = best_of_slices(csi, waiting, grants, order, dedicated, most, unit, more, spare)
        if s >= 0:
            give(waiting, grants, s, u, unit, int(csi[s, u, unit]))
            held[s] += more
            spare = spare_rbs(held, dedicated, rbs)


@kernel
def best_of_slices(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    dedicated: NDArray[np.int32],
    most: NDArray[np.int32],
    unit: int,
    more: int,
    spare: int,
) -> tuple[int, int]:
    """Slice and place of the greatest key on the unit, of ``more`` RBs; (-1, -1) if nobody may have it."""
    while True:
        winner, top = -1, NOBODY
        for s in range(SLICES):
            if (
                waiting.size[s] > 0
                and order.keys[s, unit] > top
                and has_room(grants.held, dedicated, most, s, more, spare)
            ):
                winner, top = s, int(order.keys[s, unit])
        if winner < 0:
            return -1, -1
        u = place_of(order, top, winner * waiting.places.shape[1], unit)
        if waiting.bits[winner, u] > 0:
            return winner, u
        find_best(csi, waiting.places, waiting.size, waiting.metric, order, winner, unit, unit + 1)


@kernel
def serve_assigned(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    schedulers: NDArray[np.int64],
    units: NDArray[np.int64],
) -> None:
    """Mode 1: each unit within the slice that holds it."""
    for s in range(SLICES):
        count = idle_units(grants, s, 0, units.shape[0], units)
        serve(csi, waiting, grants, order, int(schedulers[s]), s, units, count)


@kernel
def pad_reserved(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    ues: NDArray[np.int32],
    units: NDArray[np.int64],
) -> None:
    """Make every UE wait, those with a due repetition excepted, and serve all idle units that slices hold."""
    for s in range(SLICES):
        waiting.size[s] = ues[s]
        for u in range(ues[s]):
            waiting.places[s, u] = u
            waiting.bits[s, u] = 1 << 62
        for index in range(int(waiting.repeat_size[s])):
            leave(waiting.places, waiting.size, s, int(waiting.repeats[s, index]))
        count = idle_units(grants, s, 0, units.shape[0], units)
        if count > 0 and waiting.size[s] > 0:
            serve_best(csi, waiting, waiting.metric, grants, order, s, units, count)


@kernel
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
