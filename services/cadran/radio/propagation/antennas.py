"""Radiation pattern of a sector's antenna, TR 38.901 Table 7.3-1."""

from math import cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BEAM_DEG = 65.0
FLOOR_DB = 30.0
SECTOR_AZIMUTHS_RAD = (pi / 6, 5 * pi / 6, 3 * pi / 2)
"""Boresights of three sectors: 30, 150 and 270 degrees (TR 38.901 Table 7.8-1)."""
_CUT_DB_PER_RAD2 = 12 / radians(BEAM_DEG) ** 2


def sector_attenuation_db(azimuth_rad: Array, ground_m: Array, rise_m: float, downtilt_deg: float) -> Array:
    """Attenuation against the largest gain towards a UE, in 0 … 30 dB, like ``azimuth_rad``.

    The antenna is turned down as a whole: the direction is put into its own coordinates by equations 7.1-7
    and 7.1-8 (slant 0), and the cuts of Table 7.3-1 are read there.

    Args:
        azimuth_rad: direction of the UE against the boresight, in the horizontal plane.
        ground_m: distance on the ground, >= 0; not 0 where ``rise_m`` is 0.
        rise_m: height of the radio unit over the UE.
        downtilt_deg: of the boresight below the horizon.
    """
    tilt = radians(downtilt_deg)
    forward = ground_m * np.cos(azimuth_rad)
    sideways = ground_m * np.sin(azimuth_rad)
    along = cos(tilt) * forward + sin(tilt) * rise_m
    below = cos(tilt) * rise_m - sin(tilt) * forward
    return attenuation_db(np.arctan2(sideways, along), np.arctan2(below, np.hypot(along, sideways)))


def attenuation_db(azimuth_rad: Array, elevation_rad: Array) -> Array:
    """-A'' of Table 7.3-1 in the antenna's own coordinates: both cuts, each and their sum at most 30 dB.

    Args:
        azimuth_rad: phi'', -pi to pi.
        elevation_rad: theta'' - 90 degrees, -pi/2 to pi/2.
    """
    horizontal = np.minimum(_CUT_DB_PER_RAD2 * azimuth_rad**2, FLOOR_DB)
    vertical = np.minimum(_CUT_DB_PER_RAD2 * elevation_rad**2, FLOOR_DB)
    total: Array = np.minimum(horizontal + vertical, FLOOR_DB)
    return total
