"""Weights of tasks by the variance of their TD errors, arXiv 2512.13715 Eq (15)."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from cadran.learn.meta.spec import Weighting

# Variances that differ by less than this share of their mean count as equal: below it is rounding.
_LEAST_SPREAD: Final = 1e-6


def task_weights(weighting: Weighting, variance: Tensor, kappa: float, floor: float) -> Tensor:
    """omega_g = (1 - f) softmax(+-z_g / kappa) + f/N with z the standardised variances.

    The paper applies the exponential to the variances themselves, whose scale is that of the squared rewards:
    it would be all or nothing. Standardising and the floor f are ASSUMED.

    Args:
        weighting: softmin_var has a minus before z, uniform has 1/N for all.
        variance: of the tasks' TD errors, ``[N]``, >= 0.
        kappa: temperature, > 0.
        floor: f in [0, 1].

    Returns:
        ``[N]``, at least f/N each, of sum 1, without gradient.
    """
    tasks = len(variance)
    if weighting == "uniform":
        return torch.full_like(variance, 1.0 / tasks, requires_grad=False)
    known = variance.detach()
    # Relative to the mean, so that the unit of the rewards plays no part.
    relative = known / known.mean().clamp(min=torch.finfo(known.dtype).tiny)
    z = (relative - relative.mean()) / (relative.std(correction=0) + _LEAST_SPREAD)
    sign = -1.0 if weighting == "softmin_var" else 1.0
    return (1.0 - floor) * torch.softmax(sign * z / kappa, dim=0) + floor / tasks
