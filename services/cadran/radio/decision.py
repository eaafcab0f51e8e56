"""Decisions of the DUs, and what makes one legal."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cadran.radio.jit import kernel
from cadran.radio.world import SLICES

QUOTAS = 0
ASSIGNMENT = 1
UNUSED = -1


class Decisions(NamedTuple):
    """One decision per environment and DU.

    Attributes:
        mode: int8[E, C], 0 = slice quotas, 1 = a slice for each RB.
        dedicated_rbs: int32[E, C, S], RBs kept for the slice even when it has no backlog (mode 0).
        min_rbs: int32[E, C, S], RBs the slice gets whenever it has backlog (mode 0).
        max_rbs: int32[E, C, S], most RBs of the slice (mode 0). 0 <= dedicated <= min <= max <= K and
            sum(min) <= K, as the RRM policy ratios of TS 28.541 clause 4.3.36.
        slice_of_rb: int8[E, C, K], slice of each RB or -1 for an unused one (mode 1).
    """

    mode: NDArray[np.int8]
    dedicated_rbs: NDArray[np.int32]
    min_rbs: NDArray[np.int32]
    max_rbs: NDArray[np.int32]
    slice_of_rb: NDArray[np.int8]


def quotas(dedicated_rbs: ArrayLike, min_rbs: ArrayLike, max_rbs: ArrayLike, rbs: int) -> Decisions:
    """Decisions in mode 0 from three arrays that broadcast to int[E, C, S]."""
    dedicated, least, most = np.broadcast_arrays(dedicated_rbs, min_rbs, max_rbs)
    envs, dus = dedicated.shape[:2]
    return Decisions(
        np.zeros((envs, dus), dtype=np.int8),
        dedicated.astype(np.int32),
        least.astype(np.int32),
        most.astype(np.int32),
        np.full((envs, dus, rbs), UNUSED, dtype=np.int8),
    )


def hard_quotas(slice_rbs: ArrayLike, rbs: int) -> Decisions:
    """Each slice has exactly ``slice_rbs`` int[E, C, S] RBs: dedicated = min = max."""
    return quotas(slice_rbs, slice_rbs, slice_rbs, rbs)


def assignment(slice_of_rb: ArrayLike) -> Decisions:
    """Decisions in mode 1 from a slice (or -1) for each RB, int[E, C, K]."""
    owner = np.array(slice_of_rb, dtype=np.int8)
    nothing = np.zeros((*owner.shape[:2], SLICES), dtype=np.int32)
    return Decisions(np.ones(owner.shape[:2], dtype=np.int8), nothing, nothing.copy(), nothing.copy(), owner)


def validate(
    rbs: int,
    mode: int,
    dedicated_rbs: ArrayLike,
    min_rbs: ArrayLike,
    max_rbs: ArrayLike,
    slice_of_rb: ArrayLike,
) -> str | None:
    """Why the decision of one DU cannot be applied, or None if it can.

    Args:
        rbs: RBs that the DU has, K.
        mode: 0 (quotas; ``slice_of_rb`` is not looked at) or 1 (assignment; the quotas are not looked at).
        dedicated_rbs: int[S].
        min_rbs: int[S].
        max_rbs: int[S].
        slice_of_rb: int[K].
    """
    if mode == QUOTAS:
        return _invalid_quotas(rbs, np.asarray(dedicated_rbs), np.asarray(min_rbs), np.asarray(max_rbs))
    if mode == ASSIGNMENT:
        return _invalid_assignment(rbs, np.asarray(slice_of_rb))
    return f"mode {mode}: allowed are 0 (slice quotas) and 1 (a slice for each RB)"


def _invalid_quotas(
    rbs: int, dedicated: NDArray[np.int_], least: NDArray[np.int_], most: NDArray[np.int_]
) -> str | None:
    for name, values in (("dedicated_rbs", dedicated), ("min_rbs", least), ("max_rbs", most)):
        if values.shape != (SLICES,):
            return f"{name}: {values.shape} values, allowed are {SLICES}, one per slice"
    for s in range(SLICES):
        d, lo, hi = int(dedicated[s]), int(least[s]), int(most[s])
        if not 0 <= d <= lo <= hi <= rbs:
            allowed = f"0 <= dedicated <= min <= max <= {rbs}"
            return f"slice {s}: dedicated {d}, min {lo}, max {hi}; allowed is {allowed}"
    if least.sum() > rbs:
        return f"min_rbs {least.tolist()} sum to {int(least.sum())}; allowed are at most {rbs}"
    return None


def _invalid_assignment(rbs: int, slice_of_rb: NDArray[np.int_]) -> str | None:
    if slice_of_rb.shape != (rbs,):
        return f"slice_of_rb: {slice_of_rb.shape} values, allowed are {rbs}, one per RB"
    wrong = np.flatnonzero((slice_of_rb < UNUSED) | (slice_of_rb >= SLICES))
    if len(wrong):
        return f"slice_of_rb[{wrong[0]}] is {slice_of_rb[wrong[0]]}; allowed are -1 (unused) to {SLICES - 1}"
    return None


@kernel
def first_illegal(decisions: Decisions) -> int:
    """Index (environment * C + DU) of the first decision that ``validate`` refuses, or -1.

    Shapes are right already.
    """
    envs, dus, rbs = decisions.slice_of_rb.shape
    for e in range(envs):
        for c in range(dus):
            mode, total = int(decisions.mode[e, c]), 0
            legal = QUOTAS <= mode <= ASSIGNMENT
            for s in range(SLICES):
                dedicated = int(decisions.dedicated_rbs[e, c, s])
                least = int(decisions.min_rbs[e, c, s])
                most = int(decisions.max_rbs[e, c, s])
                total += least
                legal = legal and (mode == ASSIGNMENT or 0 <= dedicated <= least <= most <= rbs)
            legal = legal and (mode == ASSIGNMENT or total <= rbs)
            for rb in range(rbs):
                legal = legal and (mode == QUOTAS or UNUSED <= decisions.slice_of_rb[e, c, rb] < SLICES)
            if not legal:
                return int(e * dus + c)
    return -1
