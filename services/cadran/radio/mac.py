"""The scheduler of one DU: which UE each RB serves in this frame.

It knows the queues, this frame's fading on the UEs' own links (CSI), and interference as the last frame's
activity of the neighbours would make it on average. Capacity is drained RB by RB as it is granted, so an RB
goes only to a UE that still has something to send.

Mode 0 (slice quotas), RBs in order of their number, slice after slice:
  1. Each slice has a block of ``min`` RBs and takes them while it has backlog. Of those it leaves idle, as
     many as fill up ``dedicated`` stay reserved; the others join the shared RBs.
  2. Each shared RB goes to the highest proportional-fair metric over all UEs with backlog whose slice has
     fewer than ``max`` RBs.
Mode 1 (a slice for each RB): each RB serves a UE with backlog of its slice, or nobody.
With ``idle_rbs: active`` a last pass gives every RB that is still idle to a UE without backlog (padding),
within the same bounds, except RBs that mode 1 leaves unused.

Metrics within a slice: ``pf`` r / mean r, rate over the moving average of the UE's rate: proportional fair
for channels that fade alike (share 1/K and power gain H_K for K UEs under Rayleigh). The average is of the
channel, not of delivered bytes, since in a 10 ms frame those follow the traffic. ``mlwdf`` (1 + age) r /
mean r, age of the oldest byte in frames (M-LWDF, Andrews et al. 2001). ``rr`` the next UE with backlog in
turn.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.world import SLICES

PF, RR, MLWDF = 0, 1, 2
SCHEDULERS = ("pf", "rr", "mlwdf")
FREE = -1
"""Holder of an RB that belongs to no slice."""
SE_FLOOR = 0.01
"""bit/s/Hz; keeps the inverse of an average spectral efficiency finite."""


class Waiting(NamedTuple):
    """UEs that compete for RBs, and what they still have to send.

    Attributes:
        places: int64[S, U], places of the waiting UEs, the first ``size[s]`` are valid.
        size: int64[S].
        bits: int64[S, U], left to send, by place.
        pf: float64[S, U], 1 / mean rate, by place.
        weight: float64[S, U], weight inside the UE's own slice, by place.
    """

    places: NDArray[np.int64]
    size: NDArray[np.int64]
    bits: NDArray[np.int64]
    pf: NDArray[np.float64]
    weight: NDArray[np.float64]


class Grants(NamedTuple):
    """Result: per RB the slice that holds it (or FREE) and the UE served (slice * U + place, or -1); per
    slice counts.

    Attributes:
        slice_of_rb: int8[K].
        ue_of_rb: int16[K].
        held: int64[S], RBs held, reserved idle ones included.
        next_place: int16[S], whose turn it is in round robin.
    """

    slice_of_rb: NDArray[np.int8]
    ue_of_rb: NDArray[np.int16]
    held: NDArray[np.int64]
    next_place: NDArray[np.int16]


@kernel
def best_waiting(
    csi: NDArray[np.int32], waiting: Waiting, s: int, rb: int, factor: NDArray[np.float64]
) -> tuple[int, int, float]:
    """Waiting UE of slice ``s`` with the highest bits x ``factor``; (index in ``places``, its bits, its
    metric).

    The search starts at another UE for each RB, so that UEs that tie at the rate cap share.
    """
    best, best_bits, best_metric = -1, 0, -1.0
    count = int(waiting.size[s])
    index = rb % count
    for _ in range(count):
        u = int(waiting.places[s, index])
        bits = int(csi[s, u, rb])
        metric = bits * factor[s, u]
        if metric > best_metric:
            best, best_bits, best_metric = index, bits, metric
        index += 1
        if index == count:
            index = 0
    return best, best_bits, best_metric


@kernel
def next_in_turn(waiting: Waiting, s: int, turn: int) -> int:
    """Index in ``places`` of the waiting UE that comes first from place ``turn`` on, cyclically."""
    size = waiting.places.shape[1]
    best, best_distance = -1, size
    for index in range(int(waiting.size[s])):
        distance = (int(waiting.places[s, index]) - turn + size) % size
        if distance < best_distance:
            best, best_distance = index, distance
    return best


@kernel
def grant(waiting: Waiting, grants: Grants, s: int, index: int, rb: int, bits: int) -> None:
    """Give the RB to a waiting UE and take what it carries off the UE's backlog."""
    u = int(waiting.places[s, index])
    grants.slice_of_rb[rb] = s
    grants.ue_of_rb[rb] = s * waiting.places.shape[1] + u
    waiting.bits[s, u] -= bits
    if waiting.bits[s, u] <= 0:
        last = int(waiting.size[s]) - 1
        waiting.places[s, index] = waiting.places[s, last]
        waiting.size[s] = last


