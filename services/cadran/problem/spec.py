"""The `problem` section of a scenario: which observation, action and reward, and every number in them.

Equation numbers are those of arXiv 2511.15002. A value that the paper does not give is marked ASSUMED with
the reason. Triples are in slice order eMBB, mMTC, URLLC.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Triple = tuple[NonNegative, NonNegative, NonNegative]
PositiveTriple = tuple[Positive, Positive, Positive]


class Section(BaseModel):
    """Part of a scenario: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DemandSpec(Section):
    """Scales of the `demand` observation: each entry stays within about [0, 2].

    ASSUMED throughout: scales only condition the networks' inputs; they were chosen from the ranges that the
    demo world shows.
    """

    ues_scale: Positive = Field(20.0, description="UEs of a slice at a DU that count as 1")
    se_scale: Positive = Field(4.0, description="mean spectral efficiency that counts as 1, in bit/s/Hz")
    rbs_cap: Positive = Field(2.0, description="largest need reported, in multiples of the DU's RBs")
    bytes_unit: Positive = Field(
        100.0, description="bytes below which a volume counts as small: log(1 + x/unit)"
    )
    log_scale: Positive = Field(5.0, description="natural logarithm of a volume that counts as 1")


class RichSpec(Section):
    """Scales of what the `rich` observation adds to `demand`, which scales the rest."""

    delay_s: PositiveTriple = Field(
        (0.100, 0.060, 0.005),
        description="delay x of a slice that counts as one half, x/(x + this), in seconds; ASSUMED: where "
        "quality of `delivered` is one half",
    )


class DeliveredSpec(Section):
    """Reward `delivered`: weighted quality of the traffic really delivered, in [0, 1].

    ASSUMED as a whole: Eq (8) is nearly flat in its utility, and its mMTC target cannot be met together with
    the rest, so this form is the practical one. Weights are the paper's priorities (Section IV.B).
    """

    weights: Triple = Field((1.0, 0.5, 2.0), description="priority of each slice; divided by their sum")
    embb_delay_s: Positive = Field(0.100, description="eMBB delay that halves a UE's quality, in seconds")
    mmtc_deadline_s: Positive = Field(0.060, description="mMTC delay at quality one half, in seconds")
    mmtc_softness_s: Positive = Field(0.015, description="width of the mMTC deadline, in seconds")
    urllc_budget_s: Positive = Field(0.005, description="URLLC latency at quality one half, in seconds")
    urllc_softness_s: Positive = Field(0.0007, description="width of the URLLC budget, in seconds")
    budget_spread: NonNegative = Field(
        0.0,
        le=9,
        description="how much URLLC budgets differ between DUs, s: factors from 1/(1 + s) at the first DU to "
        "1 + s at the last, in even steps of their logarithm; 0 = all alike. No measurement tells a DU's "
        "budget, only the quality that it is judged by does. ASSUMED: a ladder in place of draws, so that "
        "all who compute rewards agree",
    )

    @model_validator(mode="after")
    def _some_weight(self) -> DeliveredSpec:
        if sum(self.weights) <= 0:
            raise ValueError("weights: at least one must be above 0")
        return self


