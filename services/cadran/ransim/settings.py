"""Settings of the RAN simulator service."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cadran.runtime import Address, AddressField
from cadran.runtime.service_settings import RecordSettings, ServiceSettings

ENVIRONMENT_PREFIX = "CADRAN_RANSIM_"


class RansimSettings(RecordSettings, ServiceSettings):
    """Everything the RAN needs besides the scenario; flags > environment > file > defaults."""

    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of layout, channel and traffic")
    e3_listen: AddressField = Field(
        default=Address("127.0.0.1", 36422),
        description="host:port of the E3 agent that the dApps connect to; port 0 takes a free one",
    )
    e2_connect: AddressField | None = Field(
        default=None,
        description="host:port of the near-RT RIC's E2 termination; none: the RAN runs without a RIC",
    )
    http: AddressField = Field(
        default=Address("127.0.0.1", 8091), description="host:port of metrics and health"
    )
    pace: Literal["fast", "realtime"] = Field(
        default="realtime",
        description="realtime: one frame per frame duration; fast: as soon as every dApp has decided",
    )
    frames: int | None = Field(default=None, ge=1, description="end after this many frames")
    duration_s: float | None = Field(default=None, gt=0, description="end after this long [s]")
    trace: Path | None = Field(
        default=None, description="packet trace (time in s, size in bytes a line; .gz allowed) for eMBB"
    )
    load: str | None = Field(
        default=None,
        description="measured load over time that the sources follow, FILE[:COLUMN]: CSV lines of a time "
        "(s, or a time stamp) and a value; .gz allowed; implies world.load.profile measured",
    )
    status_dir: Path | None = Field(
        default=None, description="folder of status.json and episodes.csv; made if absent"
    )
    status_period_s: float = Field(default=0.5, gt=0, le=60, description="time between writes of status.json")
    drain_s: float = Field(
        default=2.0, ge=0, le=60, description="longest wait for the last transitions to be acknowledged"
    )
    require_policy: bool = Field(
        default=True,
        description="the first frame waits until every dApp holds a policy (at most clock.start_timeout_s)",
    )
    trace_every_frames: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="frames from one that is traced to the next, where OTEL_EXPORTER_OTLP_ENDPOINT names a "
        "collector",
    )
    late_dus: tuple[int, ...] = Field(
        default=(), description="DUs whose dApps come later: the first frame does not wait for them"
    )
    ric_absence_s: float = Field(
        default=600.0,
        gt=0,
        le=86_400,
        description="how long dApps' decisions count after the association with the RIC was lost, in the "
        "RAN's time [s]; then the DU's own scheduler rules until it is back; for ever without e2_connect",
    )
    fallback_min_percent: tuple[int, int, int] = Field(
        default=(20, 20, 30),
        description="share of the PRBs that the fallback scheduler guarantees to eMBB, mMTC, URLLC; the rest "
        "goes by proportional fair. ASSUMED: room for the mean load of each slice, URLLC with a reserve",
    )

    @model_validator(mode="after")
    def _fallback_fits(self) -> RansimSettings:
        if min(self.fallback_min_percent) < 0 or sum(self.fallback_min_percent) > 100:
            raise ValueError(
                f"fallback_min_percent {self.fallback_min_percent}: none negative, at most 100 in sum"
            )
        return self
