"""Settings of the rApp service: what a deployment may choose, with ranges and units."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cadran.rapp.a1.settings import A1ManagementSettings
from cadran.replay.redis_protocol import REGION_PATTERN
from cadran.replay.settings import RedisSettings
from cadran.rest.settings import RestSettings
from cadran.runtime.addresses import Address, AddressField
from cadran.runtime.service_settings import LearningServiceSettings

ENVIRONMENT_PREFIX = "CADRAN_RAPP_"


class RappSettings(A1ManagementSettings, RestSettings, RedisSettings, LearningServiceSettings):
    """Everything the rApp needs besides the scenario; flags > environment > file > defaults.

    REST is on loopback unless told otherwise: without TLS and tokens it asks nobody who they are.
    """

    seed: int = Field(default=0, ge=0, lt=2**62, description="seed of networks, sampler and evaluations")
    rest: AddressField = Field(
        default=Address("127.0.0.1", 8091),
        description="host:port of REST, metrics and health; port 0 takes a free one",
    )
    redis_group: str = Field(
        default="rapp",
        pattern=f"^{REGION_PATTERN}$",
        description="consumer group to read for; a second process of the same group replaces the first",
    )
    xapp: AddressField | None = Field(
        default=None, description="host:port of the REST of the xApp that gets what is promoted; none: nobody"
    )
    xapp_timeout_s: float = Field(default=5.0, gt=0, le=60, description="wait for an answer of the xApp")
    delivery_period_s: float = Field(
        default=1.0, ge=0.01, le=3600, description="time between two looks at what the xApp holds"
    )
    state_dir: Path = Field(
        default=Path("rapp-state"), description="directory of registry, experience and checkpoints"
    )
    learn: bool = Field(default=True, description="false: serve the registry, make no iterations")
    resume: bool = Field(
        default=True,
        description="go on from the newest checkpoint, or else from the promoted initialisation, if there is "
        "one; false: start the learner anew (the registry stays, versions go on counting)",
    )

    rows_per_du: int = Field(
        default=5_000,
        ge=100,
        le=1_000_000,
        description="newest transitions kept per DU, on disk and as the learner's experience in memory",
    )
    round_period_s: float = Field(
        default=5.0,
        ge=0.01,
        le=3600,
        description="wait between two rounds of training; the non-real-time loop is slower than 1 s",
    )
    rows_per_iteration: float = Field(
        default=200.0,
        gt=0,
        le=1e6,
        description="transitions of all DUs together that allow one meta-iteration; ASSUMED: an iteration "
        "sees more than that of each DU, and a minute of seven DUs allows two hundred",
    )
    iterations_per_round: int = Field(
        default=20, ge=1, le=10_000, description="meta-iterations of one round at most"
    )
    least_transitions: int = Field(
        default=16,
        ge=2,
        le=100_000,
        description="transitions of each level that a DU needs to be a task; ASSUMED: halves of it are "
        "the least to learn from and to validate on",
    )
    candidate_every: int = Field(
        default=50, ge=1, le=1_000_000, description="meta-iterations from one candidate to the next"
    )
    evaluation_repetitions: int = Field(
        default=16, ge=2, le=1000, description="simulated episodes that a candidate is scored in"
    )
    evaluation_frames: int = Field(
        default=100, ge=1, le=100_000, description="frames of each of these episodes"
    )
    evaluation_shots: int = Field(
        default=5, ge=0, le=1000, description="shots made on each DU's experience before scoring"
    )
    margin: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="how much less reward per frame than the best one's counts as equal; ASSUMED: of a "
        "reward in [0, 1], about what sixteen episodes of a hundred frames can tell",
    )
    versions_kept: int = Field(default=20, ge=2, le=10_000, description="newest versions kept")
    status_period_s: float = Field(default=1.0, gt=0, le=60, description="time between writes of status.json")
    checkpoints_kept: int = Field(default=2, ge=1, le=1000, description="newest checkpoints kept")
    learner_nice: int = Field(
        default=10,
        ge=0,
        le=19,
        description="niceness added to the trainer's thread: meta-training can wait, decisions cannot",
    )
