"""Who takes a sharpness-aware step, with which radius: Algorithm 1 of arXiv 2511.15002, for one run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.learn.schedule import rho_at
from cadran.learn.spec import LearnerSpec

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class Gate:
    """Decisions of one update of one run.

    Attributes:
        actor_rho: radius of each actor, 0 where it is not selected, ``[N]``.
        critic_rho: radius of the critic, never gated.
        threshold: what the variances were compared with; 0 where nothing is gated.
        step_scale: share of its Adam step that each actor takes, in (0, 1], ``[N]``.
        variance_mean: running mean of the variance over agents, this update included.
    """

    actor_rho: FloatArray
    critic_rho: float
    threshold: float
    step_scale: FloatArray
    variance_mean: float


def decide(spec: LearnerSpec, variance: FloatArray, variance_mean: float, updates: int) -> Gate:
    """Select the actors whose TD errors spread at least as widely as lambda_TD.

    Args:
        spec: of the run.
        variance: unbiased variance of each agent's TD errors, ``[N]``.
        variance_mean: running mean before this update; of no account before the first one.
        updates: updates made so far.
    """
    sam = spec.sam
    decay = sam.td_var_decay if updates > 0 else 0.0
    mean = variance.dtype.type(decay * variance_mean + (1.0 - decay) * variance.mean())
    unit = mean if sam.td_var_mode == "relative" else 1.0
    threshold = float(sam.td_var_threshold * unit) if sam.gate == "td_variance" else 0.0
    selected = variance >= threshold
    scale = np.ones_like(variance)
    if spec.td_variance_lr:
        scale = np.minimum(scale, mean / np.maximum(variance, np.finfo(variance.dtype).tiny))
    return Gate(
        actor_rho=_radii(spec, variance, updates) * selected,
        critic_rho=rho_at(sam.critic_rho, sam, updates),
        threshold=threshold,
        step_scale=scale,
        variance_mean=float(mean),
    )


def _radii(spec: LearnerSpec, variance: FloatArray, updates: int) -> FloatArray:
    """Radius of each actor before selection, ``[N]``."""
    sam = spec.sam
    rho = np.full_like(variance, rho_at(sam.actor_rho, sam, updates))
    if not sam.td_scaled:
        return rho
    largest = np.maximum(variance.max(), np.finfo(variance.dtype).tiny)
    return np.asarray(sam.actor_rho.final + (rho - sam.actor_rho.final) * (variance / largest))
