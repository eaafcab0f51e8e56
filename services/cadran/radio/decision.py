"""Decisions of the DUs, and what makes one legal."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cadran.radio.jit import kernel
from cadran.radio.world import SLICES

QUOTAS = 0
ASSIGNMENT = 1
USERS = 2
UNUSED = -1


class Decisions(NamedTuple):
    """One decision per environment and DU.

    Attributes:
        mode: int8[E, C], 0 = slice quotas, 1 = a slice for each RB, 2 = RBs and power for each UE.
        dedicated_rbs: int32[E, C, S], RBs kept for the slice even when it has no backlog (mode 0).
        min_rbs: int32[E, C, S], RBs the slice gets whenever it has backlog (mode 0).
        max_rbs: int32[E, C, S], most RBs of the slice (mode 0). 0 <= dedicated <= min <= max <= K and
            sum(min) <= K, as the RRM policy ratios of TS 28.541 clause 4.3.36.
        slice_of_rb: int8[E, C, K], slice of each RB or -1 for an unused one (mode 1).
        ue_rbs: int16[E, C, S, U], RBs of each UE in every TTI, by place, >= 0, at most K in all of a DU, 0 on
            empty places (mode 2); or [E, C, S, 0] where no DU is in mode 2.
        ue_power: float32, shaped as ``ue_rbs``, power of the UE's RBs as a fraction of an RB's equal share of
            the radio unit's power: 0 to 1, and above 0 where there are RBs (mode 2).
    """

    mode: NDArray[np.int8]
    dedicated_rbs: NDArray[np.int32]
    min_rbs: NDArray[np.int32]
    max_rbs: NDArray[np.int32]
    slice_of_rb: NDArray[np.int8]
    ue_rbs: NDArray[np.int16]
    ue_power: NDArray[np.float32]


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
        *_no_grants(envs, dus),
    )


def hard_quotas(slice_rbs: ArrayLike, rbs: int) -> Decisions:
    """Each slice has exactly ``slice_rbs`` int[E, C, S] RBs: dedicated = min = max."""
    return quotas(slice_rbs, slice_rbs, slice_rbs, rbs)


def assignment(slice_of_rb: ArrayLike) -> Decisions:
    """Decisions in mode 1 from a slice (or -1) for each RB, int[E, C, K]."""
    owner = np.array(slice_of_rb, dtype=np.int8)
    envs, dus = owner.shape[:2]
    mode = np.full((envs, dus), ASSIGNMENT, dtype=np.int8)
    return Decisions(mode, *_no_quotas(envs, dus), owner, *_no_grants(envs, dus))


def grants(ue_rbs: ArrayLike, ue_power: ArrayLike, rbs: int) -> Decisions:
    """Decisions in mode 2 from the RBs of each UE, int[E, C, S, U], and their power, float[E, C, S, U].

    Args:
        ue_rbs: by place, in every TTI.
        ue_power: as a fraction of an RB's share of the radio unit's power.
        rbs: RBs of a DU, K.

    Raises:
        ValueError: a number of RBs is no int16.
    """
    own = exactly("ue_rbs", ue_rbs, np.int16)
    envs, dus = own.shape[:2]
    return Decisions(
        np.full((envs, dus), USERS, dtype=np.int8),
        *_no_quotas(envs, dus),
        np.full((envs, dus, rbs), UNUSED, dtype=np.int8),
        own,
        np.array(ue_power, dtype=np.float32),
    )


def beside(parts: Sequence[Decisions]) -> Decisions:
    """The DUs of all parts, [E, C_i, ...] each, in one batch; their modes may differ."""
    places = max(part.ue_rbs.shape[-1] for part in parts)
    wide = [part if part.ue_rbs.shape[-1] == places else _with_places(part, places) for part in parts]
    return Decisions(*(np.concatenate(arrays, axis=1) for arrays in zip(*wide, strict=True)))


def exactly(name: str, values: ArrayLike, dtype: DTypeLike) -> NDArray[Any]:
    """A copy of whole numbers in another type, in C order.

    Raises:
        ValueError: a value does not fit.
    """
    given = np.asarray(values)
    with np.errstate(invalid="ignore"):
        copied = np.array(given, dtype=dtype, order="C")
    wrong = np.flatnonzero(copied != given)
    if len(wrong):
        limits = np.iinfo(copied.dtype)
        raise ValueError(
            f"{name}: {given.flat[wrong[0]]}; allowed are whole numbers, {limits.min} to {limits.max}"
        )
    return copied


def _no_quotas(envs: int, dus: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    dedicated, least, most = np.zeros((3, envs, dus, SLICES), dtype=np.int32)
    return dedicated, least, most


def _no_grants(envs: int, dus: int) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    none = (envs, dus, SLICES, 0)
    return np.zeros(none, dtype=np.int16), np.zeros(none, dtype=np.float32)


def _with_places(decisions: Decisions, places: int) -> Decisions:
    shape = (*decisions.ue_rbs.shape[:-1], places)
    return decisions._replace(
        ue_rbs=np.zeros(shape, dtype=np.int16), ue_power=np.zeros(shape, dtype=np.float32)
    )


def validate(
    rbs: int,
    mode: int,
    dedicated_rbs: ArrayLike,
    min_rbs: ArrayLike,
    max_rbs: ArrayLike,
    slice_of_rb: ArrayLike,
) -> str | None:
    """Why the decision of one DU in mode 0 or 1 cannot be applied, or None if it can.

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
    return f"mode {mode}: allowed are 0 (slice quotas), 1 (a slice for each RB) and 2 (RBs for each UE)"


