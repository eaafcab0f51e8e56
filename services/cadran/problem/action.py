"""From an actor's numbers in (0, 1) to a decision that the MAC can apply.

Both decodings satisfy constraints (7b) and (7c) of arXiv 2511.15002 by construction: an RB belongs to at
most one slice, and no more RBs are given than exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.arithmetic import whole_parts
from cadran.problem.measurements import SLICES

Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]


@dataclass(frozen=True)
class Quota:
    """Slice-level PRB quota in percent (E2SM-RC style RRM policy ratios), int32 ``[..., S]`` each.

    0 <= dedicated <= min <= max <= 100 and sum(min) <= 100. Equal values are a hard quota.
    """

    dedicated_percent: Int32
    min_percent: Int32
    max_percent: Int32

    @staticmethod
    def hard(percent: NDArray[np.integer[Any]]) -> Quota:
        """The quota that gives each slice exactly ``percent[..., S]``, summing to at most 100."""
        exact = np.asarray(percent, dtype=np.int32)
        return Quota(exact, exact, exact)

    @staticmethod
    def stack(quotas: Sequence[Quota]) -> Quota:
        """Several quotas ``[...]`` as one ``[n, ...]``, in their order."""
        return Quota(
            np.stack([quota.dedicated_percent for quota in quotas]),
            np.stack([quota.min_percent for quota in quotas]),
            np.stack([quota.max_percent for quota in quotas]),
        )

    def rbs(self, rbs: int) -> tuple[Int32, Int32, Int32]:
        """Dedicated, minimum and maximum in RBs of ``rbs``, int32 ``[..., S]``, in ascending order.

        Rounding three times by largest remainder can put a minimum below its dedicated part; the order is
        restored towards the minimum, so the minima still fit.
        """
        percent = np.stack([self.dedicated_percent, self.min_percent, self.max_percent])
        dedicated, minimum, maximum = quota_rbs(percent, rbs)
        return np.minimum(dedicated, minimum), minimum, np.maximum(maximum, minimum)


@dataclass(frozen=True)
class Assignment:
    """Per-RB slice assignment, int8 ``[..., K]``: slice index, or -1 for an unused RB."""

    slice_of_rb: Int8

    @staticmethod
    def stack(assignments: Sequence[Assignment]) -> Assignment:
        """Several assignments ``[...]`` as one ``[n, ...]``, in their order."""
        return Assignment(np.stack([assignment.slice_of_rb for assignment in assignments]))


def require_legal(action: NDArray[np.float32], numbers: int) -> None:
    """Refuse an action that is not ``[..., numbers]`` in [0, 1].

    Raises:
        ValueError: The action has another size, or a value outside [0, 1] (NaN included).
    """
    if action.shape[-1] != numbers:
        raise ValueError(f"action: {action.shape[-1]} numbers, this problem takes {numbers}")
    if not bool(((action >= 0) & (action <= 1)).all()):
        raise ValueError("action: every number must lie in [0, 1]")


def quota_rbs(percent: NDArray[np.integer[Any]], rbs: int) -> Int32:
    """Turn percentages into RBs by largest remainder.

    Args:
        percent: int ``[..., S]`` in [0, 100]. Their sum may exceed 100 (maxima overlap).
        rbs: RBs of the DU, K >= 1.

    Returns:
        int32 ``[..., S]``: sums to floor(sum(percent) K / 100), so never to more than exist when the
        percentages sum to at most 100; no entry exceeds K.
    """
    scaled = np.asarray(percent, dtype=np.int64) * rbs
    parts, remainder = np.divmod(scaled, 100)
    missing = remainder.sum(axis=-1, keepdims=True) // 100
    order = np.argsort(-remainder, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return np.asarray(parts + (rank < missing), dtype=np.int32)


def shares_to_percent(
    shares: NDArray[np.floating[Any]], total_percent: NDArray[np.integer[Any]] | int = 100
) -> Int32:
    """Non-negative shares ``[..., S]`` to whole percent that sum to exactly ``total_percent[...]``.

    All zero means equal.
    """
    return whole_parts(shares, total_percent).astype(np.int32)


def decode_slice_quota(action: NDArray[np.float32], gain: float) -> Quota:
    """Hard quota with shares softmax(gain (2a - 1)), largest remainder to 100 percent.

    Args:
        action: float32 ``[..., S]`` in [0, 1].
        gain: Steepness; at 4 the extremes of the action reach 99.9 percent.
    """
    return Quota.hard(shares_to_percent(softmax_weights(action, gain)))


def decode_slice_quota_mute(action: NDArray[np.float32], gain: float, mute_most: float) -> Quota:
    """As `decode_slice_quota` within what the last number leaves of the band.

    From 1/2 down it mutes nothing; from there to 1 the share of RBs left unused rises to ``mute_most``. A MAC
    fills the band from its first RB on, so DUs that mute leave the same upper part to those that do not.

    Args:
        action: float32 ``[..., S + 1]`` in [0, 1].
        gain: As in `decode_slice_quota`.
        mute_most: In (0, 1].
    """
    muted = mute_most * np.maximum(2.0 * action[..., SLICES].astype(np.float64) - 1.0, 0.0)
    used_percent = 100 - np.rint(100.0 * muted).astype(np.int64)
    return Quota.hard(shares_to_percent(softmax_weights(action[..., :SLICES], gain), used_percent))


def softmax_weights(action: NDArray[np.float32], gain: float) -> NDArray[np.float64]:
    """Weights ``[..., n]`` in proportion to exp(2 gain a), the largest 1."""
    logits = 2.0 * gain * np.ascontiguousarray(action, dtype=np.float64)
    weights: NDArray[np.float64] = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights


def decode_rb_bits(action: NDArray[np.float32], decode: str) -> Assignment:
    """Slice of each RB from 2K numbers: x_k picks the slice by thirds of [0, 1], y_k switches the RB on.

    The paper fixes the size (Section IV.B: "twice the number of RBs") and the threshold 0.5, not the
    meaning; thirds are ASSUMED because 2K numbers cannot hold Eq (7)'s e and b, and one slice per RB
    satisfies (7c). `dither` rotates the thirds with k and lowers the threshold to 0.25, so that an undecided
    actor (all 0.5) splits the band equally instead of giving it to mMTC.

    Args:
        action: float32 ``[..., 2K]`` in [0, 1]: x then y.
        decode: ``"dither"`` or ``"plain"``.
    """
    rbs = action.shape[-1] // 2
    # x is turned into its third before rotating: an integer sum, where (x + k/3) mod 1 would round.
    third = np.minimum((action[..., :rbs] * np.float32(SLICES)).astype(np.int8), SLICES - 1)
    threshold = np.float32(0.5)
    if decode == "dither":
        third = (third + np.arange(rbs, dtype=np.int8) % SLICES) % SLICES
        threshold = np.float32(0.25)
    return Assignment(np.where(action[..., rbs:] >= threshold, third, -1).astype(np.int8))
