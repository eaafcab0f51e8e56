"""What a DDPG learner learns with: one actor, one critic, and a slow copy of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(ge=1)]


class DdpgSpec(BaseModel):
    """Deep deterministic policy gradient (arXiv 1509.02971), which arXiv 2512.13715 uses at both levels.

    That paper states no value for it: all are ASSUMED.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: tuple[PositiveInt, ...] = Field(
        (128, 128),
        min_length=1,
        description="hidden widths of actor and critic; ASSUMED: small enough for a DU's processor. The same "
        "group's arXiv 2511.15002 has (300, 400, 400)",
    )
    activation: Literal["relu", "tanh", "crelu"] = Field(
        "relu", description="of the hidden layers; ASSUMED, as in the `learner` section"
    )
    layer_norm: bool = Field(
        True, description="layer norm before each activation; ASSUMED, as in the `learner` section"
    )
    actor_lr: float = Field(
        1e-4, gt=0.0, le=1.0, description="Adam step size of the actor; ASSUMED, as in arXiv 1509.02971"
    )
    critic_lr: float = Field(
        1e-3, gt=0.0, le=1.0, description="Adam step size of the critic; ASSUMED, as in arXiv 1509.02971"
    )
    gamma: float = Field(
        0.99, ge=0.0, lt=1.0, description="discount per decision; ASSUMED, as in arXiv 1509.02971"
    )
    tau: float = Field(
        0.005,
        gt=0.0,
        le=1.0,
        description="Polyak step of the targets per update; ASSUMED: training is far shorter "
        "than in arXiv 1509.02971, which has 0.001",
    )
    batch_size: int = Field(
        128,
        ge=1,
        description="transitions per task in one update; ASSUMED: enough to tell the "
        "variances of TD errors apart",
    )
    grad_clip: float = Field(
        10.0, gt=0.0, description="largest gradient norm of a network; ASSUMED: only outliers are cut"
    )
    logit_l2: float = Field(
        1e-3,
        ge=0.0,
        description="weight of the mean squared action before the sigmoid in the actor's loss; ASSUMED: at "
        "the flat ends of the sigmoid an actor no longer learns, and without this term it is driven there",
    )
    exploration_start: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        description="standard deviation of the noise on each action, in [0, 1], at the start; ASSUMED",
    )
    exploration_final: float = Field(
        0.05, ge=0.0, le=1.0, description="the same at the end of training; ASSUMED"
    )

    def exploration_std(self, progress: float) -> float:
        """Standard deviation of the exploration noise, linear from start to final.

        Args:
            progress: share of the training that is done; beyond 0 and 1 the ends hold.
        """
        done = min(max(progress, 0.0), 1.0)
        return self.exploration_start + done * (self.exploration_final - self.exploration_start)
