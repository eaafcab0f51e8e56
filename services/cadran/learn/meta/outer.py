"""What the adapted networks of all tasks say about the initialisation, arXiv 2512.13715 Eqs (12)-(17)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from cadran.learn.ddpg import DdpgShape, DdpgSpec, Networks
from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.losses import actor_loss, critic_loss, td_target, td_variance
from cadran.learn.ddpg.networks import detached


@dataclass(frozen=True)
class Validation:
    """Losses of adapted networks on rows that they were not adapted to.

    Attributes:
        critic_loss: ``[T]``.
        actor_loss: ``[T]``; no function of the critic's parameters.
        td_variance: of the TD errors of Eq (14), ``[T]``, without gradient.
    """

    critic_loss: Tensor
    actor_loss: Tensor
    td_variance: Tensor

    def meta_loss(self, weights: Tensor) -> Tensor:
        """L_meta = sum_g omega_g L_g of critic and actor together, which share no parameter, Eqs (16)-(17).

        Args:
            weights: omega, ``[T]``; never differentiated.
        """
        omega = weights.detach()
        return (omega * self.critic_loss).sum() + (omega * self.actor_loss).sum()


def validate(shape: DdpgShape, spec: DdpgSpec, adapted: Networks, rows: Rows) -> Validation:
    """Judge adapted networks.

    Args:
        shape: of one task's networks.
        spec: of the level.
        adapted: theta_g, ``[T, ...]``.
        rows: validation rows of the same tasks.
    """
    target = td_target(shape, adapted.target_actor, adapted.target_critic, rows, spec.gamma)
    judged = critic_loss(shape, adapted.critic, rows, target)
    acted = actor_loss(shape, adapted.actor, detached(adapted.critic), rows, spec.logit_l2)
    return Validation(judged.per_task, acted.per_task, td_variance(rows, judged.td_error))
