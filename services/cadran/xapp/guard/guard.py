"""The guard: every control that the xApp sends passes here first, and leaves a line in the audit log.

In this order: are the values possible (``sanity``), does the source ask too often (``rate``), does another
source hold the parameter (``reserved``, or ``taken_over`` from a lesser one), do A1 limits allow it
(``limit``). Direct conflicts only: same DU, same parameter, same slice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from cadran.wire.causes import RangeError
from cadran.wire.codecs import SLICES, Ratios, ratios_from_proto, ratios_to_proto
from cadran.wire.gen.e2sm.v1 import rc_pb2
from cadran.xapp.guard.control import Control, Decision, Event, Source, SourceKind
from cadran.xapp.guard.limits import Limits
from cadran.xapp.guard.rate import RateSpec, TokenBuckets
from cadran.xapp.guard.reservations import POLICY, Parameter, Reservation, Reservations, said

BeyondLimits = Literal["clip", "refuse"]
_BY_SST = {slice_.sst: slice_ for slice_ in SLICES}


@dataclass(frozen=True)
class GuardSpec:
    """Choices of the guard.

    Attributes:
        beyond_limits: What becomes of quotas beyond A1 limits.
        rate: Controls of one source to one DU.
        learner_is_paced: Whether `rate` holds for the learner too; in lock-step, where its pace is the
            frames' and a wall clock would make runs differ, it does not.
    """

    beyond_limits: BeyondLimits
    rate: RateSpec
    learner_is_paced: bool


class Guard:
    """Judges controls; used from one event loop, and never waits.

    Args:
        spec: Choices.
        limits: What A1 policies allow.
        tell: Takes each event, for the audit log and for metrics.
        now_s: Monotonic seconds.
        unix_s: Wall clock.
    """

    def __init__(
        self,
        spec: GuardSpec,
        limits: Limits,
        tell: Callable[[Event], None],
        now_s: Callable[[], float],
        unix_s: Callable[[], float],
    ) -> None:
        self.limits = limits
        self._spec = spec
        self._tell = tell
        self._now_s = now_s
        self._unix_s = unix_s
        self._reservations = Reservations()
        self._buckets = TokenBuckets(spec.rate)

    # ------------------------------------------------------------------------------------- quotas

    def quotas(self, source: Source, du: int, asked: Mapping[int, Ratios], reserve_s: float) -> Decision:
        """Judge slice quotas.

        Args:
            source: Who asks.
            du: Of which DU.
            asked: PRB ratios by SST.
            reserve_s: How long the source wants to hold them if they may go out; 0: not at all.
        """
        decision = self._judged_quotas(source, du, asked, reserve_s)
        values: dict[str, Any] = {"asked": _told(asked)}
        if decision.verdict == "clipped":
            values["sent"] = _told(decision.quotas)
        self._record(source, du, "slice_quota", decision, values)
        return decision

    def _judged_quotas(
        self, source: Source, du: int, asked: Mapping[int, Ratios], reserve_s: float
    ) -> Decision:
        try:
            ratios_from_proto(to_policies(asked))
        except (RangeError, KeyError) as error:
            return Decision("refused", "sanity", str(error))
        parameters: list[Parameter] = [("slice_quota", sst) for sst in asked]
        barred, taken = self._barred(source, du, parameters)
        if barred is not None:
            return barred
        decision = self._within_limits(du, asked)
        if not decision.refused:
            self._reservations.hold(source, du, parameters, reserve_s, self._now_s())
            decision = _from_lesser(decision, taken)
        return decision

    def _within_limits(self, du: int, asked: Mapping[int, Ratios]) -> Decision:
        sent = {sst: _clipped(ratios, *self._bounds(du, sst)) for sst, ratios in asked.items()}
        changed = [sst for sst in asked if sent[sst] != asked[sst]]
        if not changed:
            return Decision("allowed", quotas=dict(asked))
        text = "; ".join(self._limit_text(du, sst) for sst in changed)
        total = sum(ratios.minimum for ratios in sent.values())
        if self._spec.beyond_limits == "refuse":
            return Decision("refused", "limit", text)
        if total > 100:
            return Decision("refused", "limit", f"{text}; with these, min ratios sum to {total} %")
        return Decision("clipped", "limit", text, sent)

    def _bounds(self, du: int, sst: int) -> tuple[int, int]:
        limit = self.limits.of(du, sst)
        return limit.floor_percent, limit.ceiling_percent

    def _limit_text(self, du: int, sst: int) -> str:
        limit = self.limits.of(du, sst)
        return f"SST {sst}: {limit.floor_percent}..{limit.ceiling_percent} % by {limit.origin}"

    def free_quotas(self, du: int, ssts: Iterable[int]) -> None:
        """Quotas that were to be held could not be set: nobody holds them."""
        for sst in ssts:
            self._reservations.release(du, ("slice_quota", sst))

    # ------------------------------------------------------------------------------------- policies

    def policy(self, source: Source, du: int, version: int | None, reserve: bool) -> Decision:
        """Judge the delivery of a policy.

        Args:
            source: Who wants it.
            du: To which DU.
            version: Which one; None: the one before.
            reserve: Whether the source holds the DU's policy from now on, until `release`.
        """
        barred, taken = self._barred(source, du, [POLICY])
        decision = barred or _from_lesser(Decision("allowed"), taken)
        if reserve and not decision.refused:
            self._reservations.hold(source, du, [POLICY], math.inf, self._now_s())
        self._record(source, du, "policy", decision, {"version": version})
        return decision

    def pinned(self, source: Source, du: int) -> None:
        """The source holds the DU's policy since an earlier life of the xApp."""
        self._reservations.hold(source, du, [POLICY], math.inf, self._now_s())

    def release(self, source: Source, du: int) -> None:
        """The DU's policy is held no more."""
        self._reservations.release(du, POLICY)
        self._record(source, du, "policy", Decision("allowed"), {"released": True})

    # ------------------------------------------------------------------------------------- both

    def _barred(
        self, source: Source, du: int, parameters: Iterable[Parameter]
    ) -> tuple[Decision | None, list[Reservation]]:
        """Why the source may not now, or None and the reservations that it takes over."""
        now_s = self._now_s()
        if source.kind is not SourceKind.LEARNER or self._spec.learner_is_paced:
            wait_s = self._buckets.take((source, du), now_s)
            if wait_s > 0:
                rate = self._spec.rate
                text = f"{source} controls DU {du} too often: {rate.per_s:g} per s, {rate.burst} at once"
                return Decision("refused", "rate", text, retry_after_s=wait_s), []
        held = self._reservations.against(source, du, parameters, now_s)
        firm = [one for one in held if one.holder.kind.rank >= source.kind.rank]
        if not firm:
            return None, held
        after_s = max(one.until_s for one in firm) - now_s
        text = "; ".join(said(one, now_s) for one in firm)
        wait_s = 0.0 if math.isinf(after_s) else after_s
        return Decision("refused", "reserved", f"DU {du}: {text}", retry_after_s=wait_s), []

    def outcome(self, source: Source, du: int, control: Control, failure: str | None) -> None:
        """What came of a control that might go out; None: it was applied."""
        verdict = "applied" if failure is None else "failed"
        self._note(source, du, control, verdict, "none", failure or "", {})

    @property
    def reservations(self) -> tuple[tuple[Reservation, float], ...]:
        """Reservations in force and the seconds that each has left."""
        now_s = self._now_s()
        return tuple((one, one.until_s - now_s) for one in self._reservations.now(now_s))

    def _record(
        self, source: Source, du: int, control: Control, decision: Decision, values: Mapping[str, Any]
    ) -> None:
        self._note(source, du, control, decision.verdict, decision.cause, decision.text, values)

    def _note(
        self,
        source: Source,
        du: int,
        control: Control,
        verdict: str,
        cause: str,
        text: str,
        values: Mapping[str, Any],
    ) -> None:
        kind, name = source.kind.value, source.name
        self._tell(Event(self._unix_s(), du, kind, name, control, verdict, cause, text, values))


