"""Makes what the console shows out of what the xApp's parts hold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from cadran.policy.catalogue import Catalogue
from cadran.xapp.a1.enforcement import Status
from cadran.xapp.a1.statements import in_short
from cadran.xapp.a1.store import HeldPolicy
from cadran.xapp.adaptation_desk import DuAdaptation
from cadran.xapp.console.alerts import alerts_of
from cadran.xapp.console.curve import Point
from cadran.xapp.console.history import CURVE_POINTS, of_du, per_slice
from cadran.xapp.console.models import (
    A1Policy,
    Adaptation,
    Alert,
    Cell,
    Condition,
    ConsoleState,
    Curves,
    DuShots,
    DuState,
    GuardView,
    HeldVersion,
    Line,
    PolicyState,
    QualityModel,
    Registry,
    Version,
)
from cadran.xapp.console.parts import ConsoleParts
from cadran.xapp.console.registry import Sighting
from cadran.xapp.guard.breaker import State
from cadran.xapp.guard.rest import AuditLine, GuardDesk, guard_state
from cadran.xapp.initialisation import Origin
from cadran.xapp.kpm_board import KpmReport
from cadran.xapp.node_id import node_id
from cadran.xapp.rest_models import RefusalModel, TargetModel

_DIGITS = 4
"""Significant digits of what is drawn: more than a screen shows, and short to send."""
MOST_LINES = 8
"""Of the guard's log: what fits beside the rest."""
MOST_VERSIONS = 24
"""Of the rApp's registry: what can be looked through."""


def console_state(parts: ConsoleParts) -> ConsoleState:
    """Everything as of now."""
    now_s, status = parts.unix_s(), parts.status()
    conditions = [Condition(name=name, reason=reason) for name, reason in parts.health.conditions.items()]
    dus = [_du(parts, du, now_s, status.stored[du]) for du in range(parts.frame.dus)]
    return ConsoleState(
        time_s=now_s,
        uptime_s=now_s - parts.history.started_s,
        learner=status,
        conditions=conditions,
        alerts=[
            *_open_breakers(parts.guard),
            *alerts_of(status.alert, conditions, dus, parts.targets()),
        ],
        dus=dus,
        curves=_curves(parts, now_s),
        adaptation=_adaptation(parts, now_s),
        a1=[_a1(held, status) for held, status in parts.a1()],
        guard=_guard(parts.guard),
        e2=dict(parts.e2_totals()),
    )


def _open_breakers(desk: GuardDesk) -> list[Alert]:
    """DUs that are under their own scheduler, or would be."""
    return [
        Alert(level="bad", du=du, text=f"circuit breaker open: {line.reason}")
        for du, line in enumerate(desk.breakers.lines)
        if line.breaker.state is State.OPEN
    ]


def _guard(desk: GuardDesk) -> GuardView:
    newest = itertools.islice(desk.audit.newest, MOST_LINES)
    return GuardView(
        **guard_state(desk).model_dump(),
        verdicts=dict(desk.audit.verdicts),
        lines=[AuditLine(**line) for line in newest],
    )


def _du(parts: ConsoleParts, du: int, now_s: float, stored: int) -> DuState:
    held, node, report = parts.history.dus[du], parts.nodes().get(du), parts.board.report(du)
    came_s = held.measured_at_s
    quality = held.quality
    return DuState(
        du=du,
        node=node_id(node) if node is not None else None,
        cell=_cell(report, now_s - came_s, parts.frame.frame_s)
        if report is not None and came_s is not None
        else None,
        rbs_before=[list(window) for window in held.rbs],
        quality=None
        if quality is None
        else QualityModel(
            frames=quality.frames,
            reward=_short(quality.reward),
            slices=[_short(value) for value in quality.slices],
            met=[None if value is None else _short(value) for value in quality.met],
        ),
        rows_age_s=None if held.rows_at_s is None else round(max(now_s - held.rows_at_s, 0.0), 1),
        stored=stored,
        policy=_policy(parts, du),
    )


def _cell(report: KpmReport, age_s: float, frame_s: float) -> Cell:
    window_s = frame_s * (report.last_frame - report.first_frame + 1)
    return Cell(
        age_s=round(max(age_s, 0.0), 1),
        last_frame=report.last_frame,
        ues=_slices(report, "RRC.ConnMean"),
        rbs_used=_slices(report, "RRU.PrbUsedDl"),
        rbs_quota=_slices(report, "VS.RRU.PrbQuotaDl"),
        throughput_bps=_slices(report, "DRB.RlcSduTransmittedVolumeDL", 1e3 / window_s),
        delay_s=_slices(report, "VS.DRB.UeDelayDl", 1e-4),
        spectral_efficiency=_slices(report, "VS.CARR.MeanSeDl"),
        power_w=of_du(report, "PEE.AvgPower"),
        handovers=of_du(report, "MM.HoExeIntraSucc"),
    )


