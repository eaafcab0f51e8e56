"""What a meta-update did, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.learn.ddpg import Networks

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class MetaMetrics:
    """What one update of one level did; arrays ``[T]`` are of the batch's tasks.

    Attributes:
        updates: made so far, this one included.
        tasks: which tasks of the level these are, int64.
        weights: omega of Eq (15).
        td_variance: running variance of the TD errors, what the weights are made of.
        td_variance_now: of this update's validation rows alone.
        critic_loss: of the adapted critics on the validation rows.
        actor_loss: of the adapted actors on the validation rows.
        critic_loss_before: of the initialisation on the training rows.
        actor_loss_before: of the initialisation's actor on the training rows, judged by the critic after its
            first inner step.
        critic_grad_norm: of the initialisation's critic, before clipping.
        actor_grad_norm: of the initialisation's actor, before clipping.
    """

    updates: int
    tasks: NDArray[np.int64]
    weights: FloatArray
    td_variance: FloatArray
    td_variance_now: FloatArray
    critic_loss: FloatArray
    actor_loss: FloatArray
    critic_loss_before: FloatArray
    actor_loss_before: FloatArray
    critic_grad_norm: float
    actor_grad_norm: float


@dataclass(frozen=True)
class MetaUpdate:
    """Result of one update of one level.

    Attributes:
        metrics: in numbers.
        adapted: networks of the tasks after their inner steps, from the initialisation before the update.
    """

    metrics: MetaMetrics
    adapted: Networks
