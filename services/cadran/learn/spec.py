"""The scenario's ``learner`` section: every knob of the learner, with range and source."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PositiveInt = Annotated[int, Field(ge=1)]


class RhoSpec(BaseModel):
    """A SAM radius that moves linearly from start to final."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: float = Field(0.0, ge=0.0, le=10.0, description="radius before the first update; 0 = no SAM")
    final: float = Field(0.0, ge=0.0, le=10.0, description="radius after decay_updates updates")

    @property
    def active(self) -> bool:
        """Whether the radius is ever above 0."""
        return self.start > 0.0 or self.final > 0.0


class SamSpec(BaseModel):
    """Sharpness-aware minimisation, arXiv 2511.15002 Eq (11)-(12) and Algorithm 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor_rho: RhoSpec = Field(RhoSpec(), description="radius of each actor; the paper goes from 0.5 to 0.01")
    critic_rho: RhoSpec = Field(RhoSpec(), description="radius of the critic, never gated")
    decay_updates: int = Field(1000, ge=1, description="updates that each radius takes from start to final")
    gate: Literal["none", "td_variance"] = Field(
        "td_variance",
        description="none: SAM for every actor; td_variance: only for actors whose TD errors spread widely",
    )
    td_var_mode: Literal["relative", "fixed"] = Field(
        "relative",
        description="relative: threshold = td_var_threshold x running mean of the variance over agents; "
        "fixed: threshold = td_var_threshold",
    )
    td_var_threshold: float = Field(1.0, ge=0.0, description="lambda_TD: factor or variance, by td_var_mode")
    td_var_decay: float = Field(0.9, ge=0.0, lt=1.0, description="decay per update of the running mean")


class LearnerSpec(BaseModel):
    """Multi-agent soft actor-critic with one global critic; ``tasam`` adds SAM with a TD-variance gate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["sac", "tasam"] = Field("sac", description="sac: no SAM; tasam: SAM as `sam` says")
    hidden: tuple[PositiveInt, ...] = Field(
        (128, 128), min_length=1, description="hidden widths of actors and critics"
    )
    activation: Literal["relu", "tanh"] = Field("relu", description="activation of the hidden layers")
    layer_norm: bool = Field(True, description="layer norm before each activation")
    log_std_min: float = Field(-5.0, ge=-20.0, description="lower clip of the actors' log standard deviation")
    log_std_max: float = Field(2.0, le=5.0, description="upper clip of the actors' log standard deviation")
    lr: float = Field(5e-4, gt=0.0, le=1.0, description="Adam step size of actors and critics")
    gamma: float = Field(0.9, ge=0.0, lt=1.0, description="discount per frame")
    tau: float = Field(0.01, gt=0.0, le=1.0, description="Polyak step of the target critics per update")
    batch_size: int = Field(64, ge=2, description="transitions per DU in one update")
    beta_initial: float = Field(0.03, gt=0.0, description="entropy temperature at the start, per agent")
    beta_automatic: bool = Field(True, description="adapt the temperature to the target entropy")
    beta_lr: float = Field(5e-4, gt=0.0, le=1.0, description="Adam step size of the log temperature")
    target_entropy_per_dim: float = Field(
        -(1.0 + math.log(2.0)),
        description="target entropy per action dimension [nat]; -(1 + log 2) is the usual -1 of actions in "
        "(-1, 1), shifted to (0, 1)",
    )
    grad_clip_norm: float = Field(10.0, gt=0.0, description="largest gradient norm, per network")
    sam: SamSpec = Field(SamSpec(), description="sharpness-aware minimisation, used by method tasam")
    warmup_transitions: int = Field(320, ge=1, description="transitions per DU before the first update")
    updates_per_frame: float = Field(1.0, gt=0.0, le=100.0, description="updates per transition per DU")
    publish_every_updates: int = Field(50, ge=1, description="updates between two publications of the actors")
    replay_capacity: int = Field(33_000, ge=2, description="transitions kept per DU")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if not self.log_std_min < self.log_std_max:
            raise ValueError(f"log_std_min {self.log_std_min} must be below log_std_max {self.log_std_max}")
        used = self.sam.actor_rho.active or self.sam.critic_rho.active
        if used and self.method == "sac":
            raise ValueError("method sac uses no SAM: set method to tasam, or sam.*_rho to 0")
        if not used and self.method == "tasam":
            raise ValueError("method tasam needs sam.actor_rho or sam.critic_rho above 0")
        if self.warmup_transitions < self.batch_size:
            raise ValueError(
                f"warmup_transitions {self.warmup_transitions} must be at least batch_size {self.batch_size}"
            )
        if self.replay_capacity < self.warmup_transitions:
            raise ValueError(
                f"replay_capacity {self.replay_capacity} must be at least "
                f"warmup_transitions {self.warmup_transitions}"
            )
        return self
