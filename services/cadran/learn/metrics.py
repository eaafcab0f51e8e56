"""What an update did, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.gate import Gate
from cadran.learn.losses import ActorLoss, CriticLoss
from cadran.learn.networks import TWINS

FloatArray = NDArray[np.floating]


class DivergedError(RuntimeError):
    """An update gave a value that is not finite; the networks are no longer of use."""


@dataclass(frozen=True)
class UpdateMetrics:
    """What one update of one run did.

    Attributes:
        updates: updates made so far, this one included.
        critic_loss: sum over the twins.
        critic_rho: SAM radius of the critic, 0 = plain.
        critic_grad_norm: of each twin before clipping, ``[2]``.
        value_mean: mean Q over twins and the pooled batch.
        target_mean: mean TD target.
        td_threshold: what the variances were compared with; 0 where nothing is gated.
        actor_loss: ``[N]``.
        actor_rho: SAM radius of each actor in this update, ``[N]``.
        actor_grad_norm: before clipping, ``[N]``.
        td_variance: of each agent's TD errors, ``[N]``.
        entropy: of each agent's policy [nat], ``[N]``.
        beta: temperature of each agent, ``[N]``, as used in this update.
    """

    updates: int
    critic_loss: float
    critic_rho: float
    critic_grad_norm: FloatArray
    value_mean: float
    target_mean: float
    td_threshold: float
    actor_loss: FloatArray
    actor_rho: FloatArray
    actor_grad_norm: FloatArray
    td_variance: FloatArray
    entropy: FloatArray
    beta: FloatArray

    @property
    def sam_on(self) -> NDArray[np.bool_]:
        """Which actors took a sharpness-aware step, ``[N]``."""
        return self.actor_rho > 0.0


@dataclass(frozen=True)
class Outcome:
    """What the metrics of all runs are made of.

    Attributes:
        judged: loss of all critics.
        target: TD targets, ``[R, N, B]``.
        critic_norms: gradient norms before clipping, ``[T R]``.
        acted: loss of all actors.
        actor_norms: gradient norms before clipping, ``[R N]``.
        variance: of the TD errors, ``[R, N]``.
        beta: temperatures, ``[R N]``.
        gates: of each run.
    """

    judged: CriticLoss
    target: Tensor
    critic_norms: Tensor
    acted: ActorLoss
    actor_norms: Tensor
    variance: Tensor
    beta: Tensor
    gates: Sequence[Gate]

    def metrics(self, updates: int) -> list[UpdateMetrics]:
        """One row per run, in one transfer from torch.

        Args:
            updates: made so far.

        Raises:
            DivergedError: something is not finite.
        """
        runs, agents = self.variance.shape
        vectors = (
            self.acted.per_agent,
            self.actor_norms,
            self.variance.flatten(),
            -self.acted.log_prob.mean(1),
            self.beta,
            self.target.flatten(0, 1).mean(1),
        )
        columns = [self.judged.per_run.view(runs, 1), self.critic_norms.view(runs, TWINS)]
        columns += [vector.view(runs, agents) for vector in vectors]
        columns += [self.judged.values.flatten(0, 2).mean(1).view(runs, TWINS * agents)]
        table = torch.cat(columns, dim=1).cpu().numpy()
        broken = np.flatnonzero(~np.isfinite(table).all(axis=1))
        if len(broken) > 0:
            run = "" if runs == 1 else f" of run {broken[0]}"
            raise DivergedError(f"learner: update {updates}{run} gave a value that is not finite")
        return [_row(row, gate, updates, agents) for row, gate in zip(table, self.gates, strict=True)]


def _row(row: FloatArray, gate: Gate, updates: int, agents: int) -> UpdateMetrics:
    norms, rest = row[1 : 1 + TWINS], row[1 + TWINS :].reshape(-1, agents)
    return UpdateMetrics(
        updates=updates,
        critic_loss=float(row[0]),
        critic_rho=gate.critic_rho,
        critic_grad_norm=norms,
        value_mean=float(rest[6:].mean()),
        target_mean=float(rest[5].mean()),
        td_threshold=gate.threshold,
        actor_loss=rest[0],
        actor_rho=gate.actor_rho,
        actor_grad_norm=rest[1],
        td_variance=rest[2],
        entropy=rest[3],
        beta=rest[4],
    )
