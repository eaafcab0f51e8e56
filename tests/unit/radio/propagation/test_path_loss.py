"""Path loss by TR 38.901 Table 7.4.1-1."""

from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.propagation.models import MODELS
from cadran.radio.propagation.path_loss import break_point_m, path_losses_db, power_law_db

CARRIER_HZ = 3.5e9


def losses(model: str, distance_m: float, ue_height_m: float = 1.5) -> tuple[float, float]:
    los, nlos = path_losses_db(
        model, np.array([distance_m]), CARRIER_HZ, MODELS[model].bs_height_m, ue_height_m
    )
    return float(los[0]), float(nlos[0])


@pytest.mark.parametrize(
    ("distance_m", "uma", "umi"),
    [
        (35, (74.63, 87.92), (75.97, 88.93)),
        (100, (83.14, 103.04), (85.31, 104.64)),
        (200, (89.57, 114.46), (91.61, 115.23)),
        (500, (98.27, 129.92), (107.11, 129.26)),
        (1000, (109.41, 141.67), (119.15, 139.89)),
    ],
)
def test_urban_losses(distance_m: float, uma: tuple[float, float], umi: tuple[float, float]) -> None:
    assert losses("uma", distance_m) == pytest.approx(uma, abs=0.0051)
    assert losses("umi", distance_m) == pytest.approx(umi, abs=0.0051)


def test_break_points() -> None:
    assert break_point_m(CARRIER_HZ, 25, 1.5) == pytest.approx(560, abs=0.5)
    assert break_point_m(CARRIER_HZ, 10, 1.5) == pytest.approx(210, abs=0.2)


def test_antennas_at_the_height_of_the_reflecting_ground_have_a_finite_loss() -> None:
    for found in path_losses_db("umi", np.array([10.0, 100.0]), CARRIER_HZ, 1.0, 1.0):
        assert np.isfinite(found).all()


@pytest.mark.parametrize("model", ["uma", "umi"])
def test_beyond_the_break_point_the_loss_grows_with_the_fourth_power_and_does_not_jump(model: str) -> None:
    at = break_point_m(CARRIER_HZ, MODELS[model].bs_height_m, 1.5)
    assert losses(model, at * 1.0001)[0] == pytest.approx(losses(model, at)[0], abs=0.5)
    assert losses(model, 20 * at)[0] - losses(model, 2 * at)[0] == pytest.approx(40, abs=0.05)


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        ("inf_sl", [(33, 25.5, 20)]),
        ("inf_dl", [(33, 25.5, 20), (18.6, 35.7, 20)]),
        ("inf_sh", [(32.4, 23, 20)]),
        ("inf_dh", [(33.63, 21.9, 20)]),
    ],
)
@pytest.mark.parametrize("distance_m", [3.0, 20.0, 80.0, 300.0])
def test_factory_losses(model: str, lines: list[tuple[float, float, float]], distance_m: float) -> None:
    far = log10(np.hypot(distance_m, MODELS[model].bs_height_m - 1.5))
    los = 31.84 + 21.5 * far + 19 * log10(3.5)
    nlos = max(los, *(a + b * far + c * log10(3.5) for a, b, c in lines))
    assert losses(model, distance_m) == pytest.approx((los, nlos), abs=1e-9)


@given(
    st.sampled_from(["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"]),
    st.floats(10, 5000),
    st.floats(1.5, 22.5),
)
def test_losses_are_at_least_those_of_line_of_sight_and_grow_with_distance(
    model: str, distance_m: float, ue_height_m: float
) -> None:
    near, far = losses(model, distance_m, ue_height_m), losses(model, distance_m * 2, ue_height_m)
    assert near[1] >= near[0]
    assert far > near


def test_a_higher_ue_loses_less() -> None:
    assert losses("uma", 300, 1.5)[1] - losses("uma", 300, 11.5)[1] == pytest.approx(6, abs=0.1)
    assert losses("umi", 300, 1.5)[1] - losses("umi", 300, 11.5)[1] == pytest.approx(3, abs=0.1)


def test_power_law() -> None:
    np.testing.assert_allclose(power_law_db(np.array([1.0, 10.0, 100.0]), 43.3, 3.5), [43.3, 78.3, 113.3])
