"""Sharpness-aware minimisation for stacked networks (arXiv 2511.15002 Eq (11)-(12); arXiv 2010.01412).

Every tensor has the network (agent or twin) as its leading axis, and each network has its own norm and
radius: one norm over all would shrink each network's radius by about the square root of their number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

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
    return ordered_sum([tensor.flatten(1).square().sum(1) for tensor in tensors]).sqrt()


def ordered_sum(parts: Sequence[Tensor]) -> Tensor:
    """Sum added part by part: torch's reductions choose their order by the number of networks."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


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
    perturbed: Collection[str] | None = None,
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
        perturbed: names of the tensors that move to the worst point, and whose norm counts; None = all.

    Returns:
        Gradients for the optimiser, each ``[N, ...]``.
    """
    chosen = rho.nonzero().squeeze(1)
    if chosen.numel() == 0:
        return gradients
    own = {
        name: gradient[chosen]
        for name, gradient in zip(params, gradients, strict=True)
        if perturbed is None or name in perturbed
    }
    factors = rho[chosen] / (network_norms(list(own.values())) + _NORM_EPS)
    steps = dict(zip(own, scale_networks(list(own.values()), factors), strict=True))
    worst = {}
    for name, param in params.items():
        here = param.detach()[chosen]
        worst[name] = (here + steps[name] if name in steps else here).requires_grad_()
    sharp = torch.autograd.grad(loss(worst, chosen), list(worst.values()))
    return [gradient.index_copy(0, chosen, other) for gradient, other in zip(gradients, sharp, strict=True)]
