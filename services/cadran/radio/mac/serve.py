"""Schedulers within a slice: which waiting UE each of a list of units serves.

``pf`` r / mean r, rate over the moving average of the UE's rate: proportional fair for channels that fade
alike (share 1/K and power gain H_K for K UEs under Rayleigh). ``mlwdf`` (1 + age) r / mean r, age of the
oldest byte in TTIs (M-LWDF, Andrews et al. 2001). ``max_cqi`` the highest r. ``rr`` the next UE with data in
turn, unit after unit. ``edf`` the UE with the oldest byte until all its data is served, of equally old ones
the next in turn.
"""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.mac.order import Order, best_place, find_best
from cadran.radio.mac.waiting import EDF, RR, Grants, Waiting, give


@kernel
def serve(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
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
    return serve_best(csi, waiting, waiting.weight, grants, order, s, units, count)


@kernel
def serve_best(
    csi: NDArray[np.int32],
    waiting: Waiting,
    factor: NDArray[np.float32],
    grants: Grants,
    order: Order,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``: each unit to the highest bits x ``factor``."""
    find_best(csi, waiting.places, waiting.size, factor, order, s, int(units[0]), int(units[count - 1]) + 1)
    for i in range(count):
        if waiting.size[s] == 0:
            return i
        unit = int(units[i])
        u = best_place(csi, waiting, factor, order, s, unit)
        give(waiting, grants, s, u, unit, int(csi[s, u, unit]))
    return count


@kernel
def serve_in_turn(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``, round robin, from ``next_place`` on."""
    turn, index = int(np.int64(grants.next_place[s])), 0
    while index < waiting.size[s] and waiting.places[s, index] < turn:
        index += 1
    for i in range(count):
        size = int(waiting.size[s])
        if size == 0:
            return i
        if index >= size:
            index = 0
        unit, u = int(units[i]), int(waiting.places[s, index])
        grants.next_place[s] = (u + 1) % waiting.places.shape[1]
        give(waiting, grants, s, u, unit, int(csi[s, u, unit]))
        if waiting.size[s] == size:
            index += 1
    return count


@kernel
def oldest(waiting: Waiting, s: int, turn: int) -> int:
    """Waiting place of slice ``s`` with the greatest age; of equal ones the first from ``turn`` on."""
    places = waiting.places.shape[1]
    best, best_age, best_distance = -1, -1, places
    for index in range(int(waiting.size[s])):
        u = int(waiting.places[s, index])
        age, distance = int(waiting.age[s, u]), u - turn
        if distance < 0:
            distance += places
        if age > best_age or (age == best_age and distance < best_distance):
            best, best_age, best_distance = u, age, distance
    return best


@kernel
def serve_oldest(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    s: int,
    units: NDArray[np.int64],
    count: int,
) -> int:
    """``serve``, oldest byte first."""
    u = -1
    for i in range(count):
        if waiting.size[s] == 0:
            return i
        if u < 0 or waiting.bits[s, u] <= 0:
            u = oldest(waiting, s, int(np.int64(grants.next_place[s])))
            grants.next_place[s] = (u + 1) % waiting.places.shape[1]
        unit = int(units[i])
        give(waiting, grants, s, u, unit, int(csi[s, u, unit]))
    return count
