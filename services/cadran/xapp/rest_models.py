"""Shapes of the REST API, with an example each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from cadran.policy import NetworkMeta, PolicyMeta, TwoLevelMeta
from cadran.problem import Assignment, Quota
from cadran.problem.hierarchy import UserGrants
from cadran.wire.codecs import SLICES
from cadran.wire.kpm_samples import Sample
from cadran.xapp.courier import DeliveryState, Refusal
from cadran.xapp.inference import Decided
from cadran.xapp.policy_store import StoredVersion, Target

SLICE_NAMES = {1: "eMBB", 2: "URLLC", 3: "mMTC"}
"""Display names by SST (3GPP TS 23.501 table 5.15.2.2-1 calls SST 3 MIoT)."""


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


_TARGET = {"version": 12, "delivery": 14, "pinned": False}
_REFUSAL = {
    "version": 12,
    "delivery": 14,
    "cause": "policy/shape-mismatch",
    "text": "27 inputs, this dApp has 24",
    "final": True,
}
_VERSION = {
    "version": 12,
    "created_unix_s": 1764000000.0,
    "updates": 600,
    "effective_frame": 0,
    "sha256": "9f2c51e0" * 8,
    "size_bytes": 86016,
}
_QUOTA = {
    "kind": "slice_quota",
    "slices": [
        {"slice": "eMBB", "sst": 1, "dedicated_percent": 45, "min_percent": 45, "max_percent": 45},
        {"slice": "mMTC", "sst": 3, "dedicated_percent": 20, "min_percent": 20, "max_percent": 20},
        {"slice": "URLLC", "sst": 2, "dedicated_percent": 35, "min_percent": 35, "max_percent": 35},
    ],
}


_SUBSCRIPTION = {
    "ric_requestor_id": 1,
    "ric_instance_id": 2,
    "ran_function_id": 2,
    "received": 1200,
    "missed": 0,
}


class TargetModel(BaseModel):
    """What a DU should run."""

    model_config = _example(**_TARGET)
    version: int = Field(description="policy version")
    delivery: int = Field(description="number of the delivery; grows with each change of mind")
    pinned: bool = Field(description="true after a roll-back, until it is released")

    @classmethod
    def of(cls, target: Target) -> TargetModel:
        """From the store's form."""
        return cls(version=target.version, delivery=target.delivery, pinned=target.pinned)


class VersionModel(BaseModel):
    """One version held for a DU."""

    model_config = _example(**_VERSION)
    version: int
    created_unix_s: float = Field(description="Unix seconds")
    updates: int = Field(description="learner updates made before it was cut")
    effective_frame: int = Field(description="first frame that it may decide; 0: at once")
    sha256: str = Field(description="of the tensors, hex")
    size_bytes: int = Field(description="of the artefact")

    @classmethod
    def of(cls, stored: StoredVersion) -> VersionModel:
        """From the store's form."""
        meta = stored.meta
        return cls(
            version=meta.version,
            created_unix_s=meta.created_unix_s,
            updates=meta.updates,
            effective_frame=meta.effective_frame,
            sha256=meta.sha256,
            size_bytes=stored.size_bytes,
        )


class NetworkModel(BaseModel):
    """Shape of a policy of one level and the problem that it was trained for."""

    kind: Literal["actor"] = "actor"

    observation_dim: int
    action_dim: int
    hidden: list[int] = Field(description="widths of the hidden layers")
    activation: str
    layer_norm: bool
    problem: dict[str, str] = Field(description="names of observation, action decoding and reward")

    @classmethod
    def of(cls, meta: PolicyMeta) -> NetworkModel:
        """From an artefact's metadata."""
        return cls(
            observation_dim=meta.observation_dim,
            action_dim=meta.action_dim,
            hidden=list(meta.hidden),
            activation=meta.activation,
            layer_norm=meta.layer_norm,
            problem=dict(meta.problem),
        )


class LevelModel(BaseModel):
    """Shape of one of two actors that act as one."""

    observation_dim: int
    action_dim: int
    hidden: list[int] = Field(description="widths of the hidden layers")
    activation: str
    layer_norm: bool

    @classmethod
    def of(cls, network: NetworkMeta) -> LevelModel:
        """From an artefact's metadata."""
        return cls(
            **{**{name: getattr(network, name) for name in cls.model_fields}, "hidden": list(network.hidden)}
        )


