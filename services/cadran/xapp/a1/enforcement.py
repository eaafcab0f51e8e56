"""Whether a policy is enforced: what was asked for against what the DUs measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cadran.problem import ProblemSpec
from cadran.xapp.a1.effects import Standing, applies, slice_index_of
from cadran.xapp.a1.measured import MeasuredWindow, SliceMeasured
from cadran.xapp.a1.statements import DELAY, GUARANTEED, GUARANTEED_PER_UE, MAXIMUM, Said, Statement

Reason = Literal["SCOPE_NOT_APPLICABLE", "STATEMENT_NOT_APPLICABLE", "OTHER_REASON"]
_SHORTFALL = 0.05
"""Part of what was offered that may still wait or be on its way at the window's end; ASSUMED."""
_MOST_DETAILS = 1000


@dataclass(frozen=True)
class Status:
    """Enforcement status of a policy (A1AP PolicyStatusObject).

    Attributes:
        reason: Why it is not enforced; None: it is.
        details: The same for people; empty where it is enforced.
    """

    reason: Reason | None
    details: str

    @property
    def enforced(self) -> bool:
        """Whether it is."""
        return self.reason is None

    def as_object(self) -> dict[str, str]:
        """For the wire, as the status schema of the policy type says."""
        if self.reason is None:
            return {"enforceStatus": "ENFORCED"}
        return {"enforceStatus": "NOT_ENFORCED", "enforceReason": self.reason, "details": self.details}


ENFORCED = Status(None, "")


def not_enforced(reason: Reason, details: str) -> Status:
    """A policy that is not."""
    return Status(reason, details[:_MOST_DETAILS])


def standing(said: Said, spec: ProblemSpec, dus: int) -> Standing | Status:
    """What a policy can be acted on with, or why it cannot be at all; nothing of it is acted on then.

    Args:
        said: The policy.
        spec: The reward's form.
        dus: Number of DUs; a cell's NR cell identity is its DU's index.
    """
    scope = said.scope
    if scope.slice is None or scope.narrower:
        told = ", ".join(scope.narrower) or "no sliceId"
        return not_enforced("SCOPE_NOT_APPLICABLE", f"{told}: only slices at cells are told apart here")
    index = slice_index_of(*scope.slice)
    if index is None:
        return not_enforced("SCOPE_NOT_APPLICABLE", f"no slice with SST {scope.slice.sst} and this SD")
    cells = range(dus) if scope.cells is None else [cell.nci for cell in scope.cells]
    unknown = [nci for nci in cells if nci >= dus]
    if unknown:
        return not_enforced("SCOPE_NOT_APPLICABLE", f"no cell with ncI {unknown[0]}: there are 0..{dus - 1}")
    ineffective = [one.name for one in said.statements if not applies(spec, index, one)]
    if ineffective:
        text = f"{', '.join(ineffective)}: no effect on this slice under the reward '{spec.reward}'"
        return not_enforced("STATEMENT_NOT_APPLICABLE", text)
    return Standing(said, index, frozenset(cells))


def measured_status(policy: Standing, window: MeasuredWindow, plmn_of: Callable[[int], str | None]) -> Status:
    """Enforced only if every DU in scope that has UEs of the slice met every statement over the window.

    Args:
        policy: What is asked for.
        window: What was measured.
        plmn_of: PLMN of a DU's E2 node, digits; None: it is not associated.
    """
    absent = [du for du in sorted(policy.dus) if plmn_of(du) is None]
    if absent:
        return not_enforced("OTHER_REASON", f"DU {absent[0]} is not associated")
    elsewhere = _other_plmn(policy, plmn_of)
    if elsewhere is not None:
        return elsewhere
    partial = [du for du in sorted(policy.dus) if not window.full(du)]
    if partial:
        text = f"DU {partial[0]} has measured {window.seconds(partial[0]):.3g} s of the window"
        return not_enforced("OTHER_REASON", text)
    held = {du: window.of(du, policy.slice_index) for du in sorted(policy.dus)}
    if not any(one.ues > 0 for one in held.values()):
        return not_enforced("SCOPE_NOT_APPLICABLE", "no UE of the slice is attached")
    misses = [miss for du, one in held.items() if one.ues > 0 for miss in _misses(policy.said, du, one)]
    return not_enforced("OTHER_REASON", "; ".join(misses)) if misses else ENFORCED


def _other_plmn(policy: Standing, plmn_of: Callable[[int], str | None]) -> Status | None:
    """Why the scope's PLMNs are not those of its DUs; None if they are."""
    scope = policy.said.scope
    named = {du: scope.plmn for du in policy.dus}
    pairs = [*named.items(), *((cell.nci, cell.plmn) for cell in scope.cells or ())]
    for du, plmn in pairs:
        if plmn != plmn_of(du):
            text = f"PLMN {plmn} is not that of DU {du}, {plmn_of(du)}"
            return not_enforced("SCOPE_NOT_APPLICABLE", text)
    return None


def _misses(said: Said, du: int, measured: SliceMeasured) -> Iterator[str]:
    for statement in said.statements:
        miss = _miss(statement, measured)
        if miss is not None:
            yield f"DU {du}: {statement.name}: {miss}"


def _miss(statement: Statement, measured: SliceMeasured) -> str | None:
    """How a statement was missed; None if it was met."""
    value = statement.value
    if statement.meaning == DELAY:
        delay_s = measured.delay_s
        late = delay_s is not None and delay_s > value
        return f"{1e3 * delay_s:.3g} ms measured, at most {1e3 * value:.3g}" if late and delay_s else None
    if statement.meaning == MAXIMUM:
        return _above(measured.delivered_bps, value)
    if statement.meaning == GUARANTEED_PER_UE:
        value *= measured.ues
    if statement.meaning in (GUARANTEED, GUARANTEED_PER_UE):
        return _below(measured, value)
    raise ValueError(f"statement '{statement.name}' has no meaning here and was to be refused before")


def _above(delivered_bps: float, most_bps: float) -> str | None:
    if delivered_bps <= most_bps:
        return None
    return f"{delivered_bps / 1e3:.4g} kbit/s measured, at most {most_bps / 1e3:.4g}"


def _below(measured: SliceMeasured, wanted_bps: float) -> str | None:
    """A guarantee is kept as well where less was offered and (nearly) all of it was delivered."""
    due_bps = min(wanted_bps, (1.0 - _SHORTFALL) * measured.offered_bps)
    if measured.delivered_bps >= due_bps:
        return None
    return (
        f"{measured.delivered_bps / 1e3:.4g} kbit/s measured of {measured.offered_bps / 1e3:.4g} offered, at "
        f"least {wanted_bps / 1e3:.4g}"
    )
