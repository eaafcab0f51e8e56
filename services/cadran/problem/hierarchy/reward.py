"""What a frame is worth to the lower level, as a pure function of KPIs that travel with each transition.

Arithmetic is float64 inside, float32 outside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cadran.problem.arithmetic import Float64, mean_where, ordered_sum
from cadran.problem.hierarchy.spec import HierarchySpec
from cadran.problem.hierarchy.users import Bool, UserMeasurements
from cadran.problem.measurements import SLICES, Float32, Measurements
from cadran.problem.reward import ABSENT


class UserJudgement(NamedTuple):
    """What a frame's KPIs are worth to the lower level.

    Attributes:
        satisfaction: Of each user in [0, 1], float32 ``[..., S, U]``; 1 where no user is.
        reward: Of each slice, float32 ``[..., S]``; 0 where it has no user.
        present: Which slices have a user, bool ``[..., S]``.
    """

    satisfaction: Float32
    reward: Float32
    present: Bool


class UserReward:
    """Reward of a slice at a DU: mean_u s_u + w min_u s_u - p mean power - q |used - granted| / granted.

    s_u = delivered / (delivered + queued) is the part of what was there to deliver that was delivered, 1
    where nothing was. ASSUMED as a whole, from the aims that arXiv 2512.13715 and its sister 2410.03737
    state: QoS, max-min fairness, power, use of RBs.

    KPIs: bytes delivered and bytes queued of each place, ``[S, U]`` flattened each, -1 where no user is; mean
    power, RBs used and RBs granted of each slice.

    Args:
        spec: Weights.
        places: User places per DU and slice, U.
    """

    def __init__(self, spec: HierarchySpec, places: int) -> None:
        self._spec = spec
        self._shape = (SLICES, places)
        self._places = SLICES * places
        self.kpi_dim = 2 * self._places + 3 * SLICES

    def kpis(self, m: Measurements, users: UserMeasurements, present: Bool) -> Float32:
        """Everything the reward is made of, NaN-free, float32 ``[..., kpi_dim]``."""
        flat = (*present.shape[:-2], self._places)
        volumes = [
            np.where(present, volume, ABSENT).astype(np.float32).reshape(flat)
            for volume in (users.delivered_bytes, users.queued_bytes)
        ]
        slices = [np.asarray(x, dtype=np.float32) for x in (users.power, m.rbs_used, m.rbs_quota)]
        return np.concatenate(volumes + slices, axis=-1)

    def judge(self, kpis: Float32) -> UserJudgement:
        """Satisfaction of each user, and the reward of each slice."""
        shape = (*kpis.shape[:-1], *self._shape)
        delivered = kpis[..., : self._places].reshape(shape).astype(np.float64)
        queued = kpis[..., self._places : 2 * self._places].reshape(shape).astype(np.float64)
        power, used, granted = self._of_slices(kpis)
        present = delivered >= 0
        satisfaction = _satisfaction(delivered, queued, present)
        quality = mean_where(satisfaction, present, empty=0.0)
        worst = np.where(present, satisfaction, 1.0).min(axis=-1)
        unused = np.abs(used - granted) / np.maximum(granted, 1.0)
        spec = self._spec
        reward = quality + spec.worst_weight * worst - spec.power_weight * power - spec.unused_weight * unused
        anyone = np.asarray(present.any(axis=-1))
        reward = np.where(anyone, reward, 0.0)
        return UserJudgement(satisfaction.astype(np.float32), reward.astype(np.float32), anyone)

    def _of_slices(self, kpis: Float32) -> tuple[Float64, Float64, Float64]:
        """Mean power, RBs used and RBs granted of each slice, ``[..., S]``."""
        power, used, granted = (
            np.ascontiguousarray(kpis[..., first : first + SLICES], dtype=np.float64)
            for first in range(2 * self._places, self.kpi_dim, SLICES)
        )
        return power, used, granted


def higher_returns(reward: Float32, decision_frames: int) -> Float32:
    """Reward of each decision of the higher level: the mean over the frames that it held.

    A discount of the higher level is per decision of its own: a lower level with discount gamma per frame
    looks as far as a higher one with gamma ** decision_frames.

    Args:
        reward: Of the frames of one episode, float32 ``[F, ...]``.
        decision_frames: H; the last decision holds for what is left of the episode.

    Returns:
        float32 ``[ceil(F / H), ...]``.
    """
    held = [reward[first : first + decision_frames] for first in range(0, len(reward), decision_frames)]
    means = [ordered_sum(np.moveaxis(part, 0, -1).astype(np.float64)) / len(part) for part in held]
    return np.stack(means).astype(np.float32)


def _satisfaction(delivered: Float64, queued: Float64, present: Bool) -> Float64:
    """Delivered part of what was there to deliver, ``[..., S, U]``; 1 where nothing was."""
    there = delivered + queued
    something = present & (there > 0)
    return np.where(something, delivered / np.where(something, there, 1.0), 1.0)
