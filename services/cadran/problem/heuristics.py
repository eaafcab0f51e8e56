"""Rules that allocate without learning: each maps measurements to a slice quota.

All take one DU or any leading batch shape and return percentages of the same leading shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cadran.problem.action import Quota, shares_to_percent
from cadran.problem.arithmetic import Float64
from cadran.problem.measurements import EMBB, MMTC, SLICES, URLLC, Frame, Measurements

Heuristic = Callable[[Measurements, Frame], Quota]


def equal(m: Measurements, frame: Frame) -> Quota:
    """A third for each slice; the odd percent goes to eMBB."""
    return Quota.hard(shares_to_percent(np.ones(m.ues.shape)))


def need_proportional(m: Measurements, frame: Frame) -> Quota:
    """Shares proportional to the RBs that backlog and expected arrivals need; equal when nothing waits."""
    return Quota.hard(shares_to_percent(need_rbs(m)))


def pf_all(m: Measurements, frame: Frame) -> Quota:
    """No slicing: nothing dedicated, every RB open to every UE, so the MAC schedules PF over all of them."""
    none = np.zeros(m.ues.shape, dtype=np.int32)
    return Quota(none, none, np.full_like(none, 100))


def static(split_percent: Sequence[int]) -> Heuristic:
    """Always the same hard split in whole percent.

    Raises:
        ValueError: Not one value per slice, a negative one, or more than 100 in all.
    """
    split = np.asarray(split_percent, dtype=np.int32)
    if split.shape != (SLICES,) or (split < 0).any() or split.sum() > 100:
        raise ValueError(f"split: {list(split_percent)} must be {SLICES} percentages that sum to at most 100")

    def rule(m: Measurements, frame: Frame) -> Quota:
        return Quota.hard(np.broadcast_to(split, m.ues.shape))

    return rule


def muted(rule: Heuristic, used_percent: int) -> Heuristic:
    """A rule of hard quotas of which only a part is used, rounded down to whole percent per slice.

    Args:
        rule: Whose quotas.
        used_percent: Part of them, in [0, 100].
    """

    def less(m: Measurements, frame: Frame) -> Quota:
        return Quota.hard(rule(m, frame).min_percent * used_percent // 100)

    return less


def priority(urllc_margin: float, mmtc_margin: float) -> Heuristic:
    """Strict priority: URLLC gets a multiple of its estimated need, then mMTC, and eMBB the rest.

    URLLC needs several times its mean load for a short queue, so its margin is the larger one.

    Args:
        urllc_margin: Multiple of the URLLC need, at least 0.
        mmtc_margin: Multiple of the mMTC need, at least 0.
    """

    def rule(m: Measurements, frame: Frame) -> Quota:
        need = need_rbs(m) / frame.rbs
        share = np.empty_like(need)
        share[..., URLLC] = np.minimum(urllc_margin * need[..., URLLC], 1.0)
        share[..., MMTC] = np.minimum(mmtc_margin * need[..., MMTC], 1.0 - share[..., URLLC])
        share[..., EMBB] = 1.0 - share[..., URLLC] - share[..., MMTC]
        return Quota.hard(shares_to_percent(np.maximum(share, 0.0)))

    return rule


def random(rng: np.random.Generator) -> Heuristic:
    """A fresh split each frame, uniform over all splits."""

    def rule(m: Measurements, frame: Frame) -> Quota:
        return Quota.hard(shares_to_percent(rng.dirichlet(np.ones(SLICES), size=m.ues.shape[:-1])))

    return rule


def need_rbs(m: Measurements) -> Float64:
    """RBs of a frame that each slice's backlog and expected arrivals need, ``[..., S]``."""
    return np.asarray(m.backlog_rbs, dtype=np.float64) + np.asarray(m.arrival_rbs, dtype=np.float64)
