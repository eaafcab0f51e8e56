"""The scenario's ``meta`` section: how an initialisation is learned across DUs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.learn.ddpg import DdpgSpec

Weighting = Literal["softmax_var", "softmin_var", "uniform", "static_var"]


class MetaSpec(BaseModel):
    """Model-agnostic meta-learning of two levels of DDPG, arXiv 2512.13715 Eqs (11)-(17).

    The outer step of Eq (12) is Adam with the rates of `higher` and `lower`; their tau moves the targets of
    the initialisation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    higher: DdpgSpec = Field(
        DdpgSpec(),
        description="networks and outer step of the higher level; its gamma is per higher decision. ASSUMED: "
        "both levels alike, the paper states no value",
    )
    lower: DdpgSpec = Field(DdpgSpec(), description="networks and outer step of the lower level; ASSUMED")
    inner_critic_lr: float = Field(
        1e-2, ge=0.0, le=10.0, description="alpha of Eq (11) for the critic, a plain gradient step; ASSUMED"
    )
    inner_actor_lr: float = Field(
        1e-3, ge=0.0, le=10.0, description="alpha of Eq (11) for the actor; ASSUMED"
    )
    inner_steps: int = Field(
        1, ge=1, le=100, description="steps of Eq (11) before the outer loss is taken; ASSUMED"
    )
    order: Literal["first", "second"] = Field(
        "first",
        description="first: the inner gradient is a constant to the outer one; second: it is differentiated. "
        "ASSUMED: the paper does not say, first costs less",
    )
    weighting: Weighting = Field(
        "softmax_var",
        description="of the tasks, by the variance of their TD errors, Eq (15). softmax_var: more weight for "
        "more variance, as the paper's prose has it; softmin_var: less, as its formula has it; uniform: 1/N; "
        "static_var: softmax_var with the variances of update static_at for ever. ASSUMED: the prose holds",
    )
    kappa: float = Field(
        1.0, gt=0.0, description="temperature of the weights, on standardised variances; ASSUMED"
    )
    floor: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        description="least weight of a task as a share of 1/N; ASSUMED: no DU may be forgotten",
    )
    ema: float = Field(0.9, ge=0.0, lt=1.0, description="decay per update of the running variances; ASSUMED")
    static_at: int = Field(
        50, ge=1, description="updates after which static_var keeps its variances; ASSUMED"
    )
    adapts: Literal["all", "head"] = Field(
        "all",
        description="what inner steps move: all tensors, or the heads alone (arXiv 1909.09157); ASSUMED all, "
        "as Eq (11) has no exception",
    )
    shot_frames: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="frames of a DU from one shot of its adaptation to the next; ASSUMED: a second, over "
        "which a mean of rewards says something. Where the higher level decides every 100 frames a shot "
        "needs several times as many, or that level learns from a single row",
    )
    shot_steps: int = Field(
        5,
        ge=1,
        le=1000,
        description="batches of a shot, each drawn anew; ASSUMED: one step on one batch is little use of a "
        "hundred frames",
    )
    shot_rule: Literal["adam", "inner"] = Field(
        "adam",
        description="what a DU makes on each batch of a shot. adam: a step of Adam at the level's rates "
        "times start_lr_scale; inner: the inner_steps of Eq (11). ASSUMED: on tuning networks Adam ended "
        "higher from the same initialisations",
    )
    start_lr_scale: float = Field(
        0.3,
        gt=0.0,
        le=1000.0,
        description="where a DU starts from an initialisation, Adam's rates are the level's times this; "
        "ASSUMED: the best of those tried on tuning networks",
    )
    fresh_lr_scale: float = Field(
        3.0,
        gt=0.0,
        le=1000.0,
        description="where a DU starts from fresh networks, steps of a shot are Adam's at the level's rates "
        "times this, whatever shot_rule is; ASSUMED: the best of those tried for two levels learned from "
        "scratch",
    )
    shot_memory_frames: int = Field(
        3000,
        ge=1,
        le=1_000_000,
        description="newest frames of a DU since its start that a shot draws from; ASSUMED: those of 30 "
        "shots of 100 frames",
    )
    shots: int = Field(
        100,
        ge=0,
        le=1_000_000,
        description="shots after which a DU keeps what it has; ASSUMED: far more than it takes to adapt, and "
        "an end, because plain steps from ever the same data gain nothing more",
    )

    @model_validator(mode="after")
    def _shots_are_remembered(self) -> Self:
        if self.shot_memory_frames < self.shot_frames:
            raise ValueError(
                f"shot_memory_frames {self.shot_memory_frames}: must be at least shot_frames "
                f"{self.shot_frames}"
            )
        return self
