"""The sector antenna of TR 38.901 Table 7.3-1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.propagation.antennas import attenuation_db, sector_attenuation_db


def cut(azimuth_deg: float, elevation_deg: float) -> float:
    return float(attenuation_db(np.deg2rad([azimuth_deg]), np.deg2rad([elevation_deg]))[0])


def towards(azimuth_deg: float, ground_m: float, rise_m: float, downtilt_deg: float) -> float:
    azimuth_rad = np.deg2rad([azimuth_deg])
    return float(sector_attenuation_db(azimuth_rad, np.array([ground_m]), rise_m, downtilt_deg)[0])


def test_cuts() -> None:
    assert cut(0, 0) == 0
    assert cut(32.5, 0) == pytest.approx(3)
    assert cut(0, -32.5) == pytest.approx(3)
    assert cut(65, 0) == pytest.approx(12)
    assert cut(30, 40) == pytest.approx(12 * (30 / 65) ** 2 + 12 * (40 / 65) ** 2)
    assert cut(180, 0) == cut(90, 75) == cut(180, 90) == 30


def test_a_ue_on_the_tilted_boresight_loses_nothing() -> None:
    assert towards(0, 100.0, 100 * np.tan(np.deg2rad(8)), 8.0) == pytest.approx(0, abs=1e-12)
    assert towards(0, 100.0, 0.0, 8.0) == pytest.approx(12 * (8 / 65) ** 2)
    assert towards(0, 100.0, 100 * np.tan(np.deg2rad(32.5)), 0.0) == pytest.approx(3)


def test_tilt_turns_about_the_sideways_axis() -> None:
    # 90 degrees off to the side the horizon lies on that axis, and stays in the horizontal cut.
    assert towards(90, 100.0, 0.0, 30.0) == pytest.approx(min(30, 12 * (90 / 65) ** 2))
    # Behind, what was level is now above the boresight by the tilt; the floor holds anyway.
    assert towards(180, 100.0, 0.0, 10.0) == 30


@given(st.floats(-180, 180), st.floats(0, 2000), st.floats(0.5, 50), st.floats(-90, 90))
def test_bounds_and_symmetry(azimuth: float, ground: float, rise: float, tilt: float) -> None:
    value = towards(azimuth, ground, rise, tilt)
    assert 0 <= value <= 30
    assert towards(-azimuth, ground, rise, tilt) == pytest.approx(value, abs=1e-9)
