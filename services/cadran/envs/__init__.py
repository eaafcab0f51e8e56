"""Decision problems: a radio and a problem put together.

`envs.parallel` holds the PettingZoo form; it is imported by name, so that the rest needs no gymnasium.
"""

from cadran.envs.batched import BatchedEnv, Step
from cadran.envs.convert import frame_of, problem_of, to_decisions, to_measurements

__all__ = ["BatchedEnv", "Step", "frame_of", "problem_of", "to_decisions", "to_measurements"]
