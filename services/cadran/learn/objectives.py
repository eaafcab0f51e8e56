"""Losses of a population's networks on one batch."""

from __future__ import annotations

import torch
from torch import Tensor

from cadran.learn.draws import Draws
from cadran.learn.losses import (
    ActorLoss,
    CriticLoss,
    Heads,
    Transitions,
    actor_loss,
    critic_loss,
    td_target,
)
from cadran.learn.networks import TWINS, Params, Shape, actor_heads, of_runs
from cadran.learn.spec import LearnerSpec
from cadran.learn.spectral import normalised
from cadran.learn.state import LearnerState


class Objectives:
    """What critics and actors descend on, with all that is held fixed meanwhile.

    Args:
        shape: of the networks.
        spec: what the runs learn with, as far as they share it.
        state: the networks; their vectors of spectral normalisation are the ones to use.
        data: one batch of each run.
        draws: what was drawn for it.

    Attributes:
        beta: temperature of each agent, ``[R N]``, without gradient.
        target: of the TD error, ``[R, N, B]``, without gradient.
    """

    def __init__(
        self, shape: Shape, spec: LearnerSpec, state: LearnerState, data: Transitions, draws: Draws
    ) -> None:
        self._shape = shape
        self._spec = spec
        self._state = state
        self._data = data
        self._draws = draws
        self.beta = state.log_beta.detach().exp()
        self.target = td_target(
            shape,
            effective(state, "actor", state.actor),
            effective(state, "target_critic", state.target_critic),
            self.beta,
            data,
            draws.next_noise,
            spec.gamma,
        )
        self._critic = effective(state, "critic", {name: t.detach() for name, t in state.critic.items()})
        self._teacher = self._taught()

    def judge(self, critic: Params, networks: Tensor) -> CriticLoss:
        """Loss of some critics.

        Args:
            critic: their parameters, before spectral normalisation.
            networks: their positions among all, both twins of each run.
        """
        runs = networks[::TWINS] // TWINS
        target, masks = self.target, self._draws.critic_masks
        vectors = self._state.singular.get("critic", {})
        if len(runs) < len(target):
            masks = None if masks is None else [mask[networks] for mask in masks]
            vectors = of_runs(vectors, runs, TWINS) if vectors else {}
            target = target[runs]
        return critic_loss(self._shape, normalised(critic, vectors), self._data.of_runs(runs), target, masks)

    def act(self, actor: Params, who: Tensor) -> ActorLoss:
        """Loss of some actors.

        Args:
            actor: their parameters, before spectral normalisation.
            who: their positions among all.
        """
        vectors = {name: v[who] for name, v in self._state.singular.get("actor", {}).items()}
        return actor_loss(
            self._shape,
            normalised(actor, vectors),
            self._critic,
            self.beta,
            who,
            self._data,
            self._draws.noise,
            self._draws.actor_masks,
            self._teacher,
            self._spec.distillation,
        )

    @torch.no_grad()
    def _taught(self) -> Heads | None:
        if not self._state.teacher:
            return None
        teacher = effective(self._state, "actor", self._state.teacher)
        return Heads(*actor_heads(self._shape, teacher, self._data.observation.flatten(0, 1)))


def effective(state: LearnerState, group: str, params: Params) -> Params:
    """Networks of a group of the state as they are evaluated: spectrally normalised where the method is."""
    return normalised(params, state.singular.get(group, {}))
