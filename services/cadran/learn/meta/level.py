"""One level's initialisation, learned across T tasks as one stacked program; it owns no data and no time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.ddpg import DdpgBatch, DdpgShape, DdpgSpec, Networks, actions
from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.metrics import finite_table
from cadran.learn.ddpg.networks import new_networks
from cadran.learn.ddpg.state import DdpgState, checkpoint, load_checkpoint
from cadran.learn.meta.inner import Descent, InnerLoop, expanded
from cadran.learn.meta.metrics import MetaMetrics, MetaUpdate
from cadran.learn.meta.outer import Validation, validate
from cadran.learn.meta.spec import MetaSpec
from cadran.learn.meta.weights import task_weights
from cadran.learn.sam import clip_networks

Float32 = NDArray[np.float32]


class MetaLevel:
    """Learns theta_M, from which a task is learned in a few steps.

    With one thread on a CPU, two levels of the same arguments that see the same batches are equal bit for
    bit.

    Args:
        spec: inner loop and weights.
        ddpg: networks, losses and outer steps of this level.
        observation_dim: O >= 1.
        action_dim: A >= 1.
        tasks: number of tasks whose TD errors are followed, >= 1.
        seed: of the first networks, 0 <= seed < 2**63.
        dtype: torch.float32, or torch.float64 where rounding must not matter.

    Attributes:
        spec: as given.
        ddpg: as given.
        shape: of one task's networks.
        tasks: as given.

    Raises:
        ValueError: there is no task.
    """

    def __init__(
        self,
        spec: MetaSpec,
        ddpg: DdpgSpec,
        observation_dim: int,
        action_dim: int,
        tasks: int,
        seed: int,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        if tasks < 1:
            raise ValueError(f"meta: {tasks} tasks, at least 1 is needed")
        self.spec = spec
        self.ddpg = ddpg
        self.shape = DdpgShape.of(ddpg, observation_dim, action_dim)
        self.tasks = tasks
        self._dtype = dtype
        self._inner = InnerLoop(self.shape, ddpg, spec)
        fresh = new_networks(self.shape, torch.Generator().manual_seed(seed), dtype)
        self._state = DdpgState.of(fresh, ddpg)
        self._variance = torch.zeros(tasks, dtype=dtype)
        self._seen = torch.zeros(tasks, dtype=torch.bool)

    @property
    def updates(self) -> int:
        """Updates made so far."""
        return int(self._state.updates)

    def update(
        self, train: DdpgBatch, validation: DdpgBatch, tasks: Sequence[int] | None = None
    ) -> MetaUpdate:
        """One meta-update, Eqs (11)-(17): adapt to all tasks, validate, weigh, step.

        The targets of a task are copies of the initialisation's; they follow between two inner steps, and the
        validation rows have those of the last one.

        Args:
            train: rows that are adapted to, ``[T, B, ...]``.
            validation: other rows of the same tasks.
            tasks: which tasks these are, each once, ``[T]``; None = all in order.

        Returns:
            What happened, and the adapted networks.

        Raises:
            ValueError: a shape or a task is wrong; nothing was changed.
            DivergedError: a loss or gradient is not finite; nothing was changed.
        """
        which = self._which(tasks)
        adapting = train.rows(self.shape, len(which), self._dtype)
        judging = validation.rows(self.shape, len(which), self._dtype)
        networks = self._state.networks
        first, adapted = self._adapted(expanded(networks, len(which)), adapting)
        validated = validate(self.shape, self.ddpg, adapted, judging)
        variance = self._running(validated.td_variance, judging, which)
        weights = task_weights(self.spec.weighting, variance, self.spec.kappa, self.spec.floor)
        critic, actor, norms = self._gradients(validated.meta_loss(weights))
        metrics = self._metrics(which, first, validated, variance, weights, norms)
        self._state.descend(critic, actor, self.ddpg.tau)
        self._variance[which] = variance
        self._seen[which] |= _has_rows(judging)
        return MetaUpdate(metrics, adapted.of_tasks(range(adapted.tasks)))

    def initialisation(self) -> Networks:
        """Copies of theta_M and its targets, ``[1, ...]``."""
        return self._state.networks.of_tasks([0])

    def load_initialisation(self, networks: Networks) -> None:
        """Go on from given networks and forget the optimisers' moments; running variances stay.

        Args:
            networks: of one task, of this level's shape.

        Raises:
            CheckpointError: a name or shape differs; nothing was changed.
        """
        self._state.start_from(networks)

    def adapt(self, batch: DdpgBatch, steps: int, start: Networks | None = None) -> Networks:
        """Inner steps alone, each followed by the targets; nothing of this level is changed.

        Args:
            batch: rows of any number of tasks, ``[T, B, ...]``.
            steps: how many, all on these rows, >= 0.
            start: networks to go on from, of T tasks, or of one that all start from; None = the
                initialisation.

        Returns:
            The tasks' networks, ``[T, ...]``, as tensors of their own.

        Raises:
            ValueError: a shape is wrong.
            DivergedError: a loss or a network is not finite.
        """
        begin = self.initialisation() if start is None else start
        places = [0] * batch.tasks if begin.tasks == 1 else range(begin.tasks)
        networks = begin.of_tasks(places)
        rows = batch.rows(self.shape, networks.tasks, self._dtype)
        for _ in range(steps):
            networks = self._inner.follow(self._inner.descend(networks, rows).networks)
        finite_table("meta: adapted networks", _sums(networks))
        return networks

    def act(self, networks: Networks, observation: NDArray[np.floating]) -> Float32:
        """Deterministic actions of some networks, ``[T, E, O]`` to float32 ``[T, E, A]`` in [0, 1]."""
        return actions(self.shape, networks.actor, observation)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that changes, by name, as live references."""
        return self._state.tensors() | {"td_variance": self._variance, "seen": self._seen}

    def state_bytes(self) -> bytes:
        """Everything that changes, so that a level that loads it goes on bit for bit."""
        return checkpoint(self.tensors(), self.shape.activation)

    def load_state(self, data: bytes) -> None:
        """Go on from a checkpoint.

        Args:
            data: what ``state_bytes`` returned on a level of the same networks, tasks and dtype. Rates and
                weighting are those of this level's own specification.

        Raises:
            CheckpointError: damaged, or of other networks; nothing was changed.
        """
        load_checkpoint(self.tensors(), data, self.shape.activation)

    def _which(self, tasks: Sequence[int] | None) -> list[int]:
        which = list(range(self.tasks)) if tasks is None else list(tasks)
        if not which or len(set(which)) < len(which) or not set(which) <= set(range(self.tasks)):
            raise ValueError(f"meta: tasks are {which}, each must be once in 0..{self.tasks - 1}")
        return which

    def _adapted(self, networks: Networks, rows: Rows) -> tuple[Descent, Networks]:
        """The first inner step, and the networks after the last one."""
        first = step = self._inner.descend(networks, rows)
        for _ in range(1, self.spec.inner_steps):
            step = self._inner.descend(self._inner.follow(step.networks), rows)
        return first, step.networks

    def _running(self, now: Tensor, rows: Rows, which: list[int]) -> Tensor:
        """Running variances with this update's; a task without rows keeps its own, static ones stay."""
        before, seen = self._variance[which], self._seen[which]
        decayed = torch.where(seen, self.spec.ema * before + (1.0 - self.spec.ema) * now, now)
        static = self.spec.weighting == "static_var" and self.updates >= self.spec.static_at
        kept = ~_has_rows(rows) | (seen if static else torch.zeros_like(seen))
        return torch.where(kept, before, decayed)

    def _gradients(self, loss: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor], tuple[Tensor, Tensor]]:
        """Clipped gradients of critic and actor of the initialisation, and their norms before."""
        networks = self._state.networks
        critic, actor = list(networks.critic.values()), list(networks.actor.values())
        both = torch.autograd.grad(loss, critic + actor)
        critic_step, critic_norm = clip_networks(both[: len(critic)], self.ddpg.grad_clip)
        actor_step, actor_norm = clip_networks(both[len(critic) :], self.ddpg.grad_clip)
        return critic_step, actor_step, (critic_norm, actor_norm)

    def _metrics(
        self,
        which: list[int],
        first: Descent,
        validated: Validation,
        variance: Tensor,
        weights: Tensor,
        norms: tuple[Tensor, Tensor],
    ) -> MetaMetrics:
        columns = {
            "critic_loss_before": first.critic_loss,
            "actor_loss_before": first.actor_loss,
            "critic_loss": validated.critic_loss,
            "actor_loss": validated.actor_loss,
            "td_variance_now": validated.td_variance,
            "td_variance": variance,
            # Last: one task that is not finite spoils all weights, and the first column at fault is named.
            "weights": weights,
        }
        table = finite_table("meta", columns)
        names = ("critic_grad_norm", "actor_grad_norm")
        outer = finite_table("meta: initialisation", dict(zip(names, norms, strict=True)))
        return MetaMetrics(
            updates=self.updates + 1,
            tasks=np.array(which, dtype=np.int64),
            **table,
            critic_grad_norm=float(outer["critic_grad_norm"][0]),
            actor_grad_norm=float(outer["actor_grad_norm"][0]),
        )


def _has_rows(rows: Rows) -> Tensor:
    """Which tasks have a row with weight, bool ``[T]``."""
    return (rows.share > 0.0).any(1)


def _sums(networks: Networks) -> dict[str, Tensor]:
    """Of each tensor over each task's entries, ``[T]``: not finite if one of them is not."""
    return {name: tensor.flatten(1).sum(1) for name, tensor in networks.tensors().items()}
