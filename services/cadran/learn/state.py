"""Everything of a population that changes: one dataclass, from which saving and loading derive."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.adam import StackedAdam
from cadran.learn.networks import Params, Shape, actor_shapes, critic_shapes, initialise
from cadran.learn.spec import LearnerSpec
from cadran.learn.spectral import new_vectors

_NETWORKS = ("actor", "critic", "target_critic", "teacher")


@dataclass(frozen=True)
class LearnerState:
    """Networks, optimisers and running statistics; every tensor keeps its storage for the learner's life.

    R runs of N agents each; see `networks` for the order along the stacked axes.

    Attributes:
        actor: the actors, stacked ``[R N, ...]``.
        critic: the twin critics, stacked ``[T R, ...]``.
        target_critic: their slow copy, without gradient.
        teacher: slow copy of the actors where the method distils, else empty.
        singular: of each of these, by its name, what spectral normalisation keeps; empty without it.
        log_beta: log temperature of each agent ``[R N]``.
        actor_optimiser: Adam over ``actor``.
        critic_optimiser: Adam over ``critic``.
        beta_optimiser: Adam over ``log_beta``.
        td_variance_mean: running mean over a run's agents of the TD-error variance ``[R]``; the gate's
            reference.
        generators: source of each run's every draw, on the CPU.
    """

    actor: Params
    critic: Params
    target_critic: Params
    teacher: Params
    singular: dict[str, Params]
    log_beta: Tensor
    actor_optimiser: StackedAdam
    critic_optimiser: StackedAdam
    beta_optimiser: StackedAdam
    td_variance_mean: Tensor
    generators: tuple[torch.Generator, ...]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name, as live references; the generators' states stand apart."""
        named = {"log_beta": self.log_beta, "td_variance_mean": self.td_variance_mean}
        for group in _NETWORKS:
            named |= {f"{group}/{name}": tensor for name, tensor in getattr(self, group).items()}
        for group, vectors in self.singular.items():
            named |= {f"singular/{group}/{name}": tensor for name, tensor in vectors.items()}
        for group, optimiser in self.optimisers().items():
            named |= {
                f"{group}_adam/{name}/{key}": tensor
                for name, moments in optimiser.moments().items()
                for key, tensor in moments.items()
            }
        return named

    def optimisers(self) -> dict[str, StackedAdam]:
        """By what they step."""
        return {
            "actor": self.actor_optimiser,
            "critic": self.critic_optimiser,
            "beta": self.beta_optimiser,
        }


def new_state(
    spec: LearnerSpec, shape: Shape, seeds: Sequence[int], dtype: torch.dtype, device: str
) -> LearnerState:
    """Fresh networks and optimisers; each run's are what it would have alone.

    Args:
        spec: what to learn with, as far as the runs share it.
        shape: of the networks.
        seeds: of each run's generator, 0 <= seed < 2**63.
        dtype: of all floating-point tensors.
        device: where they live.

    Returns:
        The state before the first update.
    """
    generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
    fresh = [draw_networks(shape, generator, dtype) for generator in generators]
    actor = _stacked([actors for actors, _ in fresh], device)
    critic = _stacked([critics for _, critics in fresh], device)
    slow = {name: tensor.detach().clone() for name, tensor in critic.items()}
    teacher = {name: tensor.detach().clone() for name, tensor in actor.items()} if spec.distillation else {}
    log_beta = torch.full((len(seeds) * shape.agents,), math.log(spec.beta_initial), dtype=dtype)
    log_beta = log_beta.to(device).requires_grad_()
    return LearnerState(
        actor=actor,
        critic=critic,
        target_critic=slow,
        teacher=teacher,
        singular=_singular(fresh, generators, device) if spec.spectral_norm else {},
        log_beta=log_beta,
        actor_optimiser=StackedAdam(actor, len(seeds), spec.lr),
        critic_optimiser=StackedAdam(critic, len(seeds), spec.lr),
        beta_optimiser=StackedAdam({"log_beta": log_beta}, len(seeds), spec.beta_lr),
        td_variance_mean=torch.zeros(len(seeds), dtype=dtype),
        generators=generators,
    )


def draw_networks(shape: Shape, generator: torch.Generator, dtype: torch.dtype) -> tuple[Params, Params]:
    """Fresh actors ``[N, ...]`` and twin critics ``[T, ...]`` of one run, on the CPU."""
    actor = initialise(actor_shapes(shape), generator, dtype)
    return actor, initialise(critic_shapes(shape), generator, dtype)


def reset_part(
    state: LearnerState, shape: Shape, chosen: Callable[[str], bool], beta_initial: float, dtype: torch.dtype
) -> None:
    """Draw a part of all networks anew, forget its moments, and set the temperature back.

    Args:
        state: changed in place; targets and teachers get the same new values.
        shape: of the networks.
        chosen: which tensors, by name.
        beta_initial: temperature to go back to.
        dtype: of the networks.
    """
    fresh = [draw_networks(shape, generator, dtype) for generator in state.generators]
    device = str(state.log_beta.device)
    actor = _stacked([actors for actors, _ in fresh], device)
    critic = _stacked([critics for _, critics in fresh], device)
    with torch.no_grad():
        for live, new in (
            (state.actor, actor),
            (state.teacher, actor),
            (state.critic, critic),
            (state.target_critic, critic),
        ):
            for name in filter(chosen, live):
                live[name].copy_(new[name])
        state.log_beta.fill_(math.log(beta_initial))
        for optimiser in state.optimisers().values():
            for name, moments in optimiser.moments().items():
                if name == "log_beta" or chosen(name):
                    for tensor in moments.values():
                        tensor.zero_()


def _stacked(parts: Sequence[Params], device: str) -> Params:
    """Leaves that hold the parts one after the other along the first axis."""
    return {
        name: torch.cat([part[name].detach() for part in parts]).to(device).requires_grad_()
        for name in parts[0]
    }


def _singular(
    fresh: Sequence[tuple[Params, Params]], generators: Sequence[torch.Generator], device: str
) -> dict[str, Params]:
    """Vectors for actors, critics and targets; targets start as their critics do."""
    drawn = [
        (new_vectors(actors, generator), new_vectors(critics, generator))
        for (actors, critics), generator in zip(fresh, generators, strict=True)
    ]
    actor = {name: torch.cat([a[name] for a, _ in drawn]).to(device) for name in drawn[0][0]}
    critic = {name: torch.cat([c[name] for _, c in drawn]).to(device) for name in drawn[0][1]}
    slow = {name: vector.clone() for name, vector in critic.items()}
    return {"actor": actor, "critic": critic, "target_critic": slow}