class TwoLevelModel(BaseModel):
    """Shape of a policy of two levels and the problem that it was trained for."""

    kind: Literal["two-level"] = "two-level"
    decision_frames: int = Field(description="frames from one decision of the higher level to the next")
    higher: LevelModel
    lower: LevelModel = Field(description="acts once for each slice")
    problem: dict[str, str] = Field(description="names of observation, action decoding and reward")

    @classmethod
    def of(cls, meta: TwoLevelMeta) -> TwoLevelModel:
        """From an artefact's metadata."""
        return cls(
            decision_frames=meta.decision_frames,
            higher=LevelModel.of(meta.higher),
            lower=LevelModel.of(meta.lower),
            problem=dict(meta.problem),
        )


def network_of(meta: PolicyMeta | TwoLevelMeta) -> NetworkModel | TwoLevelModel:
    """The shape of a policy of either kind."""
    return TwoLevelModel.of(meta) if isinstance(meta, TwoLevelMeta) else NetworkModel.of(meta)


class RefusalModel(BaseModel):
    """A policy that a dApp refused."""

    model_config = _example(**_REFUSAL)
    version: int
    delivery: int
    cause: str = Field(description="group and name of the cause")
    text: str = Field(description="the dApp's words")
    final: bool = Field(description="true: not sent again until the dApp reconnects or the target changes")

    @classmethod
    def of(cls, refusal: Refusal) -> RefusalModel:
        """From the courier's form."""
        return cls(
            version=refusal.version,
            delivery=refusal.delivery,
            cause=refusal.cause.label,
            text=refusal.cause.text,
            final=refusal.final,
        )


class PolicySummary(BaseModel):
    """The policy of one DU in short."""

    model_config = _example(
        du=0, target=_TARGET, running_version=11, running_sha256="9f2c51e0" * 8, delivery="refused",
        refusal=_REFUSAL, versions_held=12,
    )  # fmt: skip
    du: int
    target: TargetModel | None = Field(description="null: no policy yet")
    running_version: int | None = Field(description="what the dApp says it runs; 0: none; null: not heard of")
    running_sha256: str = Field(
        description="of its tensors, as the dApp has them, hex; empty: none, or decisions have one level"
    )
    delivery: DeliveryState = Field(description="where the target's delivery stands")
    refusal: RefusalModel | None = Field(
        description="the newest refusal; null: none since the dApp last accepted a policy"
    )
    versions_held: int


class PolicyDetail(PolicySummary):
    """The policy of one DU, with its target version described."""

    version: VersionModel | None = Field(description="the target version")
    network: Annotated[NetworkModel | TwoLevelModel, Field(discriminator="kind")] | None = Field(
        description="of the target version"
    )


class ActionRequest(BaseModel):
    """An observation to decide on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"observation": [0.5] * 27, "version": None}]}
    )
    observation: list[FiniteFloat] = Field(
        min_length=1,
        max_length=100_000,
        description="state, then previous action; of a policy of two levels the state alone, as at an "
        "episode's start",
    )
    version: int | None = Field(default=None, ge=0, description="a version held; null: the DU's target")


class SliceQuotaModel(BaseModel):
    """PRB ratios of one slice (E2SM-RC style 2 action 6), in percent."""

    slice: str
    sst: int
    dedicated_percent: int
    min_percent: int
    max_percent: int


class QuotaDecision(BaseModel):
    """A decision as slice-level PRB quotas."""

    kind: Literal["slice_quota"] = "slice_quota"
    slices: list[SliceQuotaModel]


class AssignmentDecision(BaseModel):
    """A decision as the slice of each RB."""

    kind: Literal["rb_assignment"] = "rb_assignment"
    slices: list[str] = Field(description="names of the slices that the indices mean")
    slice_of_rb: list[int] = Field(description="index of the slice per RB; -1: unused")


class SliceGrantsModel(BaseModel):
    """Grants to the users of one slice."""

    slice: str
    sst: int
    rbs: list[int] = Field(description="of each place for a user; 0 where there is none")
    power: list[float] = Field(description="of these RBs, as a fraction of an RB's share of the full power")


class GrantsDecision(BaseModel):
    """A decision as RBs and power of each user."""

    kind: Literal["user_grants"] = "user_grants"
    slices: list[SliceGrantsModel]


class ActionResponse(BaseModel):
    """What the policy decides, by its mean."""

    model_config = _example(du=0, version=12, action=[0.61, 0.42, 0.55], decision=_QUOTA)
    du: int
    version: int
    action: list[float] = Field(description="in (0, 1)")
    decision: QuotaDecision | AssignmentDecision | GrantsDecision = Field(discriminator="kind")

    @classmethod
    def of(cls, du: int, decided: Decided) -> ActionResponse:
        """From the inference's form."""
        return cls(
            du=du,
            version=decided.version,
            action=[float(number) for number in decided.action],
            decision=_decision(decided.decision),
        )


