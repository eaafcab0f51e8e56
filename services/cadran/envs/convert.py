"""Between the radio's arrays and the problem's types; the RAN simulator and the lab convert alike."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem import SLICES, Assignment, Frame, Measurements, Problem, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserGrants, UserMeasurements
from cadran.radio import Decisions, Kpis, World, assignment, beside, grants, quotas


def frame_of(world: World) -> Frame:
    """The facts of a world that a problem depends on."""
    return Frame(
        rbs=world.rbs,
        slices=SLICES,
        ues_per_slice=world.max_ues_per_slice,
        frame_s=world.frame_s,
        rb_bandwidth_hz=world.rb_bandwidth_hz,
        total_ues=world.ues,
        dus=world.dus,
    )


def problem_of(world: World, spec: ProblemSpec) -> Problem:
    """The decision problem of a DU of this world.

    Raises:
        ValueError: The reward needs a KPI that the world does not compute, or the action RBs that it does not
            grant one by one.
    """
    if spec.needs_achievable_rate and not world.kpis.achievable_rate:
        raise ValueError(
            "problem.reward: eq8 needs the achievable rate, set world.kpis.achievable_rate: true or "
            "problem.eq8.rate: delivered"
        )
    if spec.action == "rb_bits" and world.mac.allocation != "per_rb":
        raise ValueError("problem.action: rb_bits decides RB by RB, set world.mac.allocation: per_rb")
    return Problem(spec, frame_of(world))


def hierarchical_problem_of(world: World, spec: ProblemSpec, hierarchy: HierarchySpec) -> HierarchicalProblem:
    """The decision problem of a DU of this world under two levels.

    Raises:
        ValueError: As for `problem_of`; or the world's MAC cannot give a user single RBs, or its link cannot
            give them a power.
    """
    if world.mac.allocation != "per_rb":
        raise ValueError("hierarchy: users are granted single RBs, set world.mac.allocation: per_rb")
    if world.link.adaptation != "shannon":
        raise ValueError("hierarchy: RBs have powers of their own, set world.link.adaptation: shannon")
    return HierarchicalProblem(hierarchy, problem_of(world, spec))


def to_measurements(kpis: Kpis) -> Measurements:
    """KPIs of the last frame as measurements ``[E, C, ...]``, copied: the radio overwrites its arrays."""
    return Measurements(**{field.name: getattr(kpis, field.name).copy() for field in fields(Measurements)})


def to_user_measurements(kpis: Kpis, decision: UserGrants | Quota | Assignment | None) -> UserMeasurements:
    """KPIs of users in the last frame as measurements ``[E, C, ...]``, copied as those of slices are.

    Args:
        kpis: Of the frame.
        decision: What was applied in it, ``[E, C, ...]``; one that gives users no power uses full power.
            None: nothing was, an episode has just begun.
    """
    return UserMeasurements(
        arrived_bytes=kpis.ue_arrived_bytes.copy(),
        delivered_bytes=kpis.ue_delivered_bytes.copy(),
        queued_bytes=kpis.ue_queued_bytes.copy(),
        mean_se=np.nan_to_num(kpis.ue_mean_se, nan=0.0),
        rbs=kpis.ue_rbs.copy(),
        power=mean_power(kpis.rbs_quota, decision),
    )


def mean_power(
    rbs_quota: NDArray[np.integer[Any]], decision: UserGrants | Quota | Assignment | None
) -> NDArray[np.float32]:
    """Mean power of each slice's RBs in a frame, float32 ``[..., S]``; 0 where it had none.

    Args:
        rbs_quota: Most RBs that the slice could have had in it, ``[..., S]``.
        decision: As of `to_user_measurements`, ``[...]``.
    """
    if isinstance(decision, UserGrants):
        return decision.mean_power
    if decision is None:
        return np.zeros(rbs_quota.shape, dtype=np.float32)
    return (rbs_quota > 0).astype(np.float32)


def to_decisions(decision: UserGrants | Quota | Assignment, rbs: int) -> Decisions:
    """What the MAC applies for a decision.

    Args:
        decision: Batched ``[E, C, ...]``.
        rbs: RBs of a DU, K.
    """
    if isinstance(decision, UserGrants):
        return grants(decision.ue_rbs, decision.ue_power, rbs)
    if isinstance(decision, Assignment):
        return assignment(decision.slice_of_rb)
    return quotas(*decision.rbs(rbs), rbs)


def with_du(decisions: Decisions, du: int, own: Decisions) -> Decisions:
    """A copy of decisions ``[E, C, ...]`` in which one DU's are those of ``own`` ``[E, 1, ...]``."""
    return beside([_of_dus(decisions, slice(du)), own, _of_dus(decisions, slice(du + 1, None))])


def _of_dus(decisions: Decisions, chosen: slice) -> Decisions:
    arrays: list[NDArray[Any]] = [np.asarray(array)[:, chosen] for array in decisions]
    return Decisions(*arrays)
