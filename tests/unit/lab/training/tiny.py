"""Runs small enough for unit tests."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from cadran.envs.link import LinkSpec
from cadran.lab.experiment import Experiment
from cadran.lab.training import Run, TrainedRun, TrainingPlan
from cadran.lab.training.plan import Agents
from cadran.learn import LearnerSpec
from cadran.problem import ProblemSpec
from cadran.runtime import ClockSpec

from ..worlds import WORLD

_LEARNER: dict[str, Any] = {
    "hidden": (8, 8),
    "batch_size": 4,
    "warmup_transitions": 20,
    "replay_capacity": 50,
    "lr": 1e-2,
}
_SAM = {"actor_rho": {"start": 0.5, "final": 0.01}, "critic_rho": {"start": 0.1, "final": 0.1}}


def learner(**changes: Any) -> LearnerSpec:
    return LearnerSpec.model_validate(_LEARNER | changes)


def tasam(**sam: Any) -> LearnerSpec:
    return learner(method="tasam", sam=_SAM | sam)


def experiment(**link: float) -> Experiment:
    spec = learner()
    return Experiment("tiny", WORLD, ProblemSpec(), spec, ClockSpec(), LinkSpec.model_validate(link))


def run(seed: int, spec: LearnerSpec | None = None, agents: Agents = "per_du", **link: float) -> Run:
    return Run(experiment(**link), spec or learner(), agents, seed)


def plan(**changes: int) -> TrainingPlan:
    base = {
        "iterations": 8,
        "envs": 3,
        "frames_per_iteration": 4,
        "updates_per_iteration": 3,
        "evaluate_every": 5,
        "evaluation_episodes": 2,
        "held_out_episodes": 2,
    }
    return TrainingPlan(**base | changes)


def require_equal(a: TrainedRun, b: TrainedRun) -> None:
    """Bit for bit, but for times and the last digits of the curvature."""
    assert (a.agents, a.seed, a.actors.meta) == (b.agents, b.seed, b.actors.meta)
    curves = [
        {field.name: getattr(trained.curve, field.name) for field in fields(trained.curve)}
        for trained in (a, b)
    ]
    for curve in curves:
        del curve["seconds"]
    pairs = (a.actors.tensors, b.actors.tensors), (a.log, b.log), curves
    for own, other in pairs:
        assert own.keys() == other.keys()
        for name in own:
            assert own[name].tobytes() == other[name].tobytes(), name
    assert a.cost.gradient_evaluations == b.cost.gradient_evaluations
    for name in a.curvature:  # Second derivatives of logsigmoid depend on the place in a tensor.
        np.testing.assert_allclose(a.curvature[name], b.curvature[name], rtol=5e-3)
