"""What a DDPG learner is given: samples of experience as arrays, and as tensors once they are checked."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.ddpg.networks import DdpgShape

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class Rows:
    """One sampled batch as tensors of one dtype, see `DdpgBatch`.

    Attributes:
        observation: ``[T, B, O]``.
        action: ``[T, B, A]``.
        reward: ``[T, B]``.
        next_observation: ``[T, B, O]``.
        discount: ``[T, B]``.
        share: of each row in its task's loss, ``[T, B]``: the weights over their sum, all 0 where that is 0.
    """

    observation: Tensor
    action: Tensor
    reward: Tensor
    next_observation: Tensor
    discount: Tensor
    share: Tensor

    def mean(self, per_row: Tensor) -> Tensor:
        """Weighted mean over each task's rows, ``[T, B]`` to ``[T]``."""
        return (self.share * per_row).sum(1)


@dataclass(frozen=True)
class DdpgBatch:
    """One sample of experience: T tasks with B transitions each.

    Attributes:
        observation: ``[T, B, O]``.
        action: ``[T, B, A]`` in [0, 1], as executed.
        reward: ``[T, B]``.
        next_observation: ``[T, B, O]``.
        discount: ``[T, B]`` in [0, 1], multiplied with gamma: 1 to bootstrap from the next observation (also
            over a time limit), else 0.
        weight: ``[T, B]`` >= 0. 0 masks a row, such as one of a slice without UEs; its numbers must be finite
            all the same. A task without any weight has a loss of 0.
    """

    observation: FloatArray
    action: FloatArray
    reward: FloatArray
    next_observation: FloatArray
    discount: FloatArray
    weight: FloatArray

    @property
    def tasks(self) -> int:
        """T."""
        return len(self.reward)

    def rows(self, shape: DdpgShape, tasks: int, dtype: torch.dtype) -> Rows:
        """The batch as tensors.

        Args:
            shape: of the networks.
            tasks: T that is wanted.
            dtype: of the tensors.

        Raises:
            ValueError: a shape is wrong, there is no row, or a weight is negative.
        """
        lead = (tasks, *np.shape(self.reward)[1:2])
        shapes = {
            "observation": (*lead, shape.observation_dim),
            "action": (*lead, shape.action_dim),
            "next_observation": (*lead, shape.observation_dim),
        }
        tensors = {}
        for field in fields(self):
            value = np.asarray(getattr(self, field.name))
            wanted = shapes.get(field.name, lead)
            if value.shape != wanted or value.size == 0:
                raise ValueError(
                    f"ddpg: batch {field.name} has shape {value.shape}, must be {wanted} with at least 1 row"
                )
            tensors[field.name] = torch.tensor(value, dtype=dtype)
        weight = tensors.pop("weight")
        if bool((weight < 0.0).any()):
            raise ValueError(f"ddpg: batch weight has {float(weight.min())}, must be 0 or more")
        return Rows(**tensors, share=_shares(weight))


def _shares(weight: Tensor) -> Tensor:
    total = weight.sum(1, keepdim=True)
    return weight / torch.where(total > 0.0, total, torch.ones_like(total))
