"""Learners: pure losses, stacked networks, sharpness-aware minimisation; arrays in, arrays out."""

from cadran.learn.checkpoint import CheckpointError
from cadran.learn.learner import Batch, DivergedError, Learner, UpdateMetrics
from cadran.learn.schedule import TrainingSchedule, rho_at
from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec

__all__ = [
    "Batch",
    "CheckpointError",
    "DivergedError",
    "Learner",
    "LearnerSpec",
    "RhoSpec",
    "SamSpec",
    "TrainingSchedule",
    "UpdateMetrics",
    "rho_at",
]
