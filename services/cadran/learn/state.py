"""Everything of a learner that changes: one dataclass, from which saving and loading derive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Adam

from cadran.learn.networks import Params, Shape, actor_shapes, critic_shapes, initialise
from cadran.learn.spec import LearnerSpec


@dataclass(frozen=True)
class LearnerState:
    """Networks, optimisers and running statistics; every tensor keeps its storage for the learner's life.

    Attributes:
        actor: the actors, stacked ``[N, ...]``.
        critic: the twin critic, stacked ``[2, ...]``.
        target_critic: its slow copy, without gradient.
        log_beta: log temperature of each agent ``[N]``.
        actor_optimiser: Adam over ``actor``.
        critic_optimiser: Adam over ``critic``.
        beta_optimiser: Adam over ``log_beta``.
        td_variance_mean: running mean over agents of the TD-error variance, scalar; the gate's reference.
        generator: source of the learner's every draw.
    """

    actor: Params
    critic: Params
    target_critic: Params
    log_beta: Tensor
    actor_optimiser: Adam
    critic_optimiser: Adam
    beta_optimiser: Adam
    td_variance_mean: Tensor
    generator: torch.Generator

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name, as live references; the generator's state stands apart."""
        named = {"log_beta": self.log_beta, "td_variance_mean": self.td_variance_mean}
        for group, params in (
            ("actor", self.actor),
            ("critic", self.critic),
            ("target_critic", self.target_critic),
        ):
            named |= {f"{group}/{name}": tensor for name, tensor in params.items()}
        named |= _moments("actor_adam", self.actor_optimiser, self.actor)
        named |= _moments("critic_adam", self.critic_optimiser, self.critic)
        named |= _moments("beta_adam", self.beta_optimiser, {"log_beta": self.log_beta})
        return named


def new_state(spec: LearnerSpec, shape: Shape, seed: int, dtype: torch.dtype) -> LearnerState:
    """Fresh networks and optimisers.

    Args:
        spec: what to learn with.
        shape: of the networks.
        seed: of the learner's generator, 0 <= seed < 2**63.
        dtype: of all floating-point tensors.

    Returns:
        The state before the first update.
    """
    generator = torch.Generator().manual_seed(seed)
    actor = initialise(actor_shapes(shape), generator, dtype)
    critic = initialise(critic_shapes(shape), generator, dtype)
    log_beta = torch.full((shape.agents,), math.log(spec.beta_initial), dtype=dtype, requires_grad=True)
    return LearnerState(
        actor=actor,
        critic=critic,
        target_critic={name: tensor.detach().clone() for name, tensor in critic.items()},
        log_beta=log_beta,
        actor_optimiser=new_adam(list(actor.values()), spec.lr),
        critic_optimiser=new_adam(list(critic.values()), spec.lr),
        beta_optimiser=new_adam([log_beta], spec.beta_lr),
        td_variance_mean=torch.zeros((), dtype=dtype),
        generator=generator,
    )


def new_adam(params: list[Tensor], lr: float) -> Adam:
    """Adam in one fused kernel per step, with its moments in place from the start.

    Torch makes the moments at the first step; made here, the set of tensors to save never changes.

    Args:
        params: leaf tensors.
        lr: step size.

    Returns:
        The optimiser.
    """
    optimiser = Adam(params, lr=lr, fused=True)
    for param in params:
        optimiser.state[param] = {
            "step": torch.zeros((), dtype=torch.float32),
            "exp_avg": torch.zeros_like(param, requires_grad=False),
            "exp_avg_sq": torch.zeros_like(param, requires_grad=False),
        }
    return optimiser


def _moments(group: str, optimiser: Adam, params: Params) -> dict[str, Tensor]:
    return {
        f"{group}/{name}/{key}": value
        for name, param in params.items()
        for key, value in optimiser.state[param].items()
    }