@kernel
def serve_slice(
    csi: NDArray[np.int32], waiting: Waiting, grants: Grants, scheduler: int, s: int, rb: int
) -> None:
    """Give the RB to a waiting UE of slice ``s`` by the slice's own scheduler."""
    if scheduler == RR:
        index = next_in_turn(waiting, s, int(np.int64(grants.next_place[s])))
        u = int(waiting.places[s, index])
        bits = int(csi[s, u, rb])
        grants.next_place[s] = (u + 1) % waiting.places.shape[1]
    else:
        index, bits, _ = best_waiting(csi, waiting, s, rb, waiting.weight)
    grant(waiting, grants, s, index, rb, bits)


@kernel
def serve_blocks(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    schedulers: NDArray[np.int64],
    dedicated: NDArray[np.int32],
    least: NDArray[np.int32],
) -> None:
    """Pass 1 of mode 0: blocks of ``min`` RBs, idle ones reserved up to ``dedicated``."""
    first = 0
    for s in range(SLICES):
        last = first + int(least[s])
        for rb in range(first, last):
            if waiting.size[s] > 0:
                serve_slice(csi, waiting, grants, schedulers[s], s, rb)
                grants.held[s] += 1
            elif rb - first < dedicated[s]:
                grants.slice_of_rb[rb] = s
                grants.held[s] += 1
        first = last


@kernel
def serve_shared(csi: NDArray[np.int32], waiting: Waiting, grants: Grants, most: NDArray[np.int32]) -> None:
    """Pass 2 of mode 0: each free RB to the highest metric over all slices below their ``max``."""
    for rb in range(grants.slice_of_rb.shape[0]):
        if grants.slice_of_rb[rb] != FREE:
            continue
        winner, winner_index, winner_bits, winner_metric = -1, -1, 0, -1.0
        for s in range(SLICES):
            if waiting.size[s] > 0 and grants.held[s] < most[s]:
                index, bits, metric = best_waiting(csi, waiting, s, rb, waiting.pf)
                if metric > winner_metric:
                    winner, winner_index, winner_bits, winner_metric = s, index, bits, metric
        if winner < 0:
            return
        grant(waiting, grants, winner, winner_index, rb, winner_bits)
        grants.held[winner] += 1


@kernel
def serve_assigned(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    schedulers: NDArray[np.int64],
    assigned: NDArray[np.int8],
) -> None:
    """Mode 1: each RB within the slice that the decision names."""
    for rb in range(assigned.shape[0]):
        s = int(np.int64(assigned[rb]))
        if s == FREE:
            continue
        grants.slice_of_rb[rb] = s
        grants.held[s] += 1
        if waiting.size[s] > 0:
            serve_slice(csi, waiting, grants, schedulers[s], s, rb)


@kernel
def pad_idle(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
    shared: bool,
    most: NDArray[np.int32],
    ues: NDArray[np.int32],
) -> None:
    """Every idle RB transmits padding to a UE of its slice.

    A free one, if ``shared``, to any below ``max``.
    """
    for s in range(SLICES):
        waiting.size[s] = ues[s]
        for u in range(ues[s]):
            waiting.places[s, u] = u
            waiting.bits[s, u] = 1 << 62
    for rb in range(grants.slice_of_rb.shape[0]):
        s = int(np.int64(grants.slice_of_rb[rb]))
        if s != FREE and grants.ue_of_rb[rb] < 0 and ues[s] > 0:
            index, bits, _ = best_waiting(csi, waiting, s, rb, waiting.pf)
            grant(waiting, grants, s, index, rb, bits)
    if shared:
        serve_shared(csi, waiting, grants, most)


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
        guaranteed: int64[S], RBs held after pass 1.
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


@kernel
def schedule(
    csi: NDArray[np.int32],
    waiting: Waiting,
    grants: Grants,
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
    """Schedule one DU for one frame; fills ``grants``, ``quota`` int32[S] and ``service`` float64[S].

    ``csi``, int32[S, U, K] here and in every pass: bits that an RB is expected to carry for a UE in this
    frame, valid for waiting UEs (for all of them with ``pad``).
    """
    if mode == 1:
        serve_assigned(csi, waiting, grants, schedulers, assigned)
        for s in range(SLICES):
            quota[s] = grants.held[s]
            service[s] = grants.held[s]
    else:
        competitors = np.zeros(SLICES, dtype=np.int64)
        for s in range(SLICES):
            if ues[s] > 0 and most[s] > least[s]:
                competitors[s] = max(1, int(waiting.size[s]))
        serve_blocks(csi, waiting, grants, schedulers, dedicated, least)
        guaranteed = grants.held.copy()
        serve_shared(csi, waiting, grants, most)
        usable_rbs(
            quota, service, grants.held, guaranteed, least, most, competitors, grants.slice_of_rb.shape[0]
        )
    if pad:
        pad_idle(csi, waiting, grants, mode == 0, most, ues)