def to_policies(quotas: Mapping[int, Ratios]) -> list[rc_pb2.RrmPolicyRatio]:
    """Quotas by SST for the wire. Raises `KeyError` for a slice that there is not."""
    return [ratios_to_proto(ratios, _BY_SST[sst]) for sst, ratios in quotas.items()]


def _clipped(ratios: Ratios, floor: int, ceiling: int) -> Ratios:
    """The nearest ratios whose minimum is at or above the floor and whose maximum is below the ceiling."""
    maximum = min(max(ratios.maximum, floor), ceiling)
    minimum = min(max(ratios.minimum, floor), maximum)
    return Ratios(min(ratios.dedicated, minimum), minimum, maximum)


def _from_lesser(decision: Decision, taken: list[Reservation]) -> Decision:
    """A decision that says from whom the source takes a parameter over; a clipped one keeps its cause."""
    if not taken:
        return decision
    holders = ", ".join(sorted({str(one.holder) for one in taken}))
    text = f"taken over from {holders}"
    if decision.verdict == "clipped":
        return replace(decision, text=f"{decision.text}; {text}")
    return replace(decision, cause="taken_over", text=text)


def _told(quotas: Mapping[int, Ratios]) -> dict[str, list[int]]:
    """By SST: dedicated, min and max in percent."""
    return {str(sst): list(ratios) for sst, ratios in quotas.items()}
