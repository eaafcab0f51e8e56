"""The environments' names in Gymnasium and PettingZoo.

======================== =================================================================
``Cadran/Slicing-v0``         PRB quotas of three slices, from what they demand
``Cadran/ResourceBlocks-v0``  a slice for each RB, as in arXiv 2511.15002, Section IV.B
======================== =================================================================

`gymnasium.make` gives a `single.RanEnv`, `gymnasium.make_vec` a `vector.RanVectorEnv`, and
`pettingzoo.make("parallel", ...)` a `parallel.DuParallelEnv`.
"""

from __future__ import annotations

import gymnasium
import pettingzoo

IDS = {"Cadran/Slicing-v0": "slicing", "Cadran/ResourceBlocks-v0": "resource-blocks"}


def register() -> None:
    """Make the names known; the environments' modules are imported when the first one is made."""
    for name, task in IDS.items():
        gymnasium.register(
            name,
            entry_point="cadran.envs.single:RanEnv",
            vector_entry_point="cadran.envs.vector:RanVectorEnv",
            kwargs={"task": task},
        )
        pettingzoo.register(
            "parallel", name, entry_point="cadran.envs.parallel:parallel_env", kwargs={"task": task}
        )
