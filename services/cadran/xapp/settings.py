"""Settings of the xApp service: what a deployment may choose, with ranges and units."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cadran.replay.redis_protocol import REGION_PATTERN
from cadran.runtime.addresses import Address, AddressField
from cadran.runtime.logging import LogFormat, LogLevel

ENVIRONMENT_PREFIX = "CADRAN_XAPP_"


class XappSettings(BaseModel):
    """Everything the xApp needs besides the scenario; flags > environment > file > defaults.

    Both listening addresses are on loopback unless told otherwise: neither E2 nor REST
    authenticates its peer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Path = Field(description="scenario file (YAML) that all services of a testbed share")
    overrides: tuple[str, ...] = Field(default=(), description="scenario overrides, key.path=value")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the learner and of its sampler")
    e2_listen: AddressField = Field(
        default=Address("127.0.0.1", 36421),
        description="host:port of the E2 termination; port 0 takes a free one",
    )
    rest: AddressField = Field(
        default=Address("127.0.0.1", 8090),
        description="host:port of REST, metrics and health; port 0 takes a free one",
    )
    redis: str = Field(
        default="redis://127.0.0.1:6379/0",
        pattern=r"^(redis|rediss|unix)://",
        description="URL of the Redis that keeps the experience",
    )
    state_dir: Path = Field(
        default=Path("xapp-state"), description="directory of checkpoints, policies and progress"
    )
    learn: bool = Field(default=True, description="false: keep experience and deliver policies, no updates")
    policy: Path | None = Field(default=None, description="directory of artefacts to start from")
    cold_dus: tuple[int, ...] = Field(
        default=(),
        description="DUs that adapt from fresh networks, whatever initialisation is delivered, in a scenario "
        "with a hierarchy",
    )
    resume: bool = Field(
        default=True,
        description="go on from the newest checkpoint of the state directory if there is one; "
        "false: start the learner anew (stored policies stay, versions go on counting)",
    )

    kpm_period_s: float = Field(
        default=1.0, ge=0.01, le=3600, description="reporting period of the KPM subscription"
    )
    queued_reports_per_du: int = Field(
        default=256,
        ge=1,
        le=100_000,
        description="dApp reports that wait per DU while Redis is away; later ones are dropped, not "
        "acknowledged, counted, and therefore sent again by the dApp",
    )
    redis_timeout_s: float = Field(
        default=1.0, gt=0, le=60, description="wait for a connection or a reply of Redis"
    )
    redis_region: str = Field(
        default="cadran",
        pattern=f"^{REGION_PATTERN}$",
        description="name under which Redis keeps the experience: 1 to 64 letters, digits, '.', '_' or '-'",
    )
    redis_may_lose: bool = Field(
        default=False,
        description="true accepts a Redis that does not flush every write to the disk before its reply: "
        "acknowledged experience may then be lost",
    )
    redis_retry_first_s: float = Field(default=0.05, gt=0, le=10, description="first wait before a retry")
    redis_retry_max_s: float = Field(default=1.0, gt=0, le=60, description="longest wait before a retry")
    delivery_timeout_s: float = Field(
        default=5.0, gt=0, le=600, description="wait for a dApp's policy status before a delivery is repeated"
    )
    lockstep_patience_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="lock-step: how long a frame waits for the rows of every DU before it is completed "
        "without those that are missing (a dApp that died reports nothing)",
    )

    checkpoint_period_s: float = Field(
        default=15.0, gt=0, le=86_400, description="time between checkpoints: what a kill may lose"
    )
    checkpoints_kept: int = Field(default=3, ge=1, le=1000, description="newest checkpoints kept")
    policies_kept: int = Field(default=20, ge=2, le=10_000, description="newest versions kept per DU")
    progress_every_updates: int = Field(
        default=50, ge=1, le=1_000_000, description="updates between two lines of learner.jsonl"
    )
    status_period_s: float = Field(default=0.5, gt=0, le=60, description="time between writes of status.json")
    learner_nice: int = Field(
        default=0,
        ge=0,
        le=19,
        description="niceness added to the learner's thread; 19 where decisions must not wait for learning",
    )
    thread_switch_s: float = Field(
        default=0.0005,
        ge=1e-5,
        le=0.1,
        description="interpreter's switch interval: how long the learner may keep the event loop waiting",
    )
    loss_limit: float = Field(
        default=1e6,
        gt=0,
        description="a loss beyond this magnitude counts as diverged, as does one that is not finite",
    )
    log_level: LogLevel = Field(default="info", description="least level that is logged")
    log_format: LogFormat = Field(
        default="json", description="json: one object per line; console: aligned text"
    )
