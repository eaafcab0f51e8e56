"""Sharpness of the loss: the largest Hessian eigenvalue of each stacked network, by power iteration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cadran.learn.sam import network_norms, ordered_sum, scale_networks

MAX_ITERATIONS = 100
TOLERANCE = 1e-3
"""Settings of PyHessian (arXiv 1912.07145), which the sharpness literature uses."""

_NORM_EPS = 1e-12


@dataclass(frozen=True)
class Curvature:
    """Largest Hessian eigenvalues by magnitude.

    Attributes:
        critic: of each run's critics, ``[R]``.
        actor: of each actor's own loss, ``[R, N]``.
    """

    critic: NDArray[np.float64]
    actor: NDArray[np.float64]


def largest_eigenvalues(
    loss: Callable[[], Tensor], params: Sequence[Tensor], generator: torch.Generator
) -> NDArray[np.float64]:
    """Eigenvalue of largest magnitude of each network's Hessian block.

    The loss is a sum of losses of one network each, so its Hessian has a block for each network and one
    product serves all.

    Args:
        loss: a new graph of the loss at ``params``.
        params: leaves, each ``[N, ...]``.
        generator: draws the first direction, on the CPU.

    Returns:
        ``[N]``, signed: the Rayleigh quotient where it moves by less than 0.1 % from step to step at every
        network, or after 100 steps.
    """
    gradients = torch.autograd.grad(loss(), params, create_graph=True)
    direction = _unit(
        [
            torch.randn(param.shape, generator=generator, dtype=param.dtype).to(param.device)
            for param in params
        ]
    )
    values = torch.zeros(len(params[0]), dtype=params[0].dtype, device=params[0].device)
    for _ in range(MAX_ITERATIONS):
        products = torch.autograd.grad(gradients, params, direction, retain_graph=True)
        before, values = values, _dot(products, direction)
        direction = _unit(products)
        if bool(((values - before).abs() <= TOLERANCE * values.abs().clamp(min=_NORM_EPS)).all()):
            break
    return values.cpu().numpy().astype(np.float64)


def _unit(tensors: Sequence[Tensor]) -> list[Tensor]:
    return scale_networks(tensors, 1.0 / (network_norms(tensors) + _NORM_EPS))


def _dot(left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    """Inner product of each network's tensors, ``[N]``."""
    return ordered_sum([(a * b).flatten(1).sum(1) for a, b in zip(left, right, strict=True)])
