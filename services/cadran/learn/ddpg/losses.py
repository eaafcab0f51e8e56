"""Losses of DDPG for T stacked tasks: pure functions of parameters and batch.

Each total is the sum over tasks, which leaves every task exactly the gradient of its own loss, because no
network appears in another task's term. Targets are never differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.networks import DdpgShape, act, judge, logits
from cadran.learn.networks import Params, squash


@dataclass(frozen=True)
class DdpgCriticLoss:
    """Mean squared TD errors.

    Attributes:
        per_task: ``[T]``.
        value: Q(s, a), ``[T, B]``.
        td_error: target minus value, without gradient, ``[T, B]`` (arXiv 2512.13715 Eq (14)).
    """

    per_task: Tensor
    value: Tensor
    td_error: Tensor

    @property
    def total(self) -> Tensor:
        """Sum over tasks."""
        return self.per_task.sum()


@dataclass(frozen=True)
class DdpgActorLoss:
    """Mean negated values of the actors' own actions, and what keeps these off the ends of their range.

    Attributes:
        per_task: ``[T]``.
    """

    per_task: Tensor

    @property
    def total(self) -> Tensor:
        """Sum over tasks."""
        return self.per_task.sum()


@torch.no_grad()
def td_target(
    shape: DdpgShape, target_actor: Params, target_critic: Params, rows: Rows, gamma: float
) -> Tensor:
    """y = r + gamma d Q'(s', mu'(s')).

    Args:
        shape: of the networks.
        target_actor: mu', ``[T, ...]``.
        target_critic: Q', ``[T, ...]``.
        rows: the batch.
        gamma: discount per decision.

    Returns:
        ``[T, B]``, without gradient.
    """
    action = act(shape, target_actor, rows.next_observation)
    after = judge(shape, target_critic, rows.next_observation, action)
    return rows.reward + gamma * rows.discount * after


def critic_loss(shape: DdpgShape, critic: Params, rows: Rows, target: Tensor) -> DdpgCriticLoss:
    """Weighted mean of (y - Q(s, a))^2.

    Args:
        shape: of the networks.
        critic: ``[T, ...]``.
        rows: the batch.
        target: y, ``[T, B]``.
    """
    value = judge(shape, critic, rows.observation, rows.action)
    error = target - value
    return DdpgCriticLoss(rows.mean(error.square()), value, error.detach())


def actor_loss(shape: DdpgShape, actor: Params, critic: Params, rows: Rows, logit_l2: float) -> DdpgActorLoss:
    """Weighted mean of -Q(s, mu(s)) + lambda u^2, with mu(s) = sigmoid(u) and u^2 averaged over the action.

    Args:
        shape: of the networks.
        actor: ``[T, ...]``.
        critic: ``[T, ...]``; detach it where only the actor learns.
        rows: the batch.
        logit_l2: lambda >= 0.
    """
    logit = logits(shape, actor, rows.observation)
    value = judge(shape, critic, rows.observation, squash(logit))
    return DdpgActorLoss(rows.mean(logit_l2 * logit.square().mean(-1) - value))


def td_variance(rows: Rows, td_error: Tensor) -> Tensor:
    """Variance of each task's TD errors under the rows' weights, ``[T]`` (arXiv 2512.13715 Eq (15))."""
    mean = rows.mean(td_error).unsqueeze(1)
    return rows.mean((td_error - mean).square())
