"""What a person should look at, found in what the console shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cadran.xapp.console.models import Alert, Condition, DuState
from cadran.xapp.console.targets import Target
from cadran.xapp.rest_models import SLICE_NAMES

_SILENT_S = 10.0
"""An associated DU that has sent nothing for so long is worth a look: ten reporting periods."""
_LEVELS = ("bad", "warn", "note")
_NAMES = tuple(SLICE_NAMES[sst] for sst in (1, 3, 2))


def alerts_of(
    learner_alert: str | None,
    conditions: Sequence[Condition],
    dus: Sequence[DuState],
    targets: Sequence[Sequence[Target]],
) -> list[Alert]:
    """All alerts, the worst first, then by DU."""
    found = [*_of_xapp(learner_alert, conditions)]
    for du, wanted in zip(dus, targets, strict=True):
        found += [*_of_du(du), *_of_quality(du, wanted)]
    return sorted(found, key=lambda alert: _LEVELS.index(alert.level))


def _of_xapp(learner_alert: str | None, conditions: Sequence[Condition]) -> Iterator[Alert]:
    if learner_alert is not None:
        yield Alert(level="bad", du=None, text=learner_alert)
    for condition in conditions:
        if condition.reason is not None:
            yield Alert(level="bad", du=None, text=f"{condition.name}: {condition.reason}")


def _of_du(state: DuState) -> Iterator[Alert]:
    du, policy = state.du, state.policy
    if state.node is None:
        yield Alert(level="warn", du=du, text="no E2 association")
    elif state.cell is not None and state.cell.age_s > _SILENT_S:
        yield Alert(level="warn", du=du, text=f"no measurements for {state.cell.age_s:.0f} s")
    if state.node is not None and state.rows_age_s is not None and state.rows_age_s > _SILENT_S:
        yield Alert(level="warn", du=du, text=f"no experience for {state.rows_age_s:.0f} s")
    if policy.refusal is not None:
        text = f"policy {policy.refusal.version} refused: {policy.refusal.cause}: {policy.refusal.text}"
        yield Alert(level="bad", du=du, text=text)
    if policy.target is not None and policy.target.pinned:
        yield Alert(level="note", du=du, text=f"pinned to version {policy.target.version} by a roll-back")


def _of_quality(state: DuState, targets: Sequence[Target]) -> Iterator[Alert]:
    if state.quality is None or state.rows_age_s is None or state.rows_age_s > _SILENT_S:
        return
    slices = zip(_NAMES, state.quality.slices, targets, strict=True)
    missed = [
        f"{name} {quality:.2f} of {target.quality:.2f}"
        for name, quality, target in slices
        if target.quality is not None and quality < target.quality
    ]
    if missed:
        yield Alert(level="warn", du=state.du, text=f"quality below target: {', '.join(missed)}")
