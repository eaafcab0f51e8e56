"""One TTI of one DU, all passes."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, inlined_kernel
from cadran.radio.mac.order import Workspace
from cadran.radio.mac.quotas import (
    find_blocks,
    pad_reserved,
    serve_assigned,
    serve_blocks,
    serve_shared,
    usable_rbs,
)
from cadran.radio.mac.repeats import repeat_assigned, repeat_shared
from cadran.radio.mac.users import schedule_users
from cadran.radio.mac.waiting import EDF, FREE, MAX_CQI, RR, Grants, Waiting
from cadran.radio.world import SLICES


@inlined_kernel
def schedule_quotas(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    ues: NDArray[np.int32],
    dedicated: NDArray[np.int32],
    least: NDArray[np.int32],
    most: NDArray[np.int32],
    rbs: int,
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Mode 0."""
    units, blocks, repeats = work.units, work.blocks, 0
    for s in range(SLICES):
        competitors = max(1, int(waiting.size[s]) + int(waiting.repeat_size[s]))
        work.competitors[s] = competitors if ues[s] > 0 and most[s] > least[s] else 0
        repeats += int(waiting.repeat_size[s])
    find_blocks(unit_rbs, least, blocks)
    if repeats > 0:
        repeat_shared(waiting, grants, unit_rbs, least, most, blocks, units, rbs)
    serve_blocks(csi, waiting, grants, work, shift, unit_rbs, schedulers, dedicated)
    for s in range(SLICES):
        work.guaranteed[s] = max(int(grants.held[s]), int(dedicated[s]))
    if repeats > 0:
        for s in range(SLICES + 1):
            blocks[s] = 0
        repeat_shared(waiting, grants, unit_rbs, dedicated, most, blocks, units, rbs)
    serve_shared(csi, waiting, grants, work, shift, unit_rbs, dedicated, most, rbs)
    usable_rbs(quota, service, grants.held, work.guaranteed, least, most, work.competitors, rbs)


@inlined_kernel
def schedule_assigned(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    work: Workspace,
    shift: int,
    unit_rbs: NDArray[np.int64],
    schedulers: NDArray[np.int64],
    assigned: NDArray[np.int8],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
) -> None:
    """Mode 1."""
    for unit in range(unit_rbs.shape[0]):
        s = int(np.int64(assigned[unit]))
        grants.slice_of_unit[unit] = s
        if s != FREE:
            grants.held[s] += unit_rbs[unit]
    repeat_assigned(waiting, grants, unit_rbs, work.units)
    serve_assigned(csi, waiting, grants, work, shift, schedulers)
    for s in range(SLICES):
        quota[s] = grants.held[s]
        service[s] = grants.held[s]


@inlined_kernel
def start(waiting: Waiting, grants: Grants, schedulers: NDArray[np.int64], mask: int) -> int:
    """Clear the grants; returns the shift of the tie-breaking ranks, and moves it on for the next TTI.

    Slices that all go by rate alone compete by rate alone too.
    """
    shift, by_rate = int(np.int64(grants.next_place[0])), 0
    for unit in range(grants.slice_of_unit.shape[0]):
        grants.slice_of_unit[unit] = FREE
        grants.ue_of_unit[unit] = -1
    for s in range(SLICES):
        grants.held[s] = 0
        if schedulers[s] != RR and schedulers[s] != EDF:
            shift = int(np.int64(grants.next_place[s]))
            grants.next_place[s] = (shift + 1) & mask
        if schedulers[s] == MAX_CQI:
            for u in range(waiting.weight.shape[1]):
                waiting.weight[s, u] = 1.0
            by_rate += 1
    if by_rate == SLICES:
        waiting.metric[:, :] = 1.0
    return shift


@borrowing_kernel
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
    ue_rbs: NDArray[np.int16],
    ue_power: NDArray[np.float32],
    quota: NDArray[np.int32],
    service: NDArray[np.float64],
    work: Workspace,
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
        mode: 0 slice quotas, 1 a slice for each unit, 2 RBs for each UE.
        dedicated: int32[S], RBs (mode 0): 0 <= dedicated <= min <= max <= K, and min adds up to at most K.
        least: int32[S], min.
        most: int32[S], max.
        assigned: int8[G], slice of each unit or FREE (mode 1).
        ue_rbs: int16[S, U], RBs of each UE >= 0, at most K in all (mode 2, which has one RB per unit and no
            repetitions).
        ue_power: float32[S, U], their power, above 0 and at most 1 (mode 2).
        quota: int32[S], written: the most RBs each slice could have had.
        service: float64[S], written: RBs that each slice could count on.
        work: from ``new_workspace(U, G)``.
    """
    rbs = 0
    for unit in range(unit_rbs.shape[0]):
        rbs += int(unit_rbs[unit])
    shift = start(waiting, grants, schedulers, work.mask)
    if mode == 1:
        schedule_assigned(csi, waiting, grants, work, shift, unit_rbs, schedulers, assigned, quota, service)
    elif mode == 2:
        schedule_users(csi, waiting, grants, work, shift, pad, ues, ue_rbs, ue_power, quota, service)
    else:
        schedule_quotas(
            csi,
            waiting,
            grants,
            work,
            shift,
            unit_rbs,
            schedulers,
            ues,
            dedicated,
            least,
            most,
            rbs,
            quota,
            service,
        )
    if pad and mode != 2:
        pad_reserved(csi, waiting, grants, work, shift, ues)
        if mode == 0:
            serve_shared(csi, waiting, grants, work, shift, unit_rbs, dedicated, most, rbs)
