"""Settings of the xApp service: what a deployment may choose, with ranges and units."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from cadran.replay.settings import RedisSettings
from cadran.rest.settings import RestSettings
from cadran.runtime.addresses import Address, AddressField
from cadran.runtime.service_settings import LearningServiceSettings, RecordSettings
from cadran.xapp.a1.settings import A1Settings
from cadran.xapp.guard.breaker import BreakerSpec

ENVIRONMENT_PREFIX = "CADRAN_XAPP_"


class XappSettings(A1Settings, RestSettings, RedisSettings, RecordSettings, LearningServiceSettings):
    """Everything the xApp needs besides the scenario; flags > environment > file > defaults.

    Both listening addresses are on loopback unless told otherwise: without TLS and tokens neither
    E2 nor REST asks its peer who it is.
    """

    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the learner and of its sampler")
    e2_listen: AddressField = Field(
        default=Address("127.0.0.1", 36421),
        description="host:port of the E2 termination; port 0 takes a free one",
    )
    rest: AddressField = Field(
        default=Address("127.0.0.1", 8090),
        description="host:port of REST, metrics and health; port 0 takes a free one",
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
    redis_may_lose: bool = Field(
        default=False,
        description="true accepts a Redis that does not flush every write to the disk before its reply: "
        "acknowledged experience may then be lost",
    )
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
    trace_every_deliveries: int = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="deliveries of policies to a DU from one that is traced to the next, where "
        "OTEL_EXPORTER_OTLP_ENDPOINT names a collector",
    )
    progress_every_updates: int = Field(
        default=50, ge=1, le=1_000_000, description="updates between two lines of learner.jsonl"
    )
    status_period_s: float = Field(default=0.5, gt=0, le=60, description="time between writes of status.json")
    learner_nice: int = Field(
        default=0,
        ge=0,
        le=19,
        description="niceness added to the learner's thread; 19, with which it is also in the scheduler's "
        "idle class, where decisions must not wait for learning",
    )

    guard_beyond_limits: Literal["clip", "refuse"] = Field(
        default="clip",
        description="slice quotas beyond A1 limits: `clip` sends the nearest ones within, and says so; "
        "`refuse` sends nothing",
    )
    guard_controls_per_s: float = Field(
        default=10.0,
        gt=0,
        le=1000,
        description="controls of one source to one DU, per second in the long run",
    )
    guard_burst: int = Field(
        default=20, ge=1, le=10_000, description="controls of one source to one DU that may come at once"
    )
    audit_file_bytes: int = Field(
        default=2**21, ge=1024, le=2**30, description="size in bytes at which a file of the audit log is full"
    )
    audit_files: int = Field(
        default=8, ge=2, le=1000, description="files of the audit log that are kept, the newest ones"
    )

    breaker: Literal["act", "observe"] = Field(
        default="act",
        description="`act`: a DU whose learned policy does worse than its own scheduler would is put under "
        "that scheduler; `observe`: it is only told (as always in lock-step)",
    )
    breaker_margin: float = Field(
        default=0.1, gt=0, le=1, description="how far satisfaction in [0, 1] may stay below the baseline's"
    )
    breaker_open_after_s: float = Field(
        default=10.0,
        gt=0,
        le=86_400,
        description="how long it must have been further below, in the RAN's time",
    )
    breaker_prove_s: float = Field(
        default=300.0,
        ge=0,
        le=86_400,
        description="how long a DU that learns must have been within the margin before the breaker acts on "
        "it, in the RAN's time; a DU that does not learn need not",
    )
    breaker_wait_s: float = Field(
        default=30.0,
        gt=0,
        le=86_400,
        description="wait before the learned policy is tried again, in the RAN's time; doubles up to 20 "
        "times that with each trial that fails",
    )
    breaker_trial_s: float = Field(
        default=10.0, gt=0, le=86_400, description="length of a trial, in the RAN's time"
    )

    def breaker_spec(self) -> BreakerSpec:
        """Times and bounds of the breakers."""
        return BreakerSpec(
            margin=self.breaker_margin,
            open_after_s=self.breaker_open_after_s,
            prove_s=self.breaker_prove_s,
            wait_s=self.breaker_wait_s,
            wait_most_s=20 * self.breaker_wait_s,
            trial_s=self.breaker_trial_s,
        )
