"""Sharpness-aware minimisation for stacked networks (arXiv 2511.15002 Eq (11)-(12); arXiv 2010.01412).

Every tensor has the network (agent or twin) as its leading axis, and each network has its own norm and
radius: one norm over all would shrink each network's radius by about the square root of their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from cadran.learn.networks import Params

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


def clip_networks(gradients: Sequence[Tensor], limit: float) -> tuple[Sequence[Tensor], Tensor]:
    """Scale down the gradient of each network whose norm exceeds the limit.

    Args:
        gradients: each ``[N, ...]``.
        limit: largest norm, > 0.

    Returns:
        The clipped gradients, and the norms before clipping ``[N]``.
    """
    norms = network_norms(gradients)
    factors = (limit / (norms + _NORM_EPS)).clamp(max=1.0)
    if bool((factors == 1.0).all()):
        return gradients, norms
    return scale_networks(gradients, factors), norms


def sharpness_aware(
    params: Params,
    gradients: Sequence[Tensor],
    rho: Tensor,
    loss: Callable[[Params, Tensor], Tensor],
) -> Sequence[Tensor]:
    """Gradient at the worst nearby point: theta_adv = theta + rho_i g_i / ||g_i||, Eq (11)-(12).

    The worst point is a copy, made only of networks with a radius above 0: ``params`` are never touched, so
    there is nothing to restore, and every other network gets back its plain gradient bit for bit. If every
    radius is 0, there is no second pass.

    Args:
        params: by name, each ``[N, ...]``.
        gradients: of the loss at ``params``, in the same order.
        rho: radius of each network, ``[N]``, >= 0.
        loss: of (networks ``[n, ...]``, which ones as int64 ``[n]``), the sum of their own losses, with the
            batch, target and noise of the first pass.

    Returns:
        Gradients for the optimiser, each ``[N, ...]``.
    """
    chosen = rho.nonzero().squeeze(1)
    if chosen.numel() == 0:
        return gradients
    own = [gradient[chosen] for gradient in gradients]
    steps = scale_networks(own, rho[chosen] / (network_norms(own) + _NORM_EPS))
    worst = {
        name: (param.detach()[chosen] + step).requires_grad_()
        for (name, param), step in zip(params.items(), steps, strict=True)
    }
    sharp = torch.autograd.grad(loss(worst, chosen), list(worst.values()))
    return [gradient.index_copy(0, chosen, other) for gradient, other in zip(gradients, sharp, strict=True)]
