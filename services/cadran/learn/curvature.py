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
    loss: Callable[[], Tensor], params: Sequence[Tensor], generators: Sequence[torch.Generator]
) -> NDArray[np.float64]:
    """Eigenvalue of largest magnitude of each network's Hessian block.

    The loss is a sum of losses of one network each, so its Hessian has a block for each network and one
    product serves all. A network that has settled is left there, so none depends on the others.

    Args:
        loss: a new graph of the loss at ``params``.
        params: leaves, each ``[R n, ...]``, the n networks of a run side by side.
        generators: draw the first directions of each of R runs, on the CPU.

    Returns:
        ``[R n]``, signed: the Rayleigh quotient once it moves by less than 0.1 % in a step, or after 100.
    """
    gradients = torch.autograd.grad(loss(), params, create_graph=True)
    direction = _unit([_directions(param, generators) for param in params])
    values = torch.zeros(len(params[0]), dtype=params[0].dtype, device=params[0].device)
    moving = torch.ones_like(values, dtype=torch.bool)
    for _ in range(MAX_ITERATIONS):
        products = torch.autograd.grad(gradients, params, direction, retain_graph=True)
        before, values = values, torch.where(moving, _dot(products, direction), values)
        direction = _unit(products)
        moving &= (values - before).abs() > TOLERANCE * values.abs()
        if not bool(moving.any()):
            break
    return values.cpu().numpy().astype(np.float64)


def _directions(param: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    dims = (len(param) // len(generators), *param.shape[1:])
    drawn = [torch.randn(dims, generator=generator, dtype=param.dtype) for generator in generators]
    return torch.cat(drawn).to(param.device)


def _unit(tensors: Sequence[Tensor]) -> list[Tensor]:
    return scale_networks(tensors, 1.0 / (network_norms(tensors) + _NORM_EPS))


def _dot(left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    """Inner product of each network's tensors, ``[N]``."""
    return ordered_sum([(a * b).flatten(1).sum(1) for a, b in zip(left, right, strict=True)])
