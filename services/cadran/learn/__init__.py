"""Learners: pure losses, stacked networks, sharpness-aware minimisation; arrays in, arrays out."""

from cadran.learn.bench import BenchSize, LearnBench, bench_updates
from cadran.learn.checkpoint import CheckpointError
from cadran.learn.learner import Batch, DivergedError, Learner, UpdateMetrics
from cadran.learn.schedule import TrainingSchedule, batch_sampler, rho_at
from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec

__all__ = [
    "Batch",
    "BenchSize",
    "CheckpointError",
    "DivergedError",
    "LearnBench",
    "Learner",
    "LearnerSpec",
    "RhoSpec",
    "SamSpec",
    "TrainingSchedule",
    "UpdateMetrics",
    "batch_sampler",
    "bench_updates",
    "rho_at",
]