def _decision(
    decision: Quota | Assignment | UserGrants,
) -> QuotaDecision | AssignmentDecision | GrantsDecision:
    names = [SLICE_NAMES[slice_.sst] for slice_ in SLICES]
    if isinstance(decision, Assignment):
        return AssignmentDecision(slices=names, slice_of_rb=decision.slice_of_rb.tolist())
    if isinstance(decision, UserGrants):
        users = zip(names, SLICES, decision.ue_rbs.tolist(), decision.ue_power.tolist(), strict=True)
        return GrantsDecision(
            slices=[
                SliceGrantsModel(slice=name, sst=slice_.sst, rbs=rbs, power=power)
                for name, slice_, rbs, power in users
            ]
        )
    ratios = (decision.dedicated_percent, decision.min_percent, decision.max_percent)
    columns = zip(names, SLICES, *(ratio.tolist() for ratio in ratios), strict=True)
    return QuotaDecision(
        slices=[
            SliceQuotaModel(
                slice=name, sst=slice_.sst, dedicated_percent=dedicated, min_percent=low, max_percent=high
            )
            for name, slice_, dedicated, low, high in columns
        ]
    )


class RollbackRequest(BaseModel):
    """Where to go back to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 7}]})
    version: int | None = Field(
        default=None, ge=0, description="a version held; null: the newest one older than the present target"
    )


class SubscriptionModel(BaseModel):
    """One RIC subscription of this xApp at an E2 node."""

    model_config = _example(**_SUBSCRIPTION)
    ric_requestor_id: int
    ric_instance_id: int
    ran_function_id: int
    received: int = Field(description="RIC indications that came")
    missed: int = Field(description="RIC indications that gaps in their sequence numbers show")


class NodeModel(BaseModel):
    """One E2 node (a DU) that is associated."""

    model_config = _example(
        id="00101-1-0", du=0, plmn_identity="00101", gnb_id=1, epoch=1764000000, lockstep=False,
        ran_functions=[2, 3, 4], subscriptions=[_SUBSCRIPTION],
    )  # fmt: skip
    id: str = Field(description="PLMN, gNB id and DU id of the global E2 node id")
    du: int
    plmn_identity: str
    gnb_id: int
    epoch: int = Field(description="identity of this run of the RAN")
    lockstep: bool
    ran_functions: list[int] = Field(description="RAN function ids offered and accepted")
    subscriptions: list[SubscriptionModel]


class KpiModel(BaseModel):
    """One measurement of E2SM-KPM."""

    model_config = _example(name="DRB.UEThpDl", unit="kbit/s", slice="eMBB", sst=1, value=2210.5)
    name: str
    unit: str
    slice: str | None = Field(description="null: the whole DU")
    sst: int | None
    value: float | None = Field(description="null: nothing was measured, which is not zero")

    @classmethod
    def of(cls, sample: Sample) -> KpiModel:
        """From the registry's form."""
        sst = sample.slice.sst if sample.slice is not None else None
        return cls(
            name=sample.measurement.name,
            unit=sample.measurement.unit.name,
            slice=SLICE_NAMES.get(sst, f"SST {sst}") if sst is not None else None,
            sst=sst,
            value=sample.value,
        )


class KpisModel(BaseModel):
    """The newest measurements of an E2 node."""

    id: str
    du: int
    collected_unix_s: float = Field(description="start of the window, Unix seconds")
    epoch: int
    first_frame: int
    last_frame: int
    kpis: list[KpiModel]
