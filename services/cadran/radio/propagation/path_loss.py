"""Path loss of TR 38.901 Table 7.4.1-1, and a plain power law."""

from math import log10

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LIGHT_MPS = 299_792_458.0
ENVIRONMENT_HEIGHT_M = 1.0
"""h_E of Table 7.4.1-1 note 1. ASSUMED also for UEs at 13 m and above, where UMa draws it at random: it moves
only the break point, which lies beyond such a UE's cell."""


def power_law_db(distance_m: Array, reference_loss_db: float, exponent: float) -> Array:
    """``L0 + 10 eta log10(d)`` (Eq (1) of arXiv 2511.15002 has d^-eta; L0, the loss at 1 m, is added)."""
    return reference_loss_db + 10 * exponent * np.log10(distance_m)


def break_point_m(carrier_hz: float, bs_height_m: float, ue_height_m: float) -> float:
    """d'_BP of Table 7.4.1-1 note 1, where the ground reflection begins to cancel the direct path.

    At least 1 m: it would be 0 for an antenna at h_E, and the loss beyond it has no logarithm of 0.
    """
    effective = (bs_height_m - ENVIRONMENT_HEIGHT_M) * (ue_height_m - ENVIRONMENT_HEIGHT_M)
    return max(4 * effective * carrier_hz / LIGHT_MPS, 1.0)


def path_losses_db(
    model: str, distance_m: Array, carrier_hz: float, bs_height_m: float, ue_height_m: float
) -> tuple[Array, Array]:
    """Loss with and without line of sight, two arrays like ``distance_m``.

    Args:
        model: "uma", "umi", "inf_sl", "inf_dl", "inf_sh" or "inf_dh".
        distance_m: distance on the ground (d_2D), above 0.
        carrier_hz: 0.5 to 100 GHz.
        bs_height_m: of the radio unit.
        ue_height_m: 1 to 22.5.

    Raises:
        KeyError: there is no such model.
    """
    log_distance = 0.5 * np.log10(distance_m**2 + (bs_height_m - ue_height_m) ** 2)
    log_carrier = log10(carrier_hz / 1e9)
    if model in _FACTORY_NLOS:
        return _factory_db(model, log_distance, log_carrier)
    start, slope, height_weight = _STREET_LOS[model]
    break_m = break_point_m(carrier_hz, bs_height_m, ue_height_m)
    los = start + slope * log_distance + 20 * log_carrier
    if distance_m.size and distance_m.max() > break_m:
        correction = height_weight * log10(break_m**2 + (bs_height_m - ue_height_m) ** 2)
        beyond = start + 40 * log_distance + 20 * log_carrier - correction
        los = np.where(distance_m <= break_m, los, beyond)
    start, slope, carrier_slope, height_slope = _STREET_NLOS[model]
    blocked = start + slope * log_distance + carrier_slope * log_carrier - height_slope * (ue_height_m - 1.5)
    return los, np.maximum(los, blocked)


_STREET_LOS = {"uma": (28.0, 22.0, 9.0), "umi": (32.4, 21.0, 9.5)}
"""Constant, slope up to the break point, weight of lg(d'_BP^2 + (h_BS - h_UT)^2) beyond it."""
_STREET_NLOS = {"uma": (13.54, 39.08, 20.0, 0.6), "umi": (22.4, 35.3, 21.3, 0.3)}
"""Constant, slopes over lg d_3D and lg f, slope over the UE's height."""
_FACTORY_LOS = (31.84, 21.50, 19.00)
_FACTORY_NLOS = {
    "inf_sl": ((33.0, 25.5, 20.0),),
    "inf_dl": ((33.0, 25.5, 20.0), (18.6, 35.7, 20.0)),
    "inf_sh": ((32.4, 23.0, 20.0),),
    "inf_dh": ((33.63, 21.9, 20.0),),
}
"""Constant, slopes over lg d_3D and lg f; the largest of the lines holds."""


def _factory_db(model: str, log_distance: Array, log_carrier: float) -> tuple[Array, Array]:
    def line(constant: float, slope: float, carrier_slope: float) -> Array:
        return constant + slope * log_distance + carrier_slope * log_carrier

    los = line(*_FACTORY_LOS)
    nlos = los
    for terms in _FACTORY_NLOS[model]:
        nlos = np.maximum(nlos, line(*terms))
    return los, nlos
