"""Learners: pure losses, stacked networks, sharpness awareness, meta-learning; arrays in, arrays out."""

from cadran.learn.batch import Batch
from cadran.learn.bench import BenchSize, LearnBench, bench_updates
from cadran.learn.checkpoint import CheckpointError
from cadran.learn.curvature import Curvature
from cadran.learn.ddpg import Ddpg, DdpgBatch, DdpgMetrics, DdpgShape, DdpgSpec, Networks
from cadran.learn.learner import Learner
from cadran.learn.meta import MetaLearner, MetaLevel, MetaMetrics, MetaSpec, MetaUpdate
from cadran.learn.metrics import DivergedError, UpdateMetrics
from cadran.learn.population import Population
from cadran.learn.schedule import TrainingSchedule, batch_sampler, rho_at
from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec, require_own_rows

__all__ = [
    "Batch",
    "BenchSize",
    "CheckpointError",
    "Curvature",
    "Ddpg",
    "DdpgBatch",
    "DdpgMetrics",
    "DdpgShape",
    "DdpgSpec",
    "DivergedError",
    "LearnBench",
    "Learner",
    "LearnerSpec",
    "MetaLearner",
    "MetaLevel",
    "MetaMetrics",
    "MetaSpec",
    "MetaUpdate",
    "Networks",
    "Population",
    "RhoSpec",
    "SamSpec",
    "TrainingSchedule",
    "UpdateMetrics",
    "batch_sampler",
    "bench_updates",
    "require_own_rows",
    "rho_at",
]
