"""How soon a method has adapted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

SHARE = 0.95
"""Share of the reward at the end that counts as converged."""


def first_reaching(at: NDArray[np.integer], value: Float64, target: float) -> float:
    """Where a curve first reaches a target, straight between its points; infinite if it never does.

    Args:
        at: places of the points, ascending, ``[K]``.
        value: of the curve there, ``[K]``.
        target: what is to be reached.
    """
    reached = np.flatnonzero(value >= target)
    if len(reached) == 0:
        return float("inf")
    first = int(reached[0])
    if first == 0:
        return float(at[0])
    before, here = value[first - 1], value[first]
    part = (target - before) / (here - before)
    return float(at[first - 1] + part * (at[first] - at[first - 1]))


def shots_to_converge(shots: NDArray[np.integer], normalised: Float64, target: float | None = None) -> float:
    """Shots until a share of a normalised reward is reached.

    Args:
        shots: counts, ascending, ``[K]``.
        normalised: reward there, ``[K]``.
        target: what is to be reached; None: `SHARE` of the method's own best reward over all counts.
    """
    goal = SHARE * float(np.max(normalised)) if target is None else target
    return first_reaching(shots, normalised, goal)


def iterations_to_converge(iteration: NDArray[np.integer], reward: Float64) -> float:
    """Iterations until `SHARE` of a training's whole gain is reached; 0 where it gained nothing.

    Args:
        iteration: ``[P]``, ascending, from before training.
        reward: there, ``[P]``.
    """
    gain = float(np.max(reward) - reward[0])
    return first_reaching(iteration, reward, float(reward[0]) + SHARE * gain)
