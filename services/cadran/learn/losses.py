"""Losses of multi-agent soft actor-critic: pure functions of parameters, batch and noise.

Equation numbers are those of arXiv 2511.15002. The actors' losses are summed over agents, which leaves each
agent exactly the gradient of its own loss, because no actor appears in another agent's term.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.networks import Params, Shape, critic_values, sample_actions


@dataclass(frozen=True)
class Transitions:
    """One sampled batch as tensors of one dtype.

    Attributes:
        observation: ``[N, B, O]``.
        action: ``[N, B, A]`` in (0, 1).
        reward: ``[N, B]``.
        next_observation: ``[N, B, O]``.
        discount: ``[N, B]``, 1 to bootstrap and 0 after a terminal state.
    """

    observation: Tensor
    action: Tensor
    reward: Tensor
    next_observation: Tensor
    discount: Tensor


@dataclass(frozen=True)
class CriticLoss:
    """Loss of the twin critic.

    Attributes:
        total: sum over the twins, scalar; what is differentiated.
        values: Q of both twins, ``[2, N, B]``.
        td_error: target minus the smaller Q, ``[N, B]``, without gradient.
    """

    total: Tensor
    values: Tensor
    td_error: Tensor


@dataclass(frozen=True)
class ActorLoss:
    """Loss of all actors.

    Attributes:
        total: sum over agents, scalar; what is differentiated.
        per_agent: ``[N]``.
        log_prob: log pi of the sampled actions, ``[N, B]``, without gradient.
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
    agents: Tensor,
    batch: Transitions,
    noise: Tensor,
    gamma: float,
) -> Tensor:
    """Bootstrapped target, Eq (10) in the usual discounted form.

    y = r + gamma d [ min_j Qtarget_j(s', a') - beta log pi(a'|s') ] with a' drawn by the present actor.

    Args:
        shape: of the networks.
        actor: parameters of the actors.
        target_critic: parameters of the target critics.
        beta: temperature of each agent, ``[N]``.
        agents: the agents' indices, int64 ``[N]``.
        batch: transitions.
        noise: standard normal for a', ``[N, B, A]``.
        gamma: discount per frame.

    Returns:
        ``[N, B]``, without gradient.
    """
    action, log_prob = sample_actions(shape, actor, batch.next_observation, noise)
    value = critic_values(shape, target_critic, agents, batch.next_observation, action).amin(0)
    return batch.reward + gamma * batch.discount * (value - beta.unsqueeze(1) * log_prob)


def critic_loss(
    shape: Shape, critic: Params, agents: Tensor, batch: Transitions, target: Tensor
) -> CriticLoss:
    """Squared error of both critics on the pooled batch of all agents, Eq (10).

    L = sum_j mean_{i,b} 1/2 (Q_j(s, a, i) - y)^2

    Args:
        shape: of the networks.
        critic: parameters of the twin critic.
        agents: the agents' indices, int64 ``[N]``.
        batch: transitions.
        target: y, ``[N, B]``; the same in both passes of SAM.

    Returns:
        The loss and what the gate needs.
    """
    values = critic_values(shape, critic, agents, batch.observation, batch.action)
    total = 0.5 * (values - target).square().mean((1, 2)).sum()
    return CriticLoss(total, values, target - values.detach().amin(0))


def actor_loss(
    shape: Shape,
    actor: Params,
    critic: Params,
    beta: Tensor,
    agents: Tensor,
    observation: Tensor,
    noise: Tensor,
) -> ActorLoss:
    """Reparameterised policy loss, whose gradient is the negative of Eq (9).

    L_i = mean_b [ beta_i log pi(a|s) - min_j Q_j(s, a, i) ], a = sigmoid(mean + std * noise)

    Args:
        shape: of the networks.
        actor: parameters of these actors, N of them.
        critic: parameters of the twin critic, held fixed.
        beta: temperature of each agent, ``[N]``.
        agents: the agents' indices, int64 ``[N]``.
        observation: ``[N, B, O]``.
        noise: standard normal ``[N, B, A]``; the same in both passes of SAM.

    Returns:
        The loss and the log densities.
    """
    action, log_prob = sample_actions(shape, actor, observation, noise)
    value = critic_values(shape, critic, agents, observation, action).amin(0)
    per_agent = (beta.unsqueeze(1) * log_prob - value).mean(1)
    return ActorLoss(per_agent.sum(), per_agent.detach(), log_prob.detach())


def temperature_loss(log_beta: Tensor, log_prob: Tensor, target_entropy: float) -> Tensor:
    """Loss that raises an agent's temperature while its entropy is below the target (arXiv 1812.05905 Eq 18).

    L = -sum_i log beta_i * mean_b [ log pi(a|s) + H* ]

    Args:
        log_beta: ``[N]``.
        log_prob: ``[N, B]``, without gradient.
        target_entropy: H* [nat].

    Returns:
        Scalar.
    """
    return -(log_beta * (log_prob.mean(1) + target_entropy)).sum()


def td_variance(td_error: Tensor) -> Tensor:
    """Unbiased variance of each agent's TD errors over its batch: what Algorithm 1 compares with lambda_TD.

    Args:
        td_error: ``[N, B]``, B >= 2.

    Returns:
        ``[N]``.
    """
    return td_error.var(dim=1, correction=1)
