"""One step down a gradient, of networks that are stacked and may each take a share of it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cadran.learn.adam import StackedAdam
from cadran.learn.sam import clip_networks, scale_networks


def descend(
    optimiser: StackedAdam,
    params: list[Tensor],
    gradients: Sequence[Tensor],
    l2: Tensor,
    grad_clip_norm: float,
    step_scale: Tensor | None = None,
) -> Tensor:
    """One clipped Adam step.

    Args:
        optimiser: of these parameters.
        params: of n networks, ``[n, ...]`` each; changed in place.
        gradients: of the same shapes.
        l2: pull of each run's networks towards zero, ``[R]``; R divides n.
        grad_clip_norm: largest norm of one network's gradient.
        step_scale: share of the step that each network takes, ``[n]`` in [0, 1]; None = all of it.

    Returns:
        Norm of each network's gradient before clipping, ``[n]``.
    """
    if bool(l2.any()):
        factors = l2.repeat_interleave(len(params[0]) // len(l2))
        pulls = scale_networks([param.detach() for param in params], factors)
        gradients = [gradient + pull for gradient, pull in zip(gradients, pulls, strict=True)]
    clipped, norms = clip_networks(gradients, grad_clip_norm)
    shorter = torch.empty(0, dtype=torch.int64)
    if step_scale is not None:
        shorter = (step_scale < 1.0).nonzero().squeeze(1)
    before = [param.detach()[shorter] for param in params]
    optimiser.step(clipped)
    if step_scale is not None and len(shorter) > 0:
        with torch.no_grad():
            for param, old in zip(params, before, strict=True):
                share = step_scale[shorter].view(-1, *[1] * (param.dim() - 1))
                param[shorter] = old + share * (param[shorter] - old)
    return norms
