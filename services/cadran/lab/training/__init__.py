"""Training R runs of one method's shape as one program, and examining what they learned."""

from cadran.lab.training.actors import TrainedActors
from cadran.lab.training.held_out import TrainedPolicy, evaluate_policy, evaluate_run
from cadran.lab.training.plan import Run, TrainingPlan
from cadran.lab.training.record import (
    Cost,
    Curve,
    HeldOut,
    RecordError,
    TrainedRun,
    load_held_out,
    load_trained,
    save_held_out,
    save_trained,
)
from cadran.lab.training.trainer import train

__all__ = [
    "Cost",
    "Curve",
    "HeldOut",
    "RecordError",
    "Run",
    "TrainedActors",
    "TrainedPolicy",
    "TrainedRun",
    "TrainingPlan",
    "evaluate_policy",
    "evaluate_run",
    "load_held_out",
    "load_trained",
    "save_held_out",
    "save_trained",
    "train",
]
