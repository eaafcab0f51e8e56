"""The random part of an update: noise and dropout masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cadran.learn.networks import TWINS, Masks, Shape


@dataclass(frozen=True)
class Draws:
    """What one update draws; SAM's second pass uses the same.

    Attributes:
        next_noise: standard normal for the next actions, ``[R, N, B, A]``.
        noise: standard normal for the actors' own actions, ``[R, N, B, A]``.
        actor_masks: of dropout in the actors, ``[R N, B, units]`` per hidden layer, or None.
        critic_masks: of dropout in the critics, ``[T R, N B, units]`` per hidden layer, or None.
    """

    next_noise: Tensor
    noise: Tensor
    actor_masks: Masks
    critic_masks: Masks


def draw(
    shape: Shape,
    dropout: float,
    size: int,
    generators: Sequence[torch.Generator],
    dtype: torch.dtype,
    device: str,
) -> Draws:
    """Draw for ``size`` transitions per agent, each run from its own generator on the CPU."""

    def masks(*dims: int) -> Masks:
        if dropout == 0.0:
            return None
        keep = 1.0 - dropout
        layers = []
        for units in shape.hidden:
            uniform = [torch.rand((*dims, units), generator=source, dtype=dtype) for source in generators]
            layers.append((torch.cat(uniform) < keep).to(device, dtype) / keep)
        return layers

    dims = (2, shape.agents, size, shape.action_dim)
    noise = torch.stack([torch.randn(dims, generator=source, dtype=dtype) for source in generators])
    noise = noise.to(device)
    return Draws(noise[:, 0], noise[:, 1], masks(shape.agents, size), masks(TWINS, shape.agents * size))