def validate_grants(rbs: int, ues: ArrayLike, ue_rbs: ArrayLike, ue_power: ArrayLike) -> str | None:
    """Why the decision of one DU in mode 2 cannot be applied, or None if it can.

    Args:
        rbs: RBs that the DU has, K.
        ues: int[S], UEs of the DU; they are on the first places of each slice.
        ue_rbs: int[S, U].
        ue_power: float[S, U].
    """
    counts, own, power = np.asarray(ues), np.asarray(ue_rbs), np.asarray(ue_power)
    if own.ndim != 2 or len(own) != SLICES or power.shape != own.shape:
        return f"ue_rbs: {own.shape} values, ue_power: {power.shape}; allowed are {SLICES} x U, one per place"
    for s, u in np.ndindex(own.shape):
        granted, fraction, at = int(own[s, u]), float(power[s, u]), f"slice {s}, place {u}"
        if granted < 0:
            return f"{at}: {granted} RBs; allowed are 0 to {rbs}"
        if granted > 0 and u >= counts[s]:
            return f"{at}: {granted} RBs for an empty place; the slice has {int(counts[s])} UEs"
        if not 0 <= fraction <= 1 or (granted > 0 and fraction == 0):
            return f"{at}: power {fraction:g} of {granted} RBs; allowed are 0 to 1, and above 0 where RBs are"
    if own.sum() > rbs:
        return f"ue_rbs sum to {int(own.sum())}; allowed are at most {rbs}"
    return None


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
def _legal_quotas(
    rbs: int, dedicated: NDArray[np.int32], least: NDArray[np.int32], most: NDArray[np.int32]
) -> bool:
    total, legal = 0, True
    for s in range(SLICES):
        total += int(least[s])
        legal = legal and 0 <= dedicated[s] <= least[s] <= most[s] <= rbs
    return legal and total <= rbs


@kernel
def _legal_assignment(slice_of_rb: NDArray[np.int8]) -> bool:
    legal = True
    for rb in range(slice_of_rb.shape[0]):
        legal = legal and UNUSED <= slice_of_rb[rb] < SLICES
    return legal


@kernel
def _legal_grants(
    rbs: int, ues: NDArray[np.int32], ue_rbs: NDArray[np.int16], ue_power: NDArray[np.float32]
) -> bool:
    total, legal = 0, True
    for s in range(SLICES):
        for u in range(ue_rbs.shape[1]):
            own, power = int(np.int64(ue_rbs[s, u])), ue_power[s, u]
            total += own
            # A comparison with NaN is false.
            legal = legal and own >= 0 and (own == 0 or u < ues[s]) and 0 <= power <= 1
            legal = legal and (own == 0 or power > 0)
    return legal and total <= rbs


@kernel
def first_illegal(decisions: Decisions, ues: NDArray[np.int32]) -> int:
    """Index (environment * C + DU) of the first decision that cannot be applied, or -1.

    Shapes are right already, and there are places for UEs if a mode is 2; ``ues``: int32[E, C, S].
    """
    envs, dus, rbs = decisions.slice_of_rb.shape
    for e in range(envs):
        for c in range(dus):
            mode = int(np.int64(decisions.mode[e, c]))
            if mode == QUOTAS:
                dedicated, least = decisions.dedicated_rbs[e, c], decisions.min_rbs[e, c]
                legal = _legal_quotas(rbs, dedicated, least, decisions.max_rbs[e, c])
            elif mode == ASSIGNMENT:
                legal = _legal_assignment(decisions.slice_of_rb[e, c])
            elif mode == USERS:
                legal = _legal_grants(rbs, ues[e, c], decisions.ue_rbs[e, c], decisions.ue_power[e, c])
            else:
                legal = False
            if not legal:
                return int(e * dus + c)
    return -1
