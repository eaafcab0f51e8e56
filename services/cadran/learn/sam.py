"""Sharpness-aware minimisation for stacked networks (arXiv 2511.15002 Eq (11)-(12); arXiv 2010.01412).

Every tensor has the network (agent or twin) as its leading axis, and each network has its own norm and
radius: one norm over all would shrink each network's radius by about the square root of their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

_NORM_EPS = 1e-12


def network_norms(tensors: Sequence[Tensor]) -> Tensor:
    """L2 norm of each network over all its tensors.

    Args:
        tensors: each ``[N, ...]``.

    Returns:
        ``[N]``.
    """
    squares = [tensor.flatten(1).square().sum(1) for tensor in tensors]
    return torch.stack(squares).sum(0).sqrt()


def scale_networks(tensors: Sequence[Tensor], factors: Tensor) -> list[Tensor]:
    """Each network's tensors times its own factor, as new tensors.

    Args:
        tensors: each ``[N, ...]``.
        factors: ``[N]``.

    Returns:
        Tensors of the same shapes.
    """
    return [tensor * factors.view(-1, *[1] * (tensor.dim() - 1)) for tensor in tensors]


def clip_networks(gradients: Sequence[Tensor], limit: float) -> tuple[list[Tensor], Tensor]:
    """Scale down the gradient of each network whose norm exceeds the limit.

    Args:
        gradients: each ``[N, ...]``.
        limit: largest norm, > 0.

    Returns:
        The clipped gradients, and the norms before clipping ``[N]``.
    """
    norms = network_norms(gradients)
    factors = (limit / (norms + _NORM_EPS)).clamp(max=1.0)
    return scale_networks(gradients, factors), norms


def sharpness_aware(
    params: Sequence[Tensor],
    gradients: Sequence[Tensor],
    rho: Tensor,
    loss: Callable[[], Tensor],
) -> tuple[Tensor, ...]:
    """Gradient at the worst nearby point: theta_adv = theta + rho_i g_i / ||g_i||, Eq (11)-(12).

    A network with radius 0 gets back its plain gradient, bit for bit. If every radius is 0, there is no
    second pass. The parameters are restored bit for bit, in place, also when the loss raises.

    Args:
        params: leaf tensors, each ``[N, ...]``.
        gradients: of the loss at ``params``, in the same order.
        rho: radius of each network, ``[N]``, >= 0.
        loss: recomputes the loss at the present values of ``params`` with the same batch, target and noise.

    Returns:
        Gradients for the optimiser.
    """
    if not bool(rho.any()):
        return tuple(gradients)
    steps = scale_networks(gradients, rho / (network_norms(gradients) + _NORM_EPS))
    with torch.no_grad():
        saved = [param.clone() for param in params]
        torch._foreach_add_(list(params), steps)
    try:
        sharp = torch.autograd.grad(loss(), list(params))
    finally:
        with torch.no_grad():
            torch._foreach_copy_(list(params), saved)
    return tuple(sharp)
