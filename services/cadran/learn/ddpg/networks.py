"""Deterministic actors and their critics, stacked along an axis of tasks: ``[T, ...]``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.checkpoint import copy_into
from cadran.learn.ddpg.spec import DdpgSpec
from cadran.learn.networks import Params, features, initialise, squash, stacked_linear
from cadran.policy import tensor_shapes

Float32 = NDArray[np.float32]
Arrays = dict[str, NDArray[np.floating]]

# d sigmoid(u) / du at u = 0: noise of standard deviation 4 s before the squashing has about s after it.
_SLOPE_AT_HALF: Final = 0.25
_LEAST_STD: Final = 1e-8


@dataclass(frozen=True)
class DdpgShape:
    """What the networks of one task look like.

    Attributes:
        observation_dim: O.
        action_dim: A.
        hidden: hidden widths of actor and critic.
        activation: ``relu``, ``tanh`` or ``crelu``.
        layer_norm: whether hidden layers are normalised.
    """

    observation_dim: int
    action_dim: int
    hidden: tuple[int, ...]
    activation: str
    layer_norm: bool

    @classmethod
    def of(cls, spec: DdpgSpec, observation_dim: int, action_dim: int) -> DdpgShape:
        """The networks that a specification asks for."""
        return cls(observation_dim, action_dim, spec.hidden, spec.activation, spec.layer_norm)

    @property
    def actor(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of one actor's tensors, as in the policy artefact but for its ``log_std`` head."""
        return self._deterministic(self.observation_dim, self.action_dim)

    @property
    def critic(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of one critic's tensors; its head is ``value``."""
        single = self._deterministic(self.observation_dim + self.action_dim, 1)
        return {name.replace("mean.", "value."): dims for name, dims in single.items()}

    def _deterministic(self, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        shapes = tensor_shapes(inputs, outputs, self.hidden, self.layer_norm, self.activation)
        return {name: dims for name, dims in shapes.items() if not name.startswith("log_std.")}


@dataclass(frozen=True)
class Networks:
    """Everything that a task's policy is learned with, T tasks stacked.

    Attributes:
        actor: ``[T, ...]``.
        critic: ``[T, ...]``.
        target_actor: slow copy of the actors, never differentiated.
        target_critic: slow copy of the critics, never differentiated.
    """

    actor: Params
    critic: Params
    target_actor: Params
    target_critic: Params

    @property
    def tasks(self) -> int:
        """T."""
        return len(self.actor["mean.bias"])

    def tensors(self) -> dict[str, Tensor]:
        """Live references by name, such as ``actor/mean.weight``."""
        return {
            f"{group}/{name}": tensor for group, params in self._groups() for name, tensor in params.items()
        }

    def repeated(self, tasks: int) -> Networks:
        """The networks of a single task as those of ``tasks`` tasks, each with memory of its own.

        Raises:
            ValueError: there is more than one task already.
        """
        if self.tasks != 1:
            raise ValueError(f"networks of {self.tasks} tasks cannot be repeated, only those of one")
        return self.of_tasks([0] * tasks)

    def of_tasks(self, places: Sequence[int]) -> Networks:
        """Copies of the networks of some tasks, in the order given.

        Args:
            places: 0 <= place < T, each as often as wanted.
        """
        index = torch.tensor(places, dtype=torch.int64)
        return Networks(
            *({name: t.detach()[index] for name, t in params.items()} for _, params in self._groups())
        )

    def arrays(self) -> Arrays:
        """Copies by name, such as ``actor/mean.weight``, for a file."""
        return {name: np.array(tensor.detach().numpy()) for name, tensor in self.tensors().items()}

    @classmethod
    def from_arrays(
        cls,
        shape: DdpgShape,
        arrays: Mapping[str, NDArray[np.floating]],
        dtype: torch.dtype = torch.float32,
    ) -> Networks:
        """Read what ``arrays`` gave.

        Args:
            shape: of the networks that are wanted.
            arrays: by name, ``[T, ...]``.
            dtype: of the result.

        Raises:
            CheckpointError: a name or shape differs, or there is no task.
        """
        tasks = max((len(array) for array in arrays.values() if array.ndim), default=0)
        empty = empty_networks(shape, max(tasks, 1), dtype)
        copy_into(empty.tensors(), {name: torch.tensor(array, dtype=dtype) for name, array in arrays.items()})
        return empty

    def _groups(self) -> list[tuple[str, Params]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def empty_networks(shape: DdpgShape, tasks: int, dtype: torch.dtype) -> Networks:
    """Networks of zeros, to be overwritten."""

    def zeros(shapes: Mapping[str, tuple[int, ...]]) -> Params:
        return {name: torch.zeros((tasks, *dims), dtype=dtype) for name, dims in shapes.items()}

    return Networks(zeros(shape.actor), zeros(shape.critic), zeros(shape.actor), zeros(shape.critic))


def new_networks(shape: DdpgShape, generator: torch.Generator, dtype: torch.dtype) -> Networks:
    """Fresh networks of one task; the targets start as copies.

    Args:
        shape: of the networks.
        generator: source of every draw.
        dtype: of the parameters.
    """

    def draw(shapes: Mapping[str, tuple[int, ...]]) -> Params:
        fresh = initialise({name: (1, *dims) for name, dims in shapes.items()}, generator, dtype)
        return detached(fresh)

    actor, critic = draw(shape.actor), draw(shape.critic)
    return Networks(actor, critic, _copied(actor), _copied(critic))


def stacked(parts: Sequence[Networks]) -> Networks:
    """Networks one after the other along the axis of tasks, as copies."""
    return Networks(
        *(
            {name: torch.cat([getattr(part, field.name)[name] for part in parts]) for name in first}
            for field in fields(Networks)
            for first in [getattr(parts[0], field.name)]
        )
    )


def logits(shape: DdpgShape, actor: Params, observation: Tensor) -> Tensor:
    """Actions before the squashing: ``[T, B, O]`` to ``[T, B, A]``."""
    hidden = features(shape, actor, observation)
    return stacked_linear(hidden, actor["mean.weight"], actor["mean.bias"])


def act(shape: DdpgShape, actor: Params, observation: Tensor) -> Tensor:
    """Deterministic actions mu(s): ``[T, B, O]`` to ``[T, B, A]`` in (0, 1)."""
    return squash(logits(shape, actor, observation))


def judge(shape: DdpgShape, critic: Params, observation: Tensor, action: Tensor) -> Tensor:
    """Values Q(s, a): ``[T, B, O]`` and ``[T, B, A]`` to ``[T, B]``."""
    hidden = features(shape, critic, torch.cat((observation, action), dim=-1))
    return stacked_linear(hidden, critic["value.weight"], critic["value.bias"]).squeeze(-1)


@torch.no_grad()
def actions(shape: DdpgShape, actor: Params, observation: NDArray[np.floating]) -> Float32:
    """Deterministic actions of all tasks' actors.

    Args:
        shape: of the networks.
        actor: ``[T, ...]``.
        observation: ``[T, E, O]``.

    Returns:
        float32 ``[T, E, A]`` in [0, 1].
    """
    seen = torch.tensor(observation, dtype=actor["mean.bias"].dtype)
    return act(shape, actor, seen).to(torch.float32).numpy()


def policy_tensors(actor: Params, task: int, std: float) -> dict[str, Float32]:
    """One actor as a policy artefact holds it; see `cadran.policy.encode`.

    The artefact's actor explores before the squashing. Its spread is constant and such that an action
    of 0.5 gets noise of about the standard deviation asked for; near 0 and 1 it gets less.

    Args:
        actor: ``[T, ...]``.
        task: 0 <= task < T.
        std: standard deviation of the exploration noise on an action in [0, 1], >= 0.

    Returns:
        float32 arrays, weights ``[in, out]``.
    """
    tensors = {name: tensor.detach()[task].to(torch.float32).numpy().copy() for name, tensor in actor.items()}
    log_std = math.log(max(std, _LEAST_STD) / _SLOPE_AT_HALF)
    tensors["log_std.weight"] = np.zeros_like(tensors["mean.weight"])
    tensors["log_std.bias"] = np.full_like(tensors["mean.bias"], log_std)
    return tensors


def detached(params: Params) -> Params:
    """The same numbers, not differentiated."""
    return {name: tensor.detach() for name, tensor in params.items()}


def _copied(params: Params) -> Params:
    return {name: tensor.clone() for name, tensor in params.items()}