def _slices(report: KpmReport, name: str, factor: float = 1.0) -> list[float | None]:
    return [None if value is None else _short(value * factor) for value in per_slice(report, name)]


def _policy(parts: ConsoleParts, du: int) -> PolicyState:
    store, courier = parts.desk.store, parts.desk.couriers[du]
    target = store.target(du)
    held = [
        HeldVersion(
            version=stored.meta.version,
            created_unix_s=round(stored.meta.created_unix_s, 1),
            updates=stored.meta.updates,
        )
        for stored in reversed(store.versions(du))
    ]
    return PolicyState(
        target=TargetModel.of(target) if target else None,
        running=courier.running_version,
        delivery=courier.state,
        refusal=RefusalModel.of(courier.refusal) if courier.refusal else None,
        held=held,
    )


def _curves(parts: ConsoleParts, now_s: float) -> Curves:
    history = parts.history
    began_s, learning = history.began_s, history.learning()
    return Curves(
        span_s=round(now_s - began_s, 1),
        before_s=round(history.started_s - began_s, 1),
        reward=[_line(held.reward.points, 0, began_s) for held in history.dus],
        critic_loss=_line(learning, 0, began_s),
        temperature=_line(learning, 1, began_s),
        sam_share=[_line(learning, 2 + du, began_s) for du in range(parts.frame.dus)],
    )


def _line(points: Sequence[Point], index: int, began_s: float) -> Line:
    return Line(
        seconds=[round(point.time_s - began_s, 1) for point in points],
        values=[_short(point.values[index]) for point in points],
    )


def _a1(held: HeldPolicy, status: Status) -> A1Policy:
    return A1Policy(
        type_id=held.type_id,
        policy_id=held.policy_id,
        asks=in_short(held.type_id, held.policy),
        status="ENFORCED" if status.enforced else "NOT_ENFORCED",
        reason=status.reason,
        details=status.details,
        changed_unix_s=held.changed_unix_s,
    )


def _adaptation(parts: ConsoleParts, now_s: float) -> Adaptation | None:
    if parts.adaptation is None:
        return None
    status = parts.adaptation.status()
    return Adaptation(
        initialisation=status.initialisation,
        shot_frames=status.shot_frames,
        dus=[_shots(du) for du in status.dus],
        registry=_registry(parts.registry(), status.initialisation, now_s),
    )


def _registry(seen: Sighting, delivered: Origin | None, now_s: float) -> Registry:
    catalogue = seen.catalogue
    return Registry(
        absent=seen.absent,
        trouble=seen.trouble,
        seen_age_s=None if seen.seen_unix_s is None else round(max(now_s - seen.seen_unix_s, 0.0), 1),
        held=catalogue.held if catalogue else 0,
        promoted=catalogue.promoted if catalogue else None,
        pinned=catalogue is not None and catalogue.pinned,
        score=catalogue.score if catalogue else "",
        versions=_versions(catalogue, delivered) if catalogue else [],
    )


def _versions(catalogue: Catalogue, delivered: Origin | None) -> list[Version]:
    """The newest of them, and those that somebody starts from."""
    found = [
        Version(**dict(entry), delivered=delivered is not None and entry.sha256 == delivered.sha256)
        for entry in reversed(catalogue.entries)
    ]
    return [
        version
        for place, version in enumerate(found)
        if place < MOST_VERSIONS or version.delivered or version.version == catalogue.promoted
    ]


def _shots(du: DuAdaptation) -> DuShots:
    step = max(1, math.ceil(len(du.rewards) / CURVE_POINTS))
    return DuShots(
        du=du.du,
        cold=du.cold,
        start=du.start.version if du.start else None,
        shots=du.shots,
        shots_to_95=du.shots_to_95,
        joined=_short(du.rewards[0]) if du.rewards else None,
        rewards=Line(
            seconds=[float(index) for index in range(0, len(du.rewards), step)],
            values=[_short(value) for value in du.rewards[::step]],
        ),
        diverged=du.diverged,
    )


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
