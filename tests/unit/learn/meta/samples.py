"""Small meta-learners and a plain reference that the tests share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn import DdpgBatch, DdpgShape, MetaLevel, MetaSpec, Networks
from cadran.learn.ddpg.losses import actor_loss, critic_loss, td_target
from cadran.learn.ddpg.networks import detached
from cadran.learn.networks import Params

from ..ddpg.samples import ACTION, OBSERVATION, TASKS, float64_rows, of_task, random_batch, small_spec


def meta_spec(ddpg: dict[str, object] | None = None, **changes: object) -> MetaSpec:
    level = small_spec(**(ddpg or {})).model_dump()
    base: dict[str, object] = {"inner_critic_lr": 0.05, "inner_actor_lr": 0.05}
    return MetaSpec.model_validate({"higher": level, "lower": level} | base | changes)


def small_level(spec: MetaSpec, dtype: torch.dtype = torch.float64, seed: int = 0) -> MetaLevel:
    return MetaLevel(spec, spec.lower, OBSERVATION, ACTION, TASKS, seed, dtype=dtype)


def batches(k: int, tasks: int = TASKS) -> tuple[DdpgBatch, DdpgBatch]:
    """Training and validation rows number k of one fixed stream."""
    return random_batch(2 * k, tasks, masked=0.2), random_batch(2 * k + 1, tasks, masked=0.2)


def train(level: MetaLevel, updates: int, start: int = 0) -> list[str]:
    return [repr(level.update(*batches(start + k)).metrics) for k in range(updates)]


@dataclass(frozen=True)
class Judged:
    """What the plain reference finds for one task."""

    critic_loss: Tensor
    actor_loss: Tensor
    networks: Networks


def leaves(params: Params) -> Params:
    return {name: tensor.detach().clone().requires_grad_() for name, tensor in params.items()}


def plain_task(
    spec: MetaSpec, shape: DdpgShape, start: Networks, train: DdpgBatch, validation: DdpgBatch, task: int
) -> Judged:
    """Adaptation and validation of one task alone by `torch.autograd`, step after step."""
    level = spec.lower
    rows, others = float64_rows(shape, of_task(train, task)), float64_rows(shape, of_task(validation, task))
    now = start
    second = spec.order == "second"
    for step in range(spec.inner_steps):
        slow = (now.target_actor, now.target_critic)
        if step > 0:
            slow = (
                _towards(now.target_actor, now.actor, level.tau),
                _towards(now.target_critic, now.critic, level.tau),
            )
        target = td_target(shape, *slow, rows, level.gamma)
        loss = critic_loss(shape, now.critic, rows, target).total
        critic = _moved(now.critic, loss, spec.inner_critic_lr, level.grad_clip, second)
        loss = actor_loss(shape, now.actor, detached(critic), rows, level.logit_l2).total
        actor = _moved(now.actor, loss, spec.inner_actor_lr, level.grad_clip, second)
        now = Networks(actor, critic, *slow)
    target = td_target(shape, now.target_actor, now.target_critic, others, level.gamma)
    judged = critic_loss(shape, now.critic, others, target).total
    acted = actor_loss(shape, now.actor, detached(now.critic), others, level.logit_l2).total
    return Judged(judged, acted, now)


def _moved(params: Params, loss: Tensor, rate: float, limit: float, second: bool) -> Params:
    gradients = torch.autograd.grad(loss, list(params.values()), create_graph=second)
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    factor = limit / norm if norm > limit else 1.0
    pairs = zip(params.items(), gradients, strict=True)
    return {name: tensor - rate * factor * gradient for (name, tensor), gradient in pairs}


def _towards(slow: Params, fast: Params, tau: float) -> Params:
    return {name: (1.0 - tau) * tensor + tau * fast[name].detach() for name, tensor in slow.items()}