class Eq8Spec(Section):
    """Reward `eq8`: Eq (8), its literal forms and the repairs that make it computable, as named options."""

    weights: Triple = Field((1.0, 0.5, 2.0), description="priority weights of Section IV.B")
    alpha: Literal["static", "weighted_norm"] = Field(
        "static",
        description="sensitivity alpha_l: `static` = weight (ASSUMED: monotone in each quality); "
        "`weighted_norm` = S w_l Q_l / sum_j w_j Q_j (the text's wording; not monotone)",
    )
    quality: Literal["section_vi", "eq6"] = Field(
        "section_vi",
        description="Q^l: `section_vi` = sum rate, sum rate x satisfied fraction, worst latency (Section "
        "VI.E); `eq6` = weighted sum of four scaled KPIs, Eq (6)",
    )
    eq6_latency: Triple = Field(
        (0.1, 0.1, 0.7), description="omega of latency, Eq (2); ASSUMED, rows sum to 1"
    )
    eq6_rate: Triple = Field((0.7, 0.3, 0.05), description="omega of mean rate, Eq (3); ASSUMED")
    eq6_availability: Triple = Field((0.1, 0.1, 0.2), description="omega of availability, Eq (4); ASSUMED")
    eq6_density: Triple = Field((0.1, 0.5, 0.05), description="omega of satisfied fraction, Eq (5); ASSUMED")
    rate: Literal["achievable", "delivered"] = Field(
        "achievable",
        description="C_i: `achievable` = Eq (1), whatever is sent; `delivered` = the slice's bits delivered "
        "in the frame, shared equally among its UEs (ASSUMED: traffic that nobody offers earns nothing)",
    )
    zeta: NonNegative = Field(
        1.0,
        description="penalty weight; ASSUMED: at 1 one full violation outweighs the utility's span of 0.73",
    )
    shortfall: Literal["normalised", "raw"] = Field(
        "normalised",
        description="`normalised` = (target - Q)/target clipped to [0, 1] (ASSUMED: raw units mix Mbit/s, ms "
        "and RBs); `raw` = literal Eq (8) in Mbit/s, ms, RBs",
    )
    rate_target_bps: tuple[Positive, Positive] = Field(
        (10e6, 50e6),
        description="Q_min of eMBB and mMTC per DU in bit/s (Section VI.E; scope per DU ASSUMED)",
    )
    latency_target_s: Positive = Field(0.002, description="URLLC latency bound in seconds (Section VI.E)")
    rate_full_bps: PositiveTriple = Field(
        (100e6, 100e6, 100e6),
        description="sum rate of a DU that scales to 1, in bit/s; ASSUMED: fixed bounds keep replayed "
        "rewards comparable, and a DU carries 42 to 60 Mbit/s",
    )
    latency_full_s: Positive = Field(
        0.010, description="latency that scales to 0, in seconds; ASSUMED: one frame"
    )
    ue_rate_bps: PositiveTriple = Field(
        (1e6, 0.1e6, 0.5e6), description="lambda_i, rate that satisfies a UE of each slice in bit/s; ASSUMED"
    )

    @model_validator(mode="after")
    def _some_weight(self) -> Eq8Spec:
        if sum(self.weights) <= 0:
            raise ValueError("weights: at least one must be above 0")
        return self


class ProblemSpec(Section):
    """What is observed, decided and rewarded."""

    observation: Literal["demand", "rich", "paper"] = Field(
        "demand",
        description="`demand`: quality, UEs, backlog, expected arrivals, spectral efficiency, use; "
        "`rich`: these, delays of UEs, and bytes and efficiency of the last frame; "
        "`paper`: quality and UEs only (Section IV.B). All end with the previous action",
    )
    action: Literal["slice_quota", "slice_quota_mute", "rb_bits"] = Field(
        "slice_quota",
        description="`slice_quota`: one number per slice -> PRB ratios; `slice_quota_mute`: these, and one "
        "for the share of RBs left unused; `rb_bits`: two numbers per RB",
    )
    quota_gain: Positive = Field(
        4.0, description="g in shares = softmax(g (2a - 1)); ASSUMED: reaches 99.9 %"
    )
    mute_most: float = Field(
        0.5,
        gt=0,
        le=1,
        description="of `slice_quota_mute`: share of RBs left unused at 1; from 1/2 down none is. ASSUMED: "
        "an undecided actor uses the whole band, and none gives up more than half of it",
    )
    decode: Literal["dither", "plain"] = Field(
        "dither",
        description="of `rb_bits`; `plain`: thirds of [0, 1] and threshold 0.5, where an undecided 0.5 gives "
        "every RB to mMTC; `dither` (ASSUMED repair): thirds rotate with the RB, threshold 0.25",
    )
    reward: Literal["delivered", "eq8"] = Field("delivered", description="which reward")
    demand: DemandSpec = Field(default_factory=DemandSpec, description="scales of the `demand` observation")
    rich: RichSpec = Field(default_factory=RichSpec, description="scales of what `rich` adds")
    paper_ues_scale: Positive = Field(
        50.0, description="UEs that count as 1 in the `paper` observation; ASSUMED"
    )
    delivered: DeliveredSpec = Field(default_factory=DeliveredSpec, description="numbers of `delivered`")
    eq8: Eq8Spec = Field(default_factory=Eq8Spec, description="numbers of `eq8`")

    @property
    def names(self) -> dict[str, str]:
        """What a policy must have been trained for to act here: names of observation, action and reward."""
        action = f"{self.action}/{self.decode}" if self.action == "rb_bits" else self.action
        return {"observation": self.observation, "action": action, "reward": self.reward}

    @property
    def needs_achievable_rate(self) -> bool:
        """Whether the reward is made of a KPI that a world computes only when asked."""
        return self.reward == "eq8" and self.eq8.rate == "achievable"
