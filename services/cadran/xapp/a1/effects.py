"""What statements change: the thresholds that the reward is computed with, DU by DU.

A statement has an effect here, or its policy is not enforced: nothing is accepted and then ignored.
Throughputs also bound PRB ratios (see `bounds`); delays only move thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cadran.problem import Frame, ProblemSpec
from cadran.problem.measurements import EMBB, MMTC, URLLC
from cadran.problem.reward import budget_rungs
from cadran.wire.codecs import SLICES
from cadran.xapp.a1.statements import DELAY, GUARANTEED, GUARANTEED_PER_UE, Said, Statement

_DELAYS = {EMBB: "embb_delay_s", MMTC: "mmtc_deadline_s", URLLC: "urllc_budget_s"}
"""Delay of each slice at which `delivered` finds half of the quality."""


@dataclass(frozen=True)
class Standing:
    """A policy whose scope and statements can be acted on.

    Attributes:
        said: What it says.
        slice_index: Position of its slice in the order of slices.
        dus: DUs that it is about.
    """

    said: Said
    slice_index: int
    dus: frozenset[int]


def applies(spec: ProblemSpec, slice_index: int, statement: Statement) -> bool:
    """Whether a statement about a slice has any effect under this reward."""
    if statement.meaning is None:
        return False
    return statement.meaning != DELAY or spec.reward == "delivered" or slice_index == URLLC


def thresholds(spec: ProblemSpec, frame: Frame, policies: Sequence[Standing]) -> tuple[ProblemSpec, ...]:
    """What the reward of each DU is computed with while these policies stand.

    Args:
        spec: The scenario's own.
        frame: Facts of the RAN.
        policies: They do not contradict each other.
    """
    specs = [spec] * frame.dus
    for policy in policies:
        for du in policy.dus:
            specs[du] = _changed(specs[du], frame, du, policy)
    return tuple(specs)


def _changed(spec: ProblemSpec, frame: Frame, du: int, policy: Standing) -> ProblemSpec:
    if spec.reward == "delivered":
        return _delivered(spec, frame, du, policy)
    return _eq8(spec, policy)


def _delivered(spec: ProblemSpec, frame: Frame, du: int, policy: Standing) -> ProblemSpec:
    delay_s = policy.said.value(DELAY)
    if delay_s is None:
        return spec
    numbers = spec.delivered
    if policy.slice_index == URLLC:
        # A DU's budget is the common one times its rung's factor: what is asked for is the DU's own.
        rung = float(budget_rungs(frame.dus)[du])
        delay_s /= float(np.exp(rung * np.log1p(numbers.budget_spread)))
    changed = numbers.model_copy(update={_DELAYS[policy.slice_index]: delay_s})
    return spec.model_copy(update={"delivered": changed})


def _eq8(spec: ProblemSpec, policy: Standing) -> ProblemSpec:
    index, said, numbers = policy.slice_index, policy.said, spec.eq8
    update: dict[str, object] = {}
    delay_s, guaranteed = said.value(DELAY), said.value(GUARANTEED)
    if delay_s is not None and index == URLLC:
        update["latency_target_s"] = delay_s
    if guaranteed is not None and index != URLLC:
        update["rate_target_bps"] = _replaced(numbers.rate_target_bps, index, guaranteed)
    per_ue = said.value(GUARANTEED_PER_UE)
    if per_ue is not None:
        update["ue_rate_bps"] = _replaced(numbers.ue_rate_bps, index, per_ue)
    return spec.model_copy(update={"eq8": numbers.model_copy(update=update)})


def _replaced(values: Sequence[float], index: int, value: float) -> tuple[float, ...]:
    return (*values[:index], value, *values[index + 1 :])


def slice_index_of(sst: int, sd: int | None) -> int | None:
    """Position of an S-NSSAI in the order of slices; None: there is no such slice."""
    return SLICES.index((sst, sd)) if (sst, sd) in SLICES else None
