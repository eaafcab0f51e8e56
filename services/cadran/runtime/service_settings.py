"""Settings that services share."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cadran.runtime.logging import LogFormat, LogLevel


class ServiceSettings(BaseModel):
    """What every service is told: the scenario, and what is different from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Path = Field(description="scenario file (YAML) that all services of a testbed share")
    overrides: tuple[str, ...] = Field(default=(), description="scenario overrides, key.path=value")


class LearningServiceSettings(ServiceSettings):
    """What a service is told that learns in a thread beside its event loop."""

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
