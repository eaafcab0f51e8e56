"""Losses of multi-agent soft actor-critic: pure functions of parameters, batch and noise.

Equation numbers are those of arXiv 2511.15002. Everything is summed over agents, twins and runs, which leaves
each network exactly the gradient of its own loss, because no network appears in another's term.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

from cadran.learn.networks import TWINS as _TWINS
from cadran.learn.networks import (
    Masks,
    Params,
    Shape,
    actor_heads,
    critic_values,
    of_runs,
    squashed_sample,
)


@dataclass(frozen=True)
class Transitions:
    """One sampled batch as tensors of one dtype: R runs, N agents, B transitions each.

    Attributes:
        observation: ``[R, N, B, O]``.
        action: ``[R, N, B, A]`` in (0, 1).
        reward: ``[R, N, B]``.
        next_observation: ``[R, N, B, O]``.
        discount: ``[R, N, B]``, 1 to bootstrap and 0 after a terminal state.
    """

    observation: Tensor
    action: Tensor
    reward: Tensor
    next_observation: Tensor
    discount: Tensor

    def of_runs(self, runs: Tensor) -> Transitions:
        """Those of some runs, int64 ``[g]``, ascending."""
        if len(runs) == len(self.reward):
            return self
        return Transitions(*(getattr(self, field.name)[runs] for field in fields(self)))


class Heads(NamedTuple):
    """Mean and log standard deviation of a policy before squashing, ``[R N, B, A]`` each."""

    mean: Tensor
    log_std: Tensor


@dataclass(frozen=True)
class CriticLoss:
    """Loss of the twin critics of g runs.

    Attributes:
        total: sum over runs and twins, scalar; what is differentiated.
        per_run: sum over the twins, ``[g]``, without gradient.
        values: Q of both twins, ``[g, T, N, B]``, without gradient.
        td_error: target minus the smaller Q, ``[g, N, B]``, without gradient.
    """

    total: Tensor
    per_run: Tensor
    values: Tensor
    td_error: Tensor


@dataclass(frozen=True)
class ActorLoss:
    """Loss of n actors.

    Attributes:
        total: sum over the actors, scalar; what is differentiated.
        per_agent: ``[n]``, without gradient.
        log_prob: log pi of the sampled actions, ``[n, B]``, without gradient.
    """

    total: Tensor
    per_agent: Tensor
    log_prob: Tensor


@torch.no_grad()
def td_target(
    shape: Shape,
    actor: Params,
    target_critic: Params,
    beta: Tensor,
    batch: Transitions,
    noise: Tensor,
    gamma: float,
) -> Tensor:
    """Bootstrapped target, Eq (10) in the usual discounted form.

    y = r + gamma d [ min_j Qtarget_j(s', a') - beta log pi(a'|s') ] with a' drawn by the present actor.

    Args:
        shape: of the networks.
        actor: parameters of the actors, ``[R N, ...]``.
        target_critic: parameters of the target critics, ``[T R, ...]``.
        beta: temperature of each agent, ``[R N]``.
        batch: transitions.
        noise: standard normal for a', ``[R, N, B, A]``.
        gamma: discount per frame.

    Returns:
        ``[R, N, B]``, without gradient.
    """
    mean, log_std = actor_heads(shape, actor, batch.next_observation.flatten(0, 1))
    action, log_prob = squashed_sample(mean, log_std, noise.flatten(0, 1))
    value = values_of_all(shape, target_critic, batch.next_observation, action.view_as(noise)).amin(1)
    soft = value - (beta.unsqueeze(1) * log_prob).view_as(value)
    return batch.reward + gamma * batch.discount * soft


def values_of_all(
    shape: Shape, critic: Params, observation: Tensor, action: Tensor, masks: Masks = None
) -> Tensor:
    """Each run's critics on all its agents' pairs.

    Args:
        shape: of the networks.
        critic: parameters of g runs' twin critics, ``[T g, ...]``.
        observation: ``[g, N, B, O]``.
        action: ``[g, N, B, A]``.
        masks: of dropout, ``[T g, N B, units]`` each.

    Returns:
        ``[g, T, N, B]``.
    """
    runs, agents, batch = observation.shape[:3]
    everyone = torch.arange(agents, device=observation.device).repeat(runs)
    seen = _seen(shape, observation), _seen(shape, action)
    inputs = _with_agent(shape, everyone, *(part.flatten(0, 1) for part in seen))
    return critic_values(shape, critic, inputs.view(runs, agents * batch, -1), masks).view(
        runs, _TWINS, agents, batch
    )


def critic_loss(
    shape: Shape, critic: Params, batch: Transitions, target: Tensor, masks: Masks = None
) -> CriticLoss:
    """Squared error of both critics on the pooled batch of all agents of a run, Eq (10).

    L = sum_j mean_{i,b} 1/2 (Q_j(s, a, i) - y)^2

    Args:
        shape: of the networks.
        critic: parameters of g runs' twin critics, ``[T g, ...]``.
        batch: transitions of these runs.
        target: y, ``[g, N, B]``; the same in both passes of SAM.
        masks: of dropout; the same in both passes of SAM.

    Returns:
        The loss and what the gate needs.
    """
    values = values_of_all(shape, critic, batch.observation, batch.action, masks)
    per_run = 0.5 * (values - target.unsqueeze(1)).square().flatten(2).mean(2).sum(1)
    kept = values.detach()
    return CriticLoss(per_run.sum(), per_run.detach(), kept, target - kept.amin(1))


def actor_loss(
    shape: Shape,
    actor: Params,
    critic: Params,
    beta: Tensor,
    who: Tensor,
    batch: Transitions,
    noise: Tensor,
    masks: Masks = None,
    teacher: Heads | None = None,
    distillation: float = 0.0,
) -> ActorLoss:
    """Reparameterised policy loss, whose gradient is the negative of Eq (9).

    L_i = mean_b [ beta_i log pi(a|s) - min_j Q_j(s, a, i) ], a = sigmoid(mean + std * noise),
    plus, with a teacher, distillation * mean_b KL(teacher || actor) of the Gaussians before squashing.
    A joint critic sees the other agents' actions as they were executed.

    Args:
        shape: of the networks.
        actor: parameters of these actors, ``[n, ...]``.
        critic: parameters of all runs' twin critics, ``[T R, ...]``, held fixed.
        beta: temperature of every agent, ``[R N]``.
        who: positions of these actors among all R N, int64 ``[n]``, ascending.
        batch: transitions of all runs.
        noise: standard normal ``[R, N, B, A]``; the same in both passes of SAM.
        masks: of dropout, for all R N actors; the same in both passes of SAM.
        teacher: heads of every agent's teacher.
        distillation: weight of the teacher's term.

    Returns:
        The loss and the log densities.
    """
    own_masks = None if masks is None else [mask[who] for mask in masks]
    mean, log_std = actor_heads(shape, actor, batch.observation.flatten(0, 1)[who], own_masks)
    action, log_prob = squashed_sample(mean, log_std, noise.flatten(0, 1)[who])
    value = _values_of(shape, critic, who, batch, action).amin(1)
    per_agent = (beta[who].unsqueeze(1) * log_prob - value).mean(1)
    if teacher is not None:
        kl = gaussian_kl(teacher.mean[who], teacher.log_std[who], mean, log_std)
        per_agent = per_agent + distillation * kl.mean(1)
    return ActorLoss(per_agent.sum(), per_agent.detach(), log_prob.detach())


def gaussian_kl(mean: Tensor, log_std: Tensor, other_mean: Tensor, other_log_std: Tensor) -> Tensor:
    """KL(N(mean, std) || N(other_mean, other_std)), summed over the last of ``[..., A]`` [nat]."""
    gap = ((mean - other_mean) / other_log_std.exp()).square()
    ratio = (2.0 * (log_std - other_log_std)).exp()
    return (0.5 * (ratio + gap - 1.0) + other_log_std - log_std).sum(-1)


def temperature_loss(log_beta: Tensor, log_prob: Tensor, target_entropy: float) -> Tensor:
    """Loss that raises an agent's temperature while its entropy is below the target (arXiv 1812.05905 Eq 18).

    L = -sum_i log beta_i * mean_b [ log pi(a|s) + H* ]

    Args:
        log_beta: ``[n]``.
        log_prob: ``[n, B]``, without gradient.
        target_entropy: H* [nat].

    Returns:
        Scalar.
    """
    return -(log_beta * (log_prob.mean(1) + target_entropy)).sum()


def td_variance(td_error: Tensor) -> Tensor:
    """Unbiased variance of each agent's TD errors over its batch: what Algorithm 1 compares with lambda_TD.

    Args:
        td_error: ``[..., B]``, B >= 2.

    Returns:
        ``[...]``.
    """
    return td_error.var(dim=-1, correction=1)


def _values_of(shape: Shape, critic: Params, who: Tensor, batch: Transitions, action: Tensor) -> Tensor:
    """Critics of some agents at new actions of theirs, ``[n, B, A]`` -> ``[n, T, B]``.

    Runs with equally many of these agents are judged together, so that each run's product has the very
    shape that it would have alone.
    """
    run, agent = who // shape.agents, who % shape.agents
    observation = _seen(shape, batch.observation).flatten(0, 1)[who]
    if shape.joint:
        mine = agent.unsqueeze(1) == torch.arange(shape.agents, device=who.device)
        team = torch.where(mine.view(*mine.shape, 1, 1), action.unsqueeze(1), batch.action[run])
        action = team.transpose(1, 2).flatten(2)
    inputs = _with_agent(shape, agent, observation, action)
    parts, order = [], []
    for runs, rows in _equally_frequent(run):
        own = of_runs(critic, runs, _TWINS)
        values = critic_values(shape, own, inputs[rows.flatten()].view(len(runs), -1, inputs.shape[-1]))
        parts.append(values.view(len(runs), _TWINS, rows.shape[1], -1).transpose(1, 2).flatten(0, 1))
        order.append(rows.flatten())
    return parts[0] if len(parts) == 1 else torch.cat(parts)[torch.cat(order).argsort()]


def _equally_frequent(run: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Runs ``[g]`` that appear c times in ``run[n]`` (ascending) and where, ``[g, c]``, for each c."""
    runs, counts = torch.unique_consecutive(run, return_counts=True)
    starts = counts.cumsum(0) - counts
    return [
        (runs[counts == count], starts[counts == count].unsqueeze(1) + torch.arange(count, device=run.device))
        for count in counts.unique().tolist()
    ]


def _seen(shape: Shape, x: Tensor) -> Tensor:
    """What the critic sees of ``[g, N, B, D]``: each agent's own; a joint one all, ``[g, N, B, N D]``."""
    if not shape.joint:
        return x
    together = x.transpose(1, 2).flatten(2).unsqueeze(1)
    return together.expand(-1, x.shape[1], -1, -1)


def _with_agent(shape: Shape, agent: Tensor, observation: Tensor, action: Tensor) -> Tensor:
    """The critic's input ``[n, B, .]``: a one-hot vector tells it whose transition it judges."""
    who = torch.eye(shape.agents, dtype=observation.dtype, device=observation.device)[agent]
    who = who.unsqueeze(1).expand(-1, observation.shape[1], -1)
    return torch.cat((observation, action, who), dim=-1)
