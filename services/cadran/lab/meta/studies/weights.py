"""How tasks were weighed in a training."""

from __future__ import annotations

import numpy as np

from cadran.lab.meta import MetaTrained
from cadran.lab.meta.studies.estimates import Array

LEVELS = ("higher", "lower")
"""That tasks are weighed at."""


def late_weights(trained: MetaTrained, level: str) -> Array:
    """Weights in the second half of the points that have any, ``[points, DUs]``; 1 is an equal share."""
    shares = trained.curve.weights[level]
    there = shares[np.isfinite(shares).all(axis=1)]
    late: Array = there[len(there) // 2 :] * shares.shape[1]
    return late
