"""T independent DDPG learners as one stacked program; it owns no data and no time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.ddpg.batch import DdpgBatch, Rows
from cadran.learn.ddpg.losses import (
    DdpgActorLoss,
    DdpgCriticLoss,
    actor_loss,
    critic_loss,
    td_target,
    td_variance,
)
from cadran.learn.ddpg.metrics import DdpgMetrics, finite_table
from cadran.learn.ddpg.networks import DdpgShape, Networks, actions, detached, new_networks, stacked
from cadran.learn.ddpg.spec import DdpgSpec
from cadran.learn.ddpg.state import DdpgState, checkpoint, load_checkpoint
from cadran.learn.sam import clip_networks

Float32 = NDArray[np.float32]


class Ddpg:
    """Learns one actor and one critic per task, each from its own rows.

    With one thread on a CPU, two learners of the same arguments that see the same batches are equal bit for
    bit.

    Args:
        spec: what to learn with.
        observation_dim: O >= 1.
        action_dim: A >= 1.
        seeds: of each task's first networks, 0 <= seed < 2**63; their number is T.
        dtype: torch.float32, or torch.float64 where rounding must not matter.

    Attributes:
        spec: as given.
        shape: of one task's networks.

    Raises:
        ValueError: there is no task.
    """

    def __init__(
        self,
        spec: DdpgSpec,
        observation_dim: int,
        action_dim: int,
        seeds: Sequence[int],
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if not seeds:
            raise ValueError("ddpg: no seed is given, one per task is needed")
        self.spec = spec
        self.shape = DdpgShape.of(spec, observation_dim, action_dim)
        self._dtype = dtype
        generators = (torch.Generator().manual_seed(seed) for seed in seeds)
        fresh = stacked([new_networks(self.shape, generator, dtype) for generator in generators])
        self._state = DdpgState.of(fresh, spec)

    @property
    def tasks(self) -> int:
        """T."""
        return self._state.networks.tasks

    @property
    def updates(self) -> int:
        """Updates made so far."""
        return int(self._state.updates)

    def update(self, batch: DdpgBatch) -> DdpgMetrics:
        """One step of every critic and actor, both from the networks before the step, and of the targets.

        Args:
            batch: one sample of each task's experience; B may differ from call to call.

        Returns:
            What happened.

        Raises:
            ValueError: a shape is wrong; nothing was changed.
            DivergedError: a loss or gradient is not finite; nothing was changed.
        """
        networks, spec = self._state.networks, self.spec
        rows = batch.rows(self.shape, self.tasks, self._dtype)
        target = td_target(self.shape, networks.target_actor, networks.target_critic, rows, spec.gamma)
        judged = critic_loss(self.shape, networks.critic, rows, target)
        acted = actor_loss(self.shape, networks.actor, detached(networks.critic), rows, spec.logit_l2)
        critic = torch.autograd.grad(judged.total, list(networks.critic.values()))
        actor = torch.autograd.grad(acted.total, list(networks.actor.values()))
        critic_step, critic_norms = clip_networks(critic, spec.grad_clip)
        actor_step, actor_norms = clip_networks(actor, spec.grad_clip)
        metrics = self._metrics(rows, target, judged, acted, critic_norms, actor_norms)
        self._state.descend(critic_step, actor_step, spec.tau)
        return metrics

    def act(self, observation: NDArray[np.floating]) -> Float32:
        """Deterministic actions, ``[T, E, O]`` to float32 ``[T, E, A]`` in [0, 1]."""
        return actions(self.shape, self._state.networks.actor, observation)

    def networks(self) -> Networks:
        """Copies of all networks."""
        return self._state.networks.of_tasks(range(self.tasks))

    def load_networks(self, networks: Networks) -> None:
        """Start from given networks and forget the optimisers' moments; the count of updates goes on.

        Args:
            networks: of T tasks, of this learner's shape.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        self._state.start_from(networks)

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a learner that loads it goes on bit for bit."""
        return checkpoint(self._state.tensors(), self.shape.activation)

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a learner of the same networks, tasks and dtype. Step sizes
                are those of this learner's own specification.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        load_checkpoint(self._state.tensors(), data, self.shape.activation)

    def _metrics(
        self,
        rows: Rows,
        target: Tensor,
        judged: DdpgCriticLoss,
        acted: DdpgActorLoss,
        critic_norms: Tensor,
        actor_norms: Tensor,
    ) -> DdpgMetrics:
        columns = {
            "critic_loss": judged.per_task,
            "actor_loss": acted.per_task,
            "critic_grad_norm": critic_norms,
            "actor_grad_norm": actor_norms,
            "td_variance": td_variance(rows, judged.td_error),
            "value_mean": rows.mean(judged.value),
            "target_mean": rows.mean(target),
        }
        return DdpgMetrics(updates=self.updates + 1, **finite_table("ddpg", columns))
