"""The shape of what the console is fed with. Lists of three are slices: eMBB, mMTC, URLLC."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from cadran.policy.catalogue import CatalogueEntry
from cadran.xapp.guard.rest import AuditLine, GuardState
from cadran.xapp.initialisation import Origin
from cadran.xapp.rest_models import RefusalModel, TargetModel
from cadran.xapp.status import LearnerStatus


class Alert(BaseModel):
    """Something that a person should know."""

    level: Literal["bad", "warn", "note"]
    du: int | None = Field(description="null: of the whole xApp")
    text: str


class Condition(BaseModel):
    """A condition of the xApp's health."""

    name: str
    reason: str | None = Field(description="why it does not hold; null: it holds")


class Cell(BaseModel):
    """The newest measurement window of a DU, as it came over E2."""

    age_s: float = Field(description="since it came")
    last_frame: int
    ues: list[float | None] = Field(description="attached UEs per slice, mean over the window")
    rbs_used: list[float | None] = Field(description="RBs transmitted on per slice, mean over the window")
    rbs_quota: list[float | None] = Field(description="most RBs that a slice could have had")
    throughput_bps: list[float | None] = Field(description="bits delivered per second, by slice")
    delay_s: list[float | None] = Field(description="age of the oldest byte waiting, mean over UEs, by slice")
    spectral_efficiency: list[float | None] = Field(description="bit/s/Hz of the UEs' channels, by slice")
    power_w: float | None = Field(description="that the radio unit consumed")
    handovers: float | None = Field(description="executed in the window")


class QualityModel(BaseModel):
    """How well a DU served its slices in the newest window of experience."""

    frames: int
    reward: float = Field(description="per frame, as the xApp computes it from KPIs")
    slices: list[float] = Field(description="quality in [0, 1]")
    met: list[float | None] = Field(description="share of frames with the target met; null: no target")


class HeldVersion(BaseModel):
    """A version that can be gone back to."""

    version: int
    created_unix_s: float
    updates: int


class PolicyState(BaseModel):
    """The policy of a DU."""

    target: TargetModel | None
    running: int | None = Field(description="version that its dApp says it runs; null: not heard of")
    delivery: str
    refusal: RefusalModel | None
    held: list[HeldVersion] = Field(description="newest first")


class DuState(BaseModel):
    """One DU."""

    du: int
    node: str | None = Field(description="id of the E2 node; null: not associated")
    cell: Cell | None = Field(description="null: no measurements")
    rbs_before: list[list[int]] = Field(description="RBs per slice of the newest windows, oldest first")
    quality: QualityModel | None = Field(description="null: too little experience since the xApp's start")
    rows_age_s: float | None = Field(description="since experience came last; null: never")
    stored: int = Field(description="transitions ever at rest")
    policy: PolicyState


class Line(BaseModel):
    """A curve."""

    seconds: list[float] = Field(description="since the curves' beginning")
    values: list[float]


class Curves(BaseModel):
    """How learning went since the xApp's start, and before it as far as is remembered, without pauses."""

    span_s: float = Field(description="from the curves' beginning to now")
    before_s: float = Field(description="of it, before the xApp's start; 0: nothing is remembered")
    reward: list[Line] = Field(description="per frame, by DU")
    critic_loss: Line
    temperature: Line = Field(description="entropy temperature, mean over DUs")
    sam_share: list[Line] = Field(description="share of updates with a sharpness-aware step, by DU")


class DuShots(BaseModel):
    """How one DU adapts."""

    du: int
    cold: bool
    start: int | None = Field(description="version of the initialisation; null: fresh networks")
    shots: int
    shots_to_95: int | None
    joined: float | None = Field(description="reward per frame before the first shot; null: not known yet")
    rewards: Line = Field(description="reward per frame by shots made, thinned; `seconds` counts shots")
    diverged: str | None


class Version(CatalogueEntry):
    """A version of the rApp's registry."""

    delivered: bool = Field(description="whether it is the newest that the rApp delivered to this xApp")


class Registry(BaseModel):
    """The rApp's registry, from its copy in Redis."""

    absent: bool = Field(description="no rApp has kept a registry here")
    trouble: str | None = Field(description="why nothing, or nothing new, can be shown; null: it can")
    seen_age_s: float | None = Field(description="since the rApp was last at work; null: not known")
    held: int
    promoted: int | None
    pinned: bool
    score: str = Field(description="what scores measure")
    versions: list[Version] = Field(description="newest first; the newest, those promoted and delivered")


class Adaptation(BaseModel):
    """How DUs adapt where decisions have two levels."""

    initialisation: Origin | None = Field(description="the newest that the rApp delivered")
    shot_frames: int
    dus: list[DuShots]
    registry: Registry


class A1Policy(BaseModel):
    """A policy of the non-RT RIC."""

    type_id: str
    policy_id: str
    asks: str = Field(description="scope and statements in short")
    status: Literal["ENFORCED", "NOT_ENFORCED"]
    reason: str | None = Field(description="null: it is enforced")
    details: str
    changed_unix_s: float = Field(description="when it was last given")


class GuardView(GuardState):
    """What the guard holds, and what it said last."""

    verdicts: dict[str, int] = Field(description="lines of the audit log since the xApp's start, by verdict")
    lines: list[AuditLine] = Field(
        description="the newest, newest first; policies of the learner that passed are left out"
    )


class ConsoleState(BaseModel):
    """All that the console shows."""

    time_s: float = Field(description="when this was said, Unix seconds")
    uptime_s: float
    learner: LearnerStatus
    conditions: list[Condition]
    alerts: list[Alert] = Field(description="the worst first")
    dus: list[DuState]
    curves: Curves
    adaptation: Adaptation | None = Field(description="null: decisions have one level")
    a1: list[A1Policy] = Field(description="policies of the non-RT RIC, oldest first")
    guard: GuardView
    e2: dict[str, int] = Field(description="counts of the E2 sessions since the xApp's start")
