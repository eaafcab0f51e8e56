"""Decision problems: a radio and a problem put together.

`BatchedEnv` is the core. Around it `envs.single` is a Gymnasium Env, `envs.vector` a Gymnasium VectorEnv and
`envs.parallel` a PettingZoo ParallelEnv; `envs.rendering` draws any of them. Where both libraries are
installed, importing this package registers the names of `envs.registration`; nothing else here needs them.
"""

from importlib.util import find_spec

from cadran.envs.batched import BatchedEnv, Step
from cadran.envs.convert import frame_of, hierarchical_problem_of, problem_of, to_decisions, to_measurements

__all__ = [
    "BatchedEnv",
    "Step",
    "frame_of",
    "hierarchical_problem_of",
    "problem_of",
    "to_decisions",
    "to_measurements",
]

if find_spec("gymnasium") and find_spec("pettingzoo"):
    from cadran.envs.registration import register

    register()
