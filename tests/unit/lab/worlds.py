"""Worlds small enough for unit tests: a fifth of the RBs, so a fifth of loads and rate targets."""

from typing import Any

from cadran.problem import ProblemSpec
from cadran.radio import World

_SMALL: dict[str, Any] = {
    "dus": 2,
    "ues": 24,
    "max_ues_per_slice": 6,
    "rbs": 20,
    "episode_frames": 25,
    "load": {"scale": 0.5},
}
WORLD = World.model_validate(_SMALL)
EQ8_WORLD = World.model_validate(_SMALL | {"mac": {"idle_rbs": "active"}, "kpis": {"achievable_rate": True}})


def eq8(**options: str) -> ProblemSpec:
    scaled = {"rate_target_bps": (2e6, 10e6), "rate_full_bps": (20e6, 20e6, 20e6)}
    return ProblemSpec.model_validate({"reward": "eq8", "eq8": scaled | options})
