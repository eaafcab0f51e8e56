"""The scenario's `clock` section: how frames are paced, and what happens to late decisions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ClockSpec(BaseModel):
    """Pace of the loop between the DU, its dApp and the xApp."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lockstep: bool = Field(
        default=False,
        description="Frame f runs only after the reports up to frame f - 1 - push_delay_frames are "
        "acknowledged, so that a run repeats exactly.",
    )
    push_delay_frames: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="With lockstep: a policy computed when frame f is complete acts from "
        "f + 1 + push_delay_frames [frames]; at least 1, because the indication of f + 1 completes f.",
    )
    max_decision_age_frames: int = Field(
        default=10,
        ge=0,
        le=100_000,
        description="A silent dApp's last valid decision is applied again for this long [frames]; after that "
        "the DU schedules by proportional fair inside the SLA shares.",
    )
    decision_timeout_s: float = Field(
        default=1.0,
        gt=0.0,
        le=60.0,
        allow_inf_nan=False,
        description="With pace fast: how long the DU waits for a decision before it goes on without it [s].",
    )
    start_timeout_s: float = Field(
        default=60.0,
        gt=0.0,
        le=3600.0,
        allow_inf_nan=False,
        description="How long the first frame waits for all dApps and the xApp to associate [s].",
    )
    deterministic_every: int = Field(
        default=5,
        ge=0,
        le=1_000_000,
        description="Every n-th episode the dApps act by the policy's mean, so that both returns are logged "
        "[episodes]; 0 = never.",
    )
