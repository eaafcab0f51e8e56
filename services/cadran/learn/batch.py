"""What a learner is given: samples of experience as arrays, and as tensors once they are checked."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from cadran.learn.losses import Transitions
from cadran.learn.networks import Shape

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class Batch:
    """One sample of experience: N agents with B transitions each; a population's has a leading axis of runs.

    Attributes:
        observation: ``[..., N, B, O]``.
        action: ``[..., N, B, A]`` in (0, 1), as executed.
        reward: ``[..., N, B]``.
        next_observation: ``[..., N, B, O]``.
        discount: ``[..., N, B]``, 1 to bootstrap from the next observation (also over a time limit), else 0.
    """

    observation: FloatArray
    action: FloatArray
    reward: FloatArray
    next_observation: FloatArray
    discount: FloatArray

    def transitions(self, shape: Shape, runs: int, dtype: torch.dtype, device: str) -> Transitions:
        """Tensors of a population's batch.

        Raises:
            ValueError: a shape is wrong, or there are fewer than 2 transitions.
        """
        size = self.reward.shape[-1]
        lead = (runs, shape.agents, size)
        shapes = {
            "observation": (*lead, shape.observation_dim),
            "action": (*lead, shape.action_dim),
            "reward": lead,
            "next_observation": (*lead, shape.observation_dim),
            "discount": lead,
        }
        tensors = {}
        for field in fields(self):
            value = np.asarray(getattr(self, field.name))
            if value.shape != shapes[field.name] or size < 2:
                raise ValueError(
                    f"learner: batch {field.name} has shape {value.shape}, must be {shapes[field.name]} "
                    "with at least 2 transitions"
                )
            tensors[field.name] = torch.tensor(value, dtype=dtype, device=device)
        return Transitions(**tensors)
