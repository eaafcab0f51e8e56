"""What quality each slice of each DU should have, as the scenario's reward judges it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cadran.problem import DeliveredSpec, Eq8Spec, Frame, ProblemSpec


@dataclass(frozen=True)
class Target:
    """The target of one slice at one DU.

    Attributes:
        quality: On the scale of the slice's quality, in [0, 1]; None where the reward names no bound.
        text: The bound in its own unit.
    """

    quality: float | None
    text: str


Targets = tuple[tuple[Target, ...], ...]
"""By DU and slice."""


def targets_of(spec: ProblemSpec, frame: Frame) -> Targets:
    """Targets of all DUs; slices in the order eMBB, mMTC, URLLC."""
    if spec.reward == "delivered":
        return tuple(_delivered(spec.delivered, du, frame.dus) for du in range(frame.dus))
    return (_eq8(spec.eq8),) * frame.dus


def targets_of_each(specs: Sequence[ProblemSpec], frame: Frame) -> Targets:
    """Targets of DUs of which each is judged by numbers of its own."""
    return tuple(targets_of(spec, frame)[du] for du, spec in enumerate(specs))


def qualities(targets: Targets) -> tuple[tuple[float | None, ...], ...]:
    """Of targets, by DU and slice."""
    return tuple(tuple(target.quality for target in slices) for slices in targets)


def _delivered(spec: DeliveredSpec, du: int, dus: int) -> tuple[Target, ...]:
    """Quality is one half where a UE's delay is that of the slice."""
    rung = 2 * du / (dus - 1) - 1 if dus > 1 else 0.0
    budget_s = spec.urllc_budget_s * math.exp(rung * math.log1p(spec.budget_spread))
    delays = (spec.embb_delay_s, spec.mmtc_deadline_s, budget_s)
    return tuple(Target(0.5, f"delay ≤ {1e3 * delay_s:.3g} ms") for delay_s in delays)


def _eq8(spec: Eq8Spec) -> tuple[Target, ...]:
    """Bounds of Section VI.E of arXiv 2511.15002; Eq (6) mixes its KPIs and has no bound."""
    literal = spec.quality == "section_vi"
    rates = zip(spec.rate_target_bps, spec.rate_full_bps[:2], strict=True)
    found = [
        Target(min(rate / full, 1.0) if literal else None, f"rate ≥ {rate / 1e6:.3g} Mbit/s")
        for rate, full in rates
    ]
    latency = max(0.0, 1.0 - spec.latency_target_s / spec.latency_full_s)
    text = f"latency ≤ {1e3 * spec.latency_target_s:.3g} ms"
    return (*found, Target(latency if literal else None, text))
