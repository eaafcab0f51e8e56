"""The scenario's ``learner`` section: every knob of the learner, with range and source."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.runtime import ConfigError

PositiveInt = Annotated[int, Field(ge=1)]

_OWN_TO_A_RUN = frozenset(
    {"method", "l2", "td_variance_lr", "updates_per_frame", "publish_every_updates", "replay_capacity"}
    | {"warmup_transitions"}
)
"""Keys that runs of one program need not share, besides all of ``sam`` but its ``part``."""


class RhoSpec(BaseModel):
    """A SAM radius that moves from start to final."""

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
    schedule: Literal["linear", "cosine", "exponential", "sawtooth"] = Field(
        "linear",
        description="shape of the way from start to final; ASSUMED: the paper gives the end points only. "
        "exponential needs both ends above 0; sawtooth falls linearly twice, raised to start half-way",
    )
    td_scaled: bool = Field(
        False,
        description="an actor's radius exceeds the final one in proportion to its TD-error variance over "
        "the largest of all agents: the reading of Sections V.A and V.C, where Algorithm 1 only decays",
    )
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
    part: Literal["all", "encoder"] = Field(
        "all",
        description="what is perturbed: all tensors, or the encoder alone, which is every layer but the last "
        "hidden one and the heads (PLASTIC, arXiv 2306.10711)",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("actor_rho", "critic_rho"):
            rho: RhoSpec = getattr(self, name)
            if self.schedule == "exponential" and rho.active and min(rho.start, rho.final) == 0.0:
                raise ValueError(f"schedule exponential needs {name}.start and {name}.final above 0")
        return self


class LearnerSpec(BaseModel):
    """Multi-agent soft actor-critic with one global critic; ``tasam`` adds SAM with a TD-variance gate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["sac", "tasam"] = Field("sac", description="sac: no SAM; tasam: SAM as `sam` says")
    critic: Literal["shared", "joint"] = Field(
        "shared",
        description="what the critic sees for agent i: its own observation and action (shared weights and a "
        "one-hot agent), or those of all agents",
    )
    hidden: tuple[PositiveInt, ...] = Field(
        (128, 128), min_length=1, description="hidden widths of actors and critics"
    )
    activation: Literal["relu", "tanh", "crelu"] = Field(
        "relu", description="activation of the hidden layers; crelu: relu of x and of -x, side by side"
    )
    layer_norm: bool = Field(True, description="layer norm before each activation")
    log_std_min: float = Field(-5.0, ge=-20.0, description="lower clip of the actors' log standard deviation")
    log_std_max: float = Field(2.0, le=5.0, description="upper clip of the actors' log standard deviation")
    lr: float = Field(5e-4, gt=0.0, le=1.0, description="Adam step size of actors and critics")
    td_variance_lr: bool = Field(
        False,
        description="an agent whose TD errors vary more than the running mean over agents takes an actor "
        "step smaller by that ratio: the simple alternative to a radius",
    )
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
    l2: float = Field(
        0.0, ge=0.0, le=1.0, description="lambda of a loss term lambda/2 |theta|^2, per network"
    )
    dropout: float = Field(
        0.0, ge=0.0, lt=1.0, description="share of hidden units dropped in learning passes; targets keep all"
    )
    spectral_norm: bool = Field(
        False, description="divide each hidden weight by its largest singular value (arXiv 1802.05957)"
    )
    reset_every_updates: int = Field(
        0,
        ge=0,
        description="updates between two re-initialisations of the last hidden layer, the heads and the "
        "temperature (PLASTIC, arXiv 2306.10711); 0 = never",
    )
    distillation: float = Field(
        0.0,
        ge=0.0,
        description="weight of KL(teacher || actor), the teacher being a slow copy of the actor (step tau): "
        "PLASTIC as arXiv 2511.15002 words it",
    )
    sam: SamSpec = Field(SamSpec(), description="sharpness-aware minimisation, used by method tasam")
    warmup_transitions: int = Field(320, ge=1, description="transitions per DU before the first update")
    updates_per_frame: float = Field(1.0, gt=0.0, le=100.0, description="updates per transition per DU")
    publish_every_updates: int = Field(50, ge=1, description="updates between two publications of the actors")
    replay_capacity: int = Field(33_000, ge=2, description="transitions kept per DU")

    @property
    def program(self) -> str:
        """What runs must share to train as one stacked program: equal text, equal tensors and equal steps."""
        shared = self.model_dump_json(exclude=set(_OWN_TO_A_RUN) | {"sam"})
        return f"{shared}, sam.part {self.sam.part}"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if not self.log_std_min < self.log_std_max:
            raise ValueError(f"log_std_min {self.log_std_min} must be below log_std_max {self.log_std_max}")
        used = self.sam.actor_rho.active or self.sam.critic_rho.active
        if used and self.method == "sac":
            raise ValueError("method sac uses no SAM: set method to tasam, or sam.*_rho to 0")
        if not used and self.method == "tasam":
            raise ValueError("method tasam needs sam.actor_rho or sam.critic_rho above 0")
        if used and self.sam.part == "encoder" and len(self.hidden) == 1:
            raise ValueError("sam.part encoder needs at least two hidden layers: the last is none of it")
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


def require_own_rows(spec: LearnerSpec, where: str) -> None:
    """Refuse a critic of all agents where each agent's rows are drawn by themselves, as in the xApp.

    Raises:
        ConfigError: the critic is joint; ``where`` names the scenario.
    """
    if spec.critic == "joint":
        raise ConfigError(
            f"{where}: learner.critic: joint needs rows of the same frames of all DUs, which only the "
            "laboratory's training draws; allowed here is shared"
        )
