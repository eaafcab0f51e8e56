"""Small batched arithmetic whose results do not depend on the batch's shape.

The dApp computes one DU, the lab hundreds at once, and both must find the same bits. So sums run in index
order (`ordered_sum`), functions are evaluated element by element in float64 on contiguous memory, and shares
are turned into whole numbers by integer arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_WEIGHT_STEPS = 2.0**30
"""Shares are rounded to integer weights of this many steps, so that what is split stays exact."""


def sigmoid(x: Float64) -> Float64:
    """Logistic function of any shape; written with tanh, it cannot overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * np.ascontiguousarray(x)), dtype=np.float64)


def ordered_sum(x: Float64) -> Float64:
    """Sum over the last axis, added in index order.

    `np.sum` may add in pairs or along another axis first, depending on shape and strides; an accumulation
    has one order by definition.
    """
    return np.asarray(np.add.accumulate(x, axis=-1)[..., -1], dtype=np.float64)


def mean_where(values: Float64, present: NDArray[np.bool_], empty: float) -> Float64:
    """Mean of ``values[..., U]`` over the entries present; ``empty`` where none is. Shape ``[...]``."""
    count = present.sum(axis=-1)
    total = ordered_sum(np.where(present, values, 0.0))
    return np.where(count > 0, total / np.maximum(count, 1), empty)


def largest_remainder(weights: Int64, total: NDArray[np.integer[Any]] | int) -> Int64:
    """Split ``total`` into whole parts proportional to ``weights``; ties go to the lower index.

    Args:
        weights: Non-negative integers ``[..., S]``, with a positive sum at most 2**55 / total.
        total: What to split, broadcast over the leading axes.

    Returns:
        int64 ``[..., S]`` that sum exactly to ``total``.
    """
    target = np.asarray(total, dtype=np.int64)[..., np.newaxis]
    scaled = weights * target
    whole = weights.sum(axis=-1, keepdims=True)
    parts, remainder = np.divmod(scaled, whole)
    missing = target - parts.sum(axis=-1, keepdims=True)
    order = np.argsort(-remainder, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return np.asarray(parts + (rank < missing), dtype=np.int64)


def whole_parts(shares: NDArray[np.floating[Any]], total: NDArray[np.integer[Any]] | int) -> Int64:
    """Split ``total`` into whole parts in proportion to ``shares``.

    Args:
        shares: Non-negative ``[..., n]``; all zero means equal.
        total: What to split, at most 2**24, broadcast over the leading axes.

    Returns:
        int64 ``[..., n]`` that sum exactly to ``total``; 0 where the share is 0, unless all are.
    """
    if shares.ndim == 1 and np.ndim(total) == 0:
        return np.array(_whole_parts_of_one(shares.tolist(), int(total)), dtype=np.int64)
    exact = np.asarray(shares, dtype=np.float64)
    whole = ordered_sum(exact)[..., np.newaxis]
    exact = np.where(whole > 0, exact / np.where(whole > 0, whole, 1.0), 1.0 / exact.shape[-1])
    return largest_remainder(np.rint(exact * _WEIGHT_STEPS).astype(np.int64), total)


def _whole_parts_of_one(shares: list[float], total: int) -> list[int]:
    """The same without a batch, where arrays of a few numbers cost more than the numbers."""
    whole = 0.0
    for share in shares:  # sum() need not add one after the other
        whole += share
    exact = [share / whole for share in shares] if whole > 0 else [1.0 / len(shares)] * len(shares)
    weights = [round(share * _WEIGHT_STEPS) for share in exact]
    steps = sum(weights)
    divided = [divmod(weight * total, steps) for weight in weights]
    parts = [part for part, _ in divided]
    order = sorted(range(len(parts)), key=lambda index: -divided[index][1])
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
