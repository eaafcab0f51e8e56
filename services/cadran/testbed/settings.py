"""What a person may choose about a run of the whole testbed."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cadran.testbed.joins import Join


class TestbedSettings(BaseModel):
    """One run: which scenario, for how long, with which start, and where it is written.

    Without ``frames`` and ``duration_s`` the run goes on until it is stopped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Path = Field(description="scenario file (YAML)")
    overrides: tuple[str, ...] = Field(default=(), description="scenario overrides, section.key=value")
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of the world, the dApps and the learner")
    frames: int | None = Field(default=None, ge=1, description="end after this many frames")
    duration_s: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="end after this many seconds"
    )
    pace: Literal["fast", "realtime"] = Field(default="realtime", description="how frames follow each other")
    learn: bool = Field(default=True, description="false: policies stay as they are")
    policy: Path | None = Field(default=None, description="directory of policy artefacts to start from")
    resume: Path | None = Field(
        default=None, description="run folder whose experience and learner this run goes on from"
    )
    redis: str | None = Field(
        default=None, description="URL of a Redis that runs already; else one is started for the run"
    )
    tls: bool = Field(
        default=False, description="mutual TLS between the services, tokens for REST, a password for Redis"
    )
    trace: Path | None = Field(default=None, description="packet trace that drives the eMBB slice")
    load: str | None = Field(
        default=None, description="measured load over time that the sources follow, FILE[:COLUMN]"
    )
    join_dus: tuple[Join, ...] = Field(
        default=(), description="DUs whose dApps start while the run is under way"
    )
    evaluate: bool = Field(
        default=False, description="compare the policies on held-out episodes when the run has ended"
    )
    out: Path | None = Field(default=None, description="run folder; default runs/<time>")
    live: bool = Field(default=True, description="show the live view where standard output is a terminal")
