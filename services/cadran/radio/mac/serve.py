"""Schedulers within a slice: which waiting UE each of a list of units serves.

``pf`` r / mean r, rate over the moving average of the UE's rate: proportional fair for channels that fade
alike (share 1/K and power gain H_K for K UEs under Rayleigh). ``mlwdf`` (1 + age) r / mean r, age of the
oldest byte in TTIs (M-LWDF, Andrews et al. 2001). ``max_cqi`` the highest r. ``rr`` the next UE with data in
turn, unit after unit. ``edf`` the UE with the oldest byte until all its data is served, of equally old ones
the next in turn.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, inlined_kernel
from cadran.radio.mac.order import Workspace, find_best, place_of, search_again
from cadran.radio.mac.waiting import EDF, RR, Grants, Waiting, give


@inlined_kernel
def serve(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    scheduler: int,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """Give ``units[:count]``, ascending, one by one to waiting UEs of slice ``s`` while there are any.

    Returns:
        How many were given.
    """
    if count == 0 or waiting.size[s] == 0:
        return 0
    if scheduler == RR:
        return serve_in_turn(csi, waiting, grants, s, units, count)
    if scheduler == EDF:
        return serve_oldest(csi, waiting, grants, s, units, count)
    return serve_best(csi, waiting, waiting.weight, grants, work, shift, s, units, count)


@borrowing_kernel
def serve_best(
    csi: NDArray[np.int32],
    waiting: Waiting,
    factor: NDArray[np.float32],
    grants: Grants,
    work: Workspace,
    shift: int,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``: each unit to the highest bits x ``factor``."""
    places, size, left, ue_of_unit = waiting.places, waiting.size, waiting.bits, grants.ue_of_unit
    ranks, keys, mask, half = work.ranks, work.keys, work.mask, work.half
    first, last = int(units[0]), int(units[count - 1]) + 1
    find_best(csi, places, size, factor, ranks, keys, mask, shift, s, first, last)
    given = 0
    while given < count and size[s] > 0:
        unit = int(units[given])
        offset = s * places.shape[1] + unit + shift
        u = place_of(int(keys[s, unit]), mask, half, offset)
        if left[s, u] <= 0:
            key = search_again(csi, places, size, factor, ranks, keys, mask, shift, s, unit)
            u = place_of(key, mask, half, offset)
        give(places, size, left, ue_of_unit, s, u, unit, int(csi[s, u, unit]))
        given += 1
    return given


@inlined_kernel
def serve_in_turn(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``, round robin, from ``next_place`` on."""
    places, size, left, ue_of_unit = waiting.places, waiting.size, waiting.bits, grants.ue_of_unit
    turn, index, given = int(np.int64(grants.next_place[s])), 0, 0
    while index < size[s] and places[s, index] < turn:
        index += 1
    while given < count and size[s] > 0:
        if index >= size[s]:
            index = 0
        unit, u = int(units[given]), int(places[s, index])
        give(places, size, left, ue_of_unit, s, u, unit, int(csi[s, u, unit]))
        if left[s, u] > 0:
            index += 1
        turn = (u + 1) % places.shape[1]
        given += 1
    grants.next_place[s] = turn
    return given


@inlined_kernel
def oldest(
    places: NDArray[np.int64], size: NDArray[np.int64], age: NDArray[np.int64], s: int, turn: int
) -> int:
    """Waiting place of slice ``s`` with the greatest age; of equal ones the first from ``turn`` on."""
    best, best_age, best_distance = -1, -1, places.shape[1]
    for index in range(int(size[s])):
        u = int(places[s, index])
        distance = u - turn
        if distance < 0:
            distance += places.shape[1]
        if age[s, u] > best_age or (age[s, u] == best_age and distance < best_distance):
            best, best_age, best_distance = u, int(age[s, u]), distance
    return best


@inlined_kernel
def serve_oldest(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``, oldest byte first."""
    places, size, left, age = waiting.places, waiting.size, waiting.bits, waiting.age
    ue_of_unit, turn = grants.ue_of_unit, int(np.int64(grants.next_place[s]))
    u, given = -1, 0
    while given < count and size[s] > 0:
        if u < 0 or left[s, u] <= 0:
            u = oldest(places, size, age, s, turn)
            turn = (u + 1) % places.shape[1]
        unit = int(units[given])
        give(places, size, left, ue_of_unit, s, u, unit, int(csi[s, u, unit]))
        given += 1
    grants.next_place[s] = turn
    return given
