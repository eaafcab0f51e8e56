"""One TTI of one DU, all passes."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.mac.order import Order, new_order
from cadran.radio.mac.quotas import (
    find_blocks,
    pad_reserved,
    serve_assigned,
    serve_blocks,
    serve_shared,
    usable_rbs,
)
from cadran.radio.mac.repeats import repeat_assigned, repeat_shared
from cadran.radio.mac.waiting import EDF, FREE, MAX_CQI, RR, Grants, Waiting
from cadran.radio.world import SLICES


@kernel
def schedule_quotas(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    ues: NDArray[np.int32],
    dedicated: NDArray[np.int32],
    least: NDArray[np.int32],
    most: NDArray[np.int32],
    units: NDArray[np.int64],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Mode 0; ``units`` int64[G] is scratch."""
    rbs = unit_rbs.sum()
    counts = np.zeros((2, SLICES), dtype=np.int64)
    guaranteed, competitors = counts[0], counts[1]
    blocks = np.zeros(SLICES + 1, dtype=np.int64)
    for s in range(SLICES):
        if ues[s] > 0 and most[s] > least[s]:
            competitors[s] = max(1, int(waiting.size[s]) + int(waiting.repeat_size[s]))
    find_blocks(unit_rbs, least, blocks)
    repeat_shared(waiting, grants, unit_rbs, dedicated, most, blocks, units, rbs)
    serve_blocks(csi, waiting, grants, order, unit_rbs, schedulers, dedicated, blocks, units)
    for s in range(SLICES):
        guaranteed[s] = max(int(grants.held[s]), int(dedicated[s]))
    blocks[:] = 0
    repeat_shared(waiting, grants, unit_rbs, dedicated, most, blocks, units, rbs)
    serve_shared(csi, waiting, grants, order, unit_rbs, dedicated, most, units, rbs)
    usable_rbs(quota, service, grants.held, guaranteed, least, most, competitors, rbs)


@kernel
def schedule_assigned(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    order: Order,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    assigned: NDArray[np.int8],
    units: NDArray[np.int64],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Mode 1; ``units`` int64[G] is scratch."""
    for unit in range(unit_rbs.shape[0]):
        s = int(np.int64(assigned[unit]))
        grants.slice_of_unit[unit] = s
        if s != FREE:
            grants.held[s] += unit_rbs[unit]
    repeat_assigned(waiting, grants, unit_rbs, units)
    serve_assigned(csi, waiting, grants, order, schedulers, units)
    for s in range(SLICES):
        quota[s] = grants.held[s]
        service[s] = grants.held[s]


@kernel
def schedule(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    pad: bool,
    ues: NDArray[np.int32],
    mode: int,
    dedicated: NDArray[np.int32],
    least: NDArray[np.int32],
    most: NDArray[np.int32],
    assigned: NDArray[np.int8],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Schedule one DU for one TTI.

    Args:
        csi: int32[S, U, G], bits >= 0 that a unit is expected to carry for a UE in this TTI; valid for
            waiting UEs (for all of them with ``pad``).
        waiting: who competes; used up.
        grants: written; ``next_place`` moves on.
        unit_rbs: int64[G], RBs of each unit; they add up to K.
        schedulers: int64[S], PF, RR, MAX_CQI, EDF or MLWDF.
        pad: idle units that a slice may hold transmit padding.
        ues: int32[S], attached UEs, on places 0 to ``ues[s]`` - 1.
        mode: 0 slice quotas, 1 a slice for each unit.
        dedicated: int32[S], RBs (mode 0): 0 <= dedicated <= min <= max <= K, and min adds up to at most K.
        least: int32[S], min.
        most: int32[S], max.
        assigned: int8[G], slice of each unit or FREE (mode 1).
        quota: int32[S], written: the most RBs each slice could have had.
        service: float64[S], written: RBs that each slice could count on.
    """
    places, count, turn = waiting.places.shape[1], unit_rbs.shape[0], 0
    grants.slice_of_unit[:] = FREE
    grants.ue_of_unit[:] = -1
    grants.held[:] = 0
    for s in range(SLICES):
        turn += int(np.int64(grants.next_place[s]))
        if schedulers[s] == MAX_CQI:
            waiting.weight[s, :] = 1.0
    order = new_order(places, count, turn)
    for s in range(SLICES):
        if schedulers[s] != RR and schedulers[s] != EDF:
            grants.next_place[s] = (int(np.int64(grants.next_place[s])) + 1) & order.mask
    units = np.empty(count, dtype=np.int64)
    if mode == 1:
        schedule_assigned(csi, waiting, grants, order, unit_rbs, schedulers, assigned, units, quota, service)
    else:
        schedule_quotas(
            csi,
            waiting,
            grants,
            order,
            unit_rbs,
            schedulers,
            ues,
            dedicated,
            least,
            most,
            units,
            quota,
            service,
        )
    if pad:
        pad_reserved(csi, waiting, grants, order, ues, units)
        if mode == 0:
            serve_shared(csi, waiting, grants, order, unit_rbs, dedicated, most, units, unit_rbs.sum())
