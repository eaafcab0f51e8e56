"""Probability of line of sight, TR 38.901 Table 7.4.2-1."""

from math import log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from cadran.radio.propagation.models import MODELS, Clutter

Array = NDArray[np.float64]

_CLEAR_M = 18.0
_DECAY_M = {"uma": 63.0, "umi": 36.0}
_HIGH_UE_M = 13.0


def line_of_sight_probability(
    model: str, outdoor_distance_m: Array, bs_height_m: float, ue_height_m: float
) -> Array:
    """P_LOS, like ``outdoor_distance_m``, in 0 … 1.

    Args:
        model: "uma", "umi", or one of the factories.
        outdoor_distance_m: distance on the ground up to the building (d_2D-out), or to the UE if outdoors.
        bs_height_m: of the radio unit.
        ue_height_m: 1 to 22.5; above 13, UMa sees more often.

    Raises:
        KeyError: there is no such model.
    """
    clutter = MODELS[model].clutter
    if clutter is not None:
        return np.exp(-outdoor_distance_m * _blocking_per_m(model, clutter, bs_height_m, ue_height_m))
    distance = np.maximum(outdoor_distance_m, _CLEAR_M)
    clear = _CLEAR_M / distance
    probability = clear + np.exp(-distance / _DECAY_M[model]) * (1 - clear)
    if model == "uma" and ue_height_m > _HIGH_UE_M:
        lift = ((ue_height_m - _HIGH_UE_M) / 10) ** 1.5
        bonus = 1 + lift * 1.25 * (distance / 100) ** 3 * np.exp(-distance / 150)
        probability = np.where(outdoor_distance_m > _CLEAR_M, np.minimum(probability * bonus, 1.0), 1.0)
    return probability


def _blocking_per_m(model: str, clutter: Clutter, bs_height_m: float, ue_height_m: float) -> float:
    """1 / k_subsce of Table 7.4.2-1, note; 0 where a high radio unit's UE stands above the clutter."""
    along_floor = -log1p(-clutter.density) / clutter.size_m
    if model in ("inf_sl", "inf_dl"):
        return along_floor
    below_top = clutter.height_m - ue_height_m
    if below_top <= 0:
        return 0.0
    # A radio unit that is not above the clutter after all sees as far as a low one.
    return along_floor * below_top / max(bs_height_m - ue_height_m, below_top)


_REACH = 8.0
_GRID = np.linspace(-_REACH, _REACH, 4097)


def _normal_distribution() -> Array:
    """Phi on the grid, by Simpson's rule over each cell: exact to 1e-12."""
    step = _GRID[1] - _GRID[0]
    middle = _GRID[:-1] + step / 2
    density = np.exp(-(_GRID**2) / 2)
    areas = (density[:-1] + 4 * np.exp(-(middle**2) / 2) + density[1:]) * step / 6
    phi: Array = np.concatenate([[0.0], np.cumsum(areas)]) / sqrt(2 * np.pi)
    return phi


_PHI = _normal_distribution()


def normal_probability(value: NDArray[np.float32]) -> Array:
    """Phi of a standard normal ``value``, from a table (within 1e-6)."""
    return np.interp(value, _GRID, _PHI)
