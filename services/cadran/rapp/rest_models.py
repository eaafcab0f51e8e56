"""Shapes of the REST API, with an example each."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cadran.policy.initialisation import Evaluation, LevelShape, Lineage
from cadran.rapp.registry import Entry

_SUMMARY: dict[str, Any] = {
    "version": 8,
    "stage": "promoted",
    "reason": "not worse: reward per frame differs by +0.02 from initialisation 6 (95 % interval ...)",
    "since_unix_s": 1764000100.0,
    "created_unix_s": 1764000000.0,
    "iterations": 400,
    "sha256": "9f2c51e0" * 8,
    "size_bytes": 486016,
}


class InitialisationSummary(BaseModel):
    """One version of the registry."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY]})

    version: int
    stage: str = Field(description="candidate, promoted or retired")
    reason: str = Field(description="why it stands there")
    since_unix_s: float = Field(description="when it came to stand there, Unix seconds")
    created_unix_s: float = Field(description="when it was cut, Unix seconds")
    iterations: int = Field(description="meta-iterations that it had")
    sha256: str = Field(description="of the tensors, hex")
    size_bytes: int = Field(description="of the artefact")


class InitialisationDetail(InitialisationSummary):
    """One version with all that its artefact says of itself."""

    problem: dict[str, str] = Field(description="names of observation, action and reward")
    decision_frames: int = Field(description="frames from one higher decision to the next")
    levels: dict[str, LevelShape] = Field(description="networks by level")
    lineage: Lineage
    metrics: dict[str, float] = Field(description="what meta-training measured when it was cut")
    evaluation: Evaluation | None = Field(description="scores that the gate judged by")


class RollbackRequest(BaseModel):
    """Where to go back to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 6}, {}]})

    version: int | None = Field(
        default=None, ge=1, description="a version promoted before; none: the last one before the present"
    )


class TriggerRequest(BaseModel):
    """Iterations wanted now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"iterations": 50}]})

    iterations: int = Field(default=1, ge=1, le=10_000, description="made even if too few rows have come")


def summary_of(entry: Entry) -> InitialisationSummary:
    """From the registry's form."""
    return InitialisationSummary(**_summary(entry))


def detail_of(entry: Entry) -> InitialisationDetail:
    """From the registry's form."""
    meta = entry.meta
    return InitialisationDetail(
        **_summary(entry),
        problem=meta.problem,
        decision_frames=meta.decision_frames,
        levels=dict(meta.levels),
        lineage=meta.lineage,
        metrics=meta.metrics,
        evaluation=meta.evaluation,
    )


def _summary(entry: Entry) -> dict[str, Any]:
    meta, _, size_bytes, standing = entry
    return {
        "version": meta.version,
        "stage": str(standing.stage),
        "reason": standing.reason,
        "since_unix_s": standing.since_unix_s,
        "created_unix_s": meta.created_unix_s,
        "iterations": meta.lineage.iterations,
        "sha256": meta.sha256,
        "size_bytes": size_bytes,
    }
