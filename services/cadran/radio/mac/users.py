"""RBs for each UE (mode 2): how many are decided, which ones is the scheduler's choice."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, inlined_kernel
from cadran.radio.mac.order import NOBODY, Workspace, find_best, place_of, search_again
from cadran.radio.mac.waiting import FREE, Grants, Waiting, await_padding, give
from cadran.radio.world import SLICES


@inlined_kernel
def schedule_users(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    pad: bool,
    ues: NDArray[np.int32],
    ue_rbs: NDArray[np.int16],
    ue_power: NDArray[np.float32],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Mode 2; with ``pad`` RBs that a UE has no data for transmit padding.

    ``quota`` and ``service`` are the RBs of the slice's UEs.
    """
    unspent = work.unspent
    for s in range(SLICES):
        total = 0
        for u in range(int(ues[s])):
            own = int(np.int64(ue_rbs[s, u]))
            unspent[s, u] = own
            total += own
        quota[s] = total
        service[s] = total
    serve_users(csi, waiting, grants, work, shift, ue_power)
    if pad:
        for s in range(SLICES):
            await_padding(waiting, ues, s)
        serve_users(csi, waiting, grants, work, shift, ue_power)
    hold_idle(grants, quota)


@borrowing_kernel
def drop_spent(
    places: NDArray[np.int64], size: NDArray[np.int64], unspent: NDArray[np.int64], s: int
) -> None:
    """Take UEs of slice ``s`` that have no RB left off those that wait."""
    kept = 0
    for index in range(int(size[s])):
        u = int(places[s, index])
        if unspent[s, u] > 0:
            places[s, kept] = u
            kept += 1
    size[s] = kept


@borrowing_kernel
def serve_users(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    ue_power: NDArray[np.float32],
) -> None:
    """Give each free RB, in order of their number, to the greatest key over UEs with RBs and data left."""
    places, size, left, metric = waiting.places, waiting.size, waiting.bits, waiting.metric
    slice_of_unit, ue_of_unit, held = grants.slice_of_unit, grants.ue_of_unit, grants.held
    ranks, keys, mask, half, unspent = work.ranks, work.keys, work.mask, work.half, work.unspent
    units, unit = ue_of_unit.shape[0], 0
    for s in range(SLICES):
        drop_spent(places, size, unspent, s)
        find_best(csi, places, size, metric, ranks, keys, mask, shift, s, 0, units)
    while unit < units and size[0] + size[1] + size[2] > 0:
        if ue_of_unit[unit] >= 0:
            unit += 1
            continue
        s = greatest(keys, unit)
        u = place_of(int(keys[s, unit]), mask, half, s * places.shape[1] + unit + shift)
        if left[s, u] <= 0:
            search_again(csi, places, size, metric, ranks, keys, mask, shift, s, unit)
            continue
        # The last RB takes all that is left, so that the UE waits no more.
        last = unspent[s, u] == 1
        bits = int(left[s, u]) if last else int(np.float64(ue_power[s, u]) * int(csi[s, u, unit]))
        give(places, size, left, ue_of_unit, s, u, unit, bits)
        unspent[s, u] -= 1
        slice_of_unit[unit] = s
        held[s] += 1
        unit += 1


@borrowing_kernel
def greatest(keys: NDArray[np.int32], unit: int) -> int:
    """Slice with the greatest key on the unit, the first if nobody waits."""
    best, top = 0, NOBODY
    for s in range(SLICES):
        if keys[s, unit] > top:
            best, top = s, int(keys[s, unit])
    return best


@borrowing_kernel
def hold_idle(grants: Grants, quota: NDArray[np.int32]) -> None:
    """Book free RBs, in order of their number, to slices that have not used all of theirs."""
    unit = 0
    for s in range(SLICES):
        while grants.held[s] < quota[s]:
            if grants.slice_of_unit[unit] == FREE:
                grants.slice_of_unit[unit] = s
                grants.held[s] += 1
            unit += 1
