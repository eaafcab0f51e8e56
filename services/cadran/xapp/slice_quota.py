"""Slice-level PRB quotas that a person sets on a DU over REST (E2SM-RC style 2, action 6)."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.wire.codecs import SLICES, Ratios, s_nssai_from_proto
from cadran.wire.gen.e2sm.v1 import rc_pb2
from cadran.xapp.guard.control import Decision
from cadran.xapp.guard.quota_desk import QuotaAnswer
from cadran.xapp.rest_models import SLICE_NAMES

_REASONS = {
    rc_pb2.APPLIED_REASON_AS_REQUESTED: "as_requested",
    rc_pb2.APPLIED_REASON_CLIPPED: "clipped",
    rc_pb2.APPLIED_REASON_SLICE_UNKNOWN: "slice_unknown",
    rc_pb2.APPLIED_REASON_NOT_REQUESTED: "not_requested",
}
_RATIOS: dict[str, Any] = {"dedicated_percent": 10, "min_percent": 30, "max_percent": 60}


class RatiosModel(BaseModel):
    """PRB ratios of a slice in percent, dedicated <= min <= max (3GPP TS 28.541 4.3.36)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RATIOS]})
    dedicated_percent: int = Field(description="reserved for the slice, used or not")
    min_percent: int = Field(description="guaranteed to the slice when it needs them")
    max_percent: int = Field(description="never more than these")

    @classmethod
    def of_ratios(cls, ratios: Ratios) -> RatiosModel:
        """From the guard."""
        return cls(dedicated_percent=ratios.dedicated, min_percent=ratios.minimum, max_percent=ratios.maximum)

    @classmethod
    def of(cls, policy: rc_pb2.RrmPolicyRatio) -> RatiosModel:
        """From the wire."""
        return cls(
            dedicated_percent=policy.dedicated_prb_policy_ratio,
            min_percent=policy.min_prb_policy_ratio,
            max_percent=policy.max_prb_policy_ratio,
        )


class SliceRequest(BaseModel):
    """What one slice is to get: PRB ratios in percent, dedicated <= min <= max."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sst": 1, **_RATIOS}]})
    sst: int = Field(description="slice/service type: 1 eMBB, 2 URLLC, 3 mMTC")
    dedicated_percent: int = Field(ge=0, le=100, description="reserved for the slice, used or not")
    min_percent: int = Field(ge=0, le=100, description="guaranteed to the slice when it needs them")
    max_percent: int = Field(ge=0, le=100, description="never more than these")


class SliceQuotaRequest(BaseModel):
    """Quotas of some or all slices; slices that are not named keep theirs."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"slices": [{"sst": 1, **_RATIOS}]}]}
    )
    slices: list[SliceRequest] = Field(min_length=1, max_length=len(SLICES))
    reserve_s: float = Field(
        default=5.0,
        ge=0,
        le=86_400,
        description="how long no A1 policy may change these quotas, in seconds; 0: at once",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = [slice_.sst for slice_ in SLICES]
        named = [wanted.sst for wanted in self.slices]
        unknown = [sst for sst in named if sst not in known]
        if unknown:
            raise ValueError(f"no slice with SST {unknown}: there are {known}")
        if len(set(named)) < len(named):
            raise ValueError(f"SST {named}: each slice once")
        return self

    def quotas(self) -> dict[int, Ratios]:
        """Ratios by SST. Whether they fit together is for the guard and for the DU to say."""
        return {
            wanted.sst: Ratios(wanted.dedicated_percent, wanted.min_percent, wanted.max_percent)
            for wanted in self.slices
        }


class GuardModel(BaseModel):
    """What the guard said of a control that went out."""

    verdict: str = Field(description="allowed, or clipped to A1 limits")
    cause: str = Field(description="none, limit, or taken_over from a lesser source that held a quota")
    text: str = Field(description="which limit of which policy, or who held it")

    @classmethod
    def of(cls, decision: Decision) -> GuardModel:
        """From the guard."""
        return cls(verdict=decision.verdict, cause=decision.cause, text=decision.text)


class AppliedSlice(BaseModel):
    """What became of one slice."""

    slice: str
    sst: int
    requested: RatiosModel | None = Field(description="null: the request did not name the slice")
    applied: RatiosModel = Field(description="in force from the effective frame on")
    reason: str = Field(description="as_requested, clipped, slice_unknown, not_requested or unspecified")


class SliceQuotaOutcome(BaseModel):
    """RIC control outcome: the quotas of every slice, as the DU applies them."""

    id: str
    du: int
    epoch: int = Field(description="identity of this run of the RAN")
    effective_frame: int = Field(description="first frame with these quotas")
    dapp_decides: bool = Field(
        description="a dApp decides that frame: the quotas rule only once it is silent for long enough"
    )
    guard: GuardModel
    slices: list[AppliedSlice]

    @classmethod
    def of(cls, node_id: str, du: int, asked: dict[int, Ratios], answer: QuotaAnswer) -> SliceQuotaOutcome:
        """From what was asked for and what came of it.

        Raises:
            RangeError: The node names an impossible slice.
        """
        outcome = answer.outcome
        return cls(
            id=node_id,
            du=du,
            epoch=outcome.epoch,
            effective_frame=outcome.effective_frame,
            dapp_decides=outcome.dapp_decides,
            guard=GuardModel.of(answer.decision),
            slices=[_applied(entry, asked, answer.decision) for entry in outcome.applied_ratios],
        )


def _applied(entry: rc_pb2.AppliedRatio, asked: dict[int, Ratios], decision: Decision) -> AppliedSlice:
    """What was asked of the guard beside what the DU applies; a slice that either has lowered is clipped."""
    sst = s_nssai_from_proto(entry.s_nssai).sst
    by_guard = sst in asked and decision.quotas.get(sst) != asked[sst]
    return AppliedSlice(
        slice=SLICE_NAMES.get(sst, f"SST {sst}"),
        sst=sst,
        requested=RatiosModel.of_ratios(asked[sst]) if sst in asked else None,
        applied=RatiosModel.of(entry.applied),
        reason="clipped" if by_guard else _REASONS.get(entry.reason, "unspecified"),
    )
