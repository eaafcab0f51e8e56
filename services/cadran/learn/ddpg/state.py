"""Everything of a DDPG learner that changes, from which saving and loading derive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.adam import StackedAdam
from cadran.learn.checkpoint import CheckpointError, copy_into, pack, unpack
from cadran.learn.ddpg.networks import Networks
from cadran.learn.ddpg.spec import DdpgSpec


@dataclass(frozen=True)
class DdpgState:
    """Everything that changes; every tensor keeps its storage for the learner's life.

    Attributes:
        networks: of all tasks; actors and critics are leaves.
        actor_optimiser: Adam over the actors.
        critic_optimiser: Adam over the critics.
        updates: made so far, int64 ``[]``.
    """

    networks: Networks
    actor_optimiser: StackedAdam
    critic_optimiser: StackedAdam
    updates: Tensor

    @classmethod
    def of(cls, networks: Networks, spec: DdpgSpec) -> DdpgState:
        """Before the first update; the state owns the networks from now on."""
        for params in (networks.actor, networks.critic):
            for tensor in params.values():
                tensor.requires_grad_()
        return cls(
            networks,
            StackedAdam(networks.actor, networks.tasks, spec.actor_lr),
            StackedAdam(networks.critic, networks.tasks, spec.critic_lr),
            torch.zeros((), dtype=torch.int64),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that changes, by name, as live references."""
        named = {"updates": self.updates, **self.networks.tensors()}
        for group, optimiser in (("actor", self.actor_optimiser), ("critic", self.critic_optimiser)):
            named |= {
                f"{group}_adam/{name}/{key}": tensor
                for name, moments in optimiser.moments().items()
                for key, tensor in moments.items()
            }
        return named

    def start_from(self, networks: Networks) -> None:
        """Take over given networks and forget the optimisers' moments; the count of updates goes on.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        own = self.networks.tensors()
        dtype = self.networks.actor["mean.bias"].dtype
        copy_into(own, {name: tensor.to(dtype) for name, tensor in networks.tensors().items()})
        for optimiser in (self.actor_optimiser, self.critic_optimiser):
            for moments in optimiser.moments().values():
                for tensor in moments.values():
                    tensor.zero_()

    def descend(self, critic: Sequence[Tensor], actor: Sequence[Tensor], tau: float) -> None:
        """One Adam step of both networks, then the targets follow.

        Args:
            critic: gradients of the critics, clipped.
            actor: gradients of the actors, clipped.
            tau: Polyak step of the targets.
        """
        networks = self.networks
        self.critic_optimiser.step(critic)
        self.actor_optimiser.step(actor)
        with torch.no_grad():
            for slow, fast in (
                (networks.target_actor, networks.actor),
                (networks.target_critic, networks.critic),
            ):
                torch._foreach_lerp_(list(slow.values()), list(fast.values()), tau)
            self.updates.add_(1)


def checkpoint(tensors: Mapping[str, Tensor], activation: str) -> bytes:
    """The tensors as bytes, with what their shapes do not tell of the networks."""
    return pack(tensors, {"activation": activation})


def load_checkpoint(live: Mapping[str, Tensor], data: bytes, activation: str) -> None:
    """Overwrite tensors in place with what ``checkpoint`` wrote.

    Raises:
        CheckpointError: damaged, or of other networks; nothing was changed.
    """
    tensors, scalars = unpack(data)
    if scalars["activation"] != activation:
        raise CheckpointError(
            f"checkpoint: activation is {scalars['activation']}, this learner has {activation}"
        )
    copy_into(live, tensors)
