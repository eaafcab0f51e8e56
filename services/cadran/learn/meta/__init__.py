"""Meta-learning of DDPG across tasks: an initialisation that adapts in a few gradient steps."""

from cadran.learn.meta.learner import LEVELS, Level, MetaLearner
from cadran.learn.meta.level import MetaLevel
from cadran.learn.meta.metrics import MetaMetrics, MetaUpdate
from cadran.learn.meta.spec import MetaSpec, Weighting
from cadran.learn.meta.weights import task_weights

__all__ = [
    "LEVELS",
    "Level",
    "MetaLearner",
    "MetaLevel",
    "MetaMetrics",
    "MetaSpec",
    "MetaUpdate",
    "Weighting",
    "task_weights",
]
