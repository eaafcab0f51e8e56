"""What the xApp says about its learning, to REST and to ``status.json``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

EXAMPLE: dict[str, Any] = {
    "time_s": 1764000000.25,
    "learning": True,
    "resumed": False,
    "updates": 5200,
    "updates_per_s": 93.1,
    "stored": [5519, 5519],
    "duplicates": 0,
    "policy_versions": [105, 105],
    "running_versions": [105, 104],
    "beta": 0.021,
    "critic_loss": 0.004,
    "td_variance": [0.003, 0.005],
    "sam_on": [False, True],
    "shots": None,
    "e2_nodes": [0, 1],
    "alert": None,
}


class LearnerStatus(BaseModel):
    """State of learning; lists are per DU, losses are means over the newest progress line."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    time_s: float = Field(description="when this was said, Unix seconds")
    learning: bool = Field(description="whether updates are made")
    resumed: bool = Field(description="whether this process went on from a checkpoint")
    updates: int = Field(description="learner updates made")
    updates_per_s: float = Field(description="over the newest progress line")
    stored: list[int] = Field(description="transitions ever at rest per DU")
    duplicates: int = Field(description="transitions received that were at rest already")
    policy_versions: list[int | None] = Field(description="version that each DU should run; null: none yet")
    running_versions: list[int | None] = Field(
        description="version that each dApp says it runs; null: unknown"
    )
    beta: float | None = Field(description="entropy temperature, mean over DUs")
    critic_loss: float | None = Field(description="loss of the twin critic")
    td_variance: list[float] | None = Field(description="variance of TD errors per DU")
    sam_on: list[bool] | None = Field(description="whether most updates of a DU were sharpness-aware")
    shots: list[int] | None = Field(
        description="adaptation shots that each DU has made since its start; null: decisions have one level"
    )
    e2_nodes: list[int] = Field(description="DUs associated over E2")
    alert: str | None = Field(description="what a person should look at; null: nothing")
