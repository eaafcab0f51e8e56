"""A world small enough for unit tests."""

import numpy as np

from cadran.problem import DeliveredSpec, ProblemSpec
from cadran.radio import World

WORLD = World.model_validate(
    {
        "dus": 2,
        "ues": 12,
        "max_ues_per_slice": 4,
        "rbs": 20,
        "episode_frames": 20,
        "load": {"scale": 0.26},
        "kpis": {"achievable_rate": True},
    }
)
SPECS = {
    "demo": ProblemSpec(),
    "paper": ProblemSpec(observation="paper", action="rb_bits", reward="eq8"),
    "muting": ProblemSpec(
        observation="rich", action="slice_quota_mute", delivered=DeliveredSpec(budget_spread=1.0)
    ),
}


def seeds(*values: int) -> np.ndarray:
    return np.asarray(values, dtype=np.uint64)
