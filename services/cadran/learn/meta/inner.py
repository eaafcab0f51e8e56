"""Adaptation to tasks, arXiv 2512.13715 Eq (11): plain gradient steps of stacked networks, as functions.

Critic first, then the actor against the adapted critic. The actor's step does not reach back into the critic,
neither here nor in the outer loss: a critic learns to judge, not to please its actor. Targets are copies that
follow, and are never differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.ddpg import DdpgShape, DdpgSpec, Networks
from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.losses import actor_loss, critic_loss, td_target
from cadran.learn.ddpg.networks import detached
from cadran.learn.meta.spec import MetaSpec
from cadran.learn.networks import Params
from cadran.learn.sam import ordered_sum

_HEADS = ("mean.", "value.")


@dataclass(frozen=True)
class Descent:
    """One inner step.

    Attributes:
        networks: after it.
        critic_loss: before it, ``[T]``, without gradient.
        actor_loss: of the actor before it, against the critic after it, ``[T]``, without gradient.
    """

    networks: Networks
    critic_loss: Tensor
    actor_loss: Tensor


@dataclass(frozen=True)
class InnerLoop:
    """How a level adapts.

    Attributes:
        shape: of one task's networks.
        ddpg: losses, clipping and tau of the level.
        meta: rates, order, and what adapts.
    """

    shape: DdpgShape
    ddpg: DdpgSpec
    meta: MetaSpec

    def descend(self, networks: Networks, rows: Rows) -> Descent:
        """One step of all critics, then of all actors; the targets stay.

        Args:
            networks: ``[T, ...]``.
            rows: the tasks' training rows.

        Returns:
            Networks that are functions of the given ones: through the identity alone in first order.
        """
        shape, spec = self.shape, self.ddpg
        target = td_target(shape, networks.target_actor, networks.target_critic, rows, spec.gamma)
        critic, judged = self._step(
            networks.critic,
            lambda params: critic_loss(shape, params, rows, target).per_task,
            self.meta.inner_critic_lr,
        )
        held = detached(critic)
        actor, acted = self._step(
            networks.actor,
            lambda params: actor_loss(shape, params, held, rows, spec.logit_l2).per_task,
            self.meta.inner_actor_lr,
        )
        stepped = Networks(actor, critic, networks.target_actor, networks.target_critic)
        return Descent(stepped, judged, acted)

    def follow(self, networks: Networks) -> Networks:
        """The targets take a Polyak step towards what they follow."""
        return Networks(
            networks.actor,
            networks.critic,
            _nearer(networks.target_actor, networks.actor, self.ddpg.tau),
            _nearer(networks.target_critic, networks.critic, self.ddpg.tau),
        )

    def _step(self, params: Params, loss: Callable[[Params], Tensor], rate: float) -> tuple[Params, Tensor]:
        return gradient_step(
            params,
            loss,
            rate,
            limit=self.ddpg.grad_clip,
            prefixes=_HEADS if self.meta.adapts == "head" else ("",),
            second_order=self.meta.order == "second",
        )


def gradient_step(
    params: Params,
    loss: Callable[[Params], Tensor],
    rate: float,
    *,
    limit: float,
    prefixes: tuple[str, ...] = ("",),
    second_order: bool,
) -> tuple[Params, Tensor]:
    """theta_g - alpha grad L_g(theta_g) of all tasks, Eq (11).

    Args:
        params: theta, stacked ``[T, ...]``.
        loss: L of each task, ``[T]``, where no task's loss depends on another's parameters.
        rate: alpha.
        limit: largest norm of a task's gradient.
        prefixes: tensors move whose names start with one of these.
        second_order: whether the gradient is a function of ``params``, or a constant.

    Returns:
        The parameters after the step, and the losses before it without gradient.
    """
    fixed = params if second_order else detached(params)
    moving = {name: tensor for name, tensor in fixed.items() if name.startswith(prefixes)}

    def summed(own: Params) -> tuple[Tensor, Tensor]:
        per_task = loss({**fixed, **own})
        return per_task.sum(), per_task

    gradients, (_, per_task) = torch.func.grad_and_value(summed, has_aux=True)(moving)
    clipped = clip_tasks(gradients, limit)
    moved = {name: params[name] - rate * gradient for name, gradient in clipped.items()}
    return {**params, **moved}, per_task.detach()


def expanded(networks: Networks, tasks: int) -> Networks:
    """The networks of one task seen as those of many; what each does with them adds up in the gradient."""

    def many(params: Params) -> Params:
        return {name: tensor.expand(tasks, *tensor.shape[1:]) for name, tensor in params.items()}

    return Networks(
        many(networks.actor),
        many(networks.critic),
        many(networks.target_actor),
        many(networks.target_critic),
    )


def clip_tasks(gradients: Mapping[str, Tensor], limit: float) -> Params:
    """Scale down the gradient of each task whose norm exceeds the limit, differentiably.

    Args:
        gradients: by name, each ``[T, ...]``.
        limit: largest norm, > 0.

    Returns:
        Gradients times min(1, limit / norm), a factor whose own gradient is finite also where all is 0.
    """
    square = ordered_sum([gradient.flatten(1).square().sum(1) for gradient in gradients.values()])
    over = square > limit**2
    if not bool(over.any()):
        return dict(gradients)
    factors = limit / torch.where(over, square, torch.full_like(square, limit**2)).sqrt()
    return {
        name: gradient * factors.view(-1, *[1] * (gradient.dim() - 1)) for name, gradient in gradients.items()
    }


@torch.no_grad()
def _nearer(slow: Params, fast: Params, tau: float) -> Params:
    return {name: torch.lerp(tensor, fast[name].detach(), tau) for name, tensor in slow.items()}
