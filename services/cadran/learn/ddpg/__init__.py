"""Deep deterministic policy gradient for T stacked tasks: networks, pure losses, and a learner."""

from cadran.learn.ddpg.batch import DdpgBatch
from cadran.learn.ddpg.learner import Ddpg
from cadran.learn.ddpg.metrics import DdpgMetrics
from cadran.learn.ddpg.networks import DdpgShape, Networks, actions, policy_tensors
from cadran.learn.ddpg.spec import DdpgSpec

__all__ = [
    "Ddpg",
    "DdpgBatch",
    "DdpgMetrics",
    "DdpgShape",
    "DdpgSpec",
    "Networks",
    "actions",
    "policy_tensors",
]
