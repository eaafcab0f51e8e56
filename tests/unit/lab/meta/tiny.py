"""Meta-learning small enough for unit tests: three DUs, networks of eight units."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from cadran.lab.meta import (
    MetaCurve,
    MetaExperiment,
    MetaPlan,
    MetaRun,
    MetaTrained,
    ShotPlan,
    TaskSpec,
    draw_network,
)
from cadran.learn import LearnerSpec
from cadran.learn.ddpg import DdpgSpec
from cadran.learn.meta import MetaSpec
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchySpec
from cadran.radio import World

_DDPG: dict[str, Any] = {"hidden": (8, 8), "batch_size": 8, "actor_lr": 1e-3}

EXPERIMENT = MetaExperiment(
    name="tiny",
    world=World.model_validate(
        {
            "dus": 3,
            "ues": 9,
            "rbs": 12,
            "max_ues_per_slice": 4,
            "episode_frames": 8,
            "channel": {"fading": "jakes"},
            "load": {"mean_bps": (2e6, 1e6, 1e6)},
        }
    ),
    problem_spec=ProblemSpec(reward="delivered"),
    hierarchy=HierarchySpec(decision_frames=3),
    meta=MetaSpec(higher=DdpgSpec(**_DDPG), lower=DdpgSpec(**_DDPG)),
    ddpg=DdpgSpec(**_DDPG),
    learner=LearnerSpec(hidden=(8, 8), batch_size=4, warmup_transitions=8),
    tasks=TaskSpec(),
)

PLAN = MetaPlan(
    iterations=4,
    envs=2,
    frames_per_iteration=5,
    updates_per_iteration=2,
    warmup_iterations=2,
    evaluate_every=2,
    evaluation_episodes=2,
)

SHOTS = ShotPlan(shots=(0, 1, 3), envs=2, frames_per_shot=6, steps_per_shot=2, episodes=2)

NETWORK = draw_network(EXPERIMENT.world, EXPERIMENT.tasks, "training", 77)


def run(method: str, seed: int = 0) -> MetaRun:
    return MetaRun(EXPERIMENT, method, seed)


def require_equal(a: MetaTrained, b: MetaTrained) -> None:
    """Bit for bit, but for times."""
    assert (a.method, a.seed) == (b.method, b.seed)
    assert a.initialisation.keys() == b.initialisation.keys()
    for level, tensors in a.initialisation.items():
        assert tensors.keys() == b.initialisation[level].keys()
        for name, tensor in tensors.items():
            assert tensor.tobytes() == b.initialisation[level][name].tobytes(), (level, name)
    for field in fields(MetaCurve):
        own, other = getattr(a.curve, field.name), getattr(b.curve, field.name)
        if field.name in ("weights", "td_variance"):
            assert {level: array.tobytes() for level, array in own.items()} == {
                level: array.tobytes() for level, array in other.items()
            }
        elif field.name != "seconds":
            assert own.tobytes() == other.tobytes(), field.name
