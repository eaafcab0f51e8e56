"""Student's t: how far the mean of a few values may be from the truth."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

LEVEL = 0.95
MOST_DEGREES = 10_000.0
"""Degrees of freedom beyond which the quantile is taken as here; it is the normal one within 0.02 %."""
QUANTILE_GRID = 20_001


@cache
def student_quantile(degrees: float) -> float:
    """Two-sided 95 % quantile of Student's t.

    With t = sqrt(degrees) tan(a), the density of the angle a is proportional to cos(a)^(degrees - 1).

    Args:
        degrees: Of freedom, >= 1; need not be whole (Satterthwaite).
    """
    degrees = min(degrees, MOST_DEGREES)
    angle = np.linspace(0.0, np.pi / 2, QUANTILE_GRID)
    density = np.cos(angle) ** (degrees - 1.0)
    share = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(degrees) * math.tan(float(np.interp(LEVEL, share / share[-1], angle)))
