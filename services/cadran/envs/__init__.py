"""Decision problems: a radio and a problem put together.

`BatchedEnv` is the core, `HierarchicalEnv` its like for decisions of two levels. Around the former
`envs.single` is a Gymnasium Env, `envs.vector` a Gymnasium VectorEnv and `envs.parallel` a PettingZoo
ParallelEnv; `envs.rendering` draws any of them. Where both libraries are installed, importing this package
registers the names of `envs.registration`; nothing else here needs them.
"""

from importlib.util import find_spec

from cadran.envs.batched import BatchedEnv, Step
from cadran.envs.convert import (
    frame_of,
    hierarchical_problem_of,
    problem_of,
    to_decisions,
    to_measurements,
    to_user_measurements,
)
from cadran.envs.hierarchical import HierarchicalEnv, HierarchicalStep

__all__ = [
    "BatchedEnv",
    "HierarchicalEnv",
    "HierarchicalStep",
    "Step",
    "frame_of",
    "hierarchical_problem_of",
    "problem_of",
    "to_decisions",
    "to_measurements",
    "to_user_measurements",
]

if find_spec("gymnasium") and find_spec("pettingzoo"):
    from cadran.envs.registration import register

    register()
