"""What the rApp says about its training and its tasks, to REST and to ``status.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cadran.learn.meta import LEVELS, Level, MetaMetrics
from cadran.rapp.experience import Experience
from cadran.rapp.kept_rows import KeptRows

_LEVEL: dict[str, Any] = {
    "weight": 0.21,
    "td_variance": 0.004,
    "critic_loss": 0.003,
    "critic_loss_before": 0.005,
}
_VERDICT: dict[str, Any] = {
    "iterations": 500,
    "version": 10,
    "promoted": False,
    "reason": "worse: reward per frame differs by -0.05 from initialisation 8 (95 % interval ...)",
}
EXAMPLE: dict[str, Any] = {
    "time_s": 1764000000.25,
    "learning": True,
    "resumed": False,
    "iterations": 512,
    "iterations_asked_for": 0,
    "seconds_per_iteration": 0.041,
    "tasks": [0, 1, 2],
    "rows": [5519, 5519, 5100],
    "next_candidate_at": 550,
    "newest_verdict": _VERDICT,
    "promoted": 8,
    "pinned": False,
    "delivery": "delivered",
    "delivery_reason": None,
    "alert": None,
}


class VerdictStatus(BaseModel):
    """What became of the newest candidate."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VERDICT]})

    iterations: int = Field(description="meta-iterations that it had")
    version: int | None = Field(description="null: it was not registered")
    promoted: bool
    reason: str = Field(description="why")


class TrainingStatus(BaseModel):
    """State of meta-training."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    time_s: float = Field(description="when this was said, Unix seconds")
    learning: bool = Field(description="whether iterations are made")
    resumed: bool = Field(description="whether this process went on from a checkpoint")
    iterations: int = Field(description="meta-iterations made")
    iterations_asked_for: int = Field(description="triggered and not made yet")
    seconds_per_iteration: float | None = Field(description="of the newest round; null: none yet")
    tasks: list[int] = Field(description="DUs that the newest round learned from")
    rows: list[int] = Field(description="transitions ever read per DU")
    next_candidate_at: int = Field(description="iterations at which a candidate is cut")
    newest_verdict: VerdictStatus | None = Field(description="null: none was cut by this process")
    promoted: int | None = Field(description="version that DUs should start from")
    pinned: bool = Field(description="whether a roll-back holds later versions back")
    delivery: str | None = Field(
        description="of the promoted version to the xApp: nothing_promoted, away, refused, damaged, "
        "delivered; null: this rApp delivers to nobody"
    )
    delivery_reason: str | None = Field(description="why it is not delivered; null: it is")
    alert: str | None = Field(description="what a person should look at; null: nothing")


class LevelStatus(BaseModel):
    """One level of a task in the newest iteration that it was part of."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LEVEL]})

    weight: float = Field(description="of the task in the outer loss; sums to 1 over tasks")
    td_variance: float = Field(description="running variance of TD errors, what the weight is made of")
    critic_loss: float = Field(description="of the adapted critic on validation rows")
    critic_loss_before: float = Field(description="of the initialisation's critic on training rows")


class TaskStatus(BaseModel):
    """One DU as a task."""

    du: int
    active: bool = Field(description="whether the newest round learned from it")
    rows: int = Field(description="transitions ever read")
    skipped: int = Field(description="transitions that the store overwrote before they were read")
    transitions: dict[str, int] = Field(description="at hand, by level")
    levels: dict[str, LevelStatus] | None = Field(description="by level; null: never part of an iteration")


def tasks_of(
    kept: KeptRows,
    experience: Experience,
    active: Sequence[int],
    metrics: Mapping[Level, MetaMetrics],
    known: Mapping[int, dict[str, LevelStatus] | None] | None = None,
) -> list[TaskStatus]:
    """Every DU as a task.

    Args:
        kept: Its rows.
        experience: What is made of them.
        active: DUs of the newest round.
        metrics: Of its last iteration, by level; empty if it had none.
        known: What was said of each DU's levels before.
    """
    found = _levels(metrics)
    known = known or {}
    return [
        TaskStatus(
            du=du,
            active=du in active,
            rows=place.count,
            skipped=place.skipped,
            transitions=experience.sizes(du),
            levels=found.get(du, known.get(du)),
        )
        for du, place in enumerate(kept.places)
    ]


def _levels(metrics: Mapping[Level, MetaMetrics]) -> dict[int, dict[str, LevelStatus]]:
    """By DU and level."""
    if not metrics:
        return {}
    dus = metrics[LEVELS[0]].tasks.tolist()
    return {du: {level: _level(metrics[level], place) for level in LEVELS} for place, du in enumerate(dus)}


def _level(metrics: MetaMetrics, place: int) -> LevelStatus:
    return LevelStatus(
        weight=float(metrics.weights[place]),
        td_variance=float(metrics.td_variance[place]),
        critic_loss=float(metrics.critic_loss[place]),
        critic_loss_before=float(metrics.critic_loss_before[place]),
    )
