"""Probability of line of sight by TR 38.901 Table 7.4.2-1."""

from math import exp, log
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.radio.propagation.line_of_sight import line_of_sight_probability, normal_probability
from cadran.radio.propagation.models import MODELS


def probability(model: str, distance_m: float, ue_height_m: float = 1.5) -> float:
    height_m = MODELS[model].bs_height_m
    return float(line_of_sight_probability(model, np.array([distance_m]), height_m, ue_height_m)[0])


def test_at_100_m() -> None:
    assert probability("uma", 100) == pytest.approx(0.3477, abs=5e-5)
    assert probability("umi", 100) == pytest.approx(0.2310, abs=5e-5)


@pytest.mark.parametrize("model", ["uma", "umi"])
def test_sure_up_to_18_m(model: str) -> None:
    assert [probability(model, d, h) for d in (-5.0, 0.0, 10.0, 18.0) for h in (1.5, 22.5)] == [1.0] * 8
    assert probability(model, 18.5) < 1


def test_high_ues_see_a_macro_site_more_often() -> None:
    low, high = probability("uma", 200, 13), probability("uma", 200, 22.5)
    assert low == probability("uma", 200, 1.5)
    assert high / low == pytest.approx(1 + 0.95**1.5 * 1.25 * 8 * exp(-200 / 150), rel=1e-12)
    assert probability("umi", 200, 22.5) == probability("umi", 200, 1.5)


@pytest.mark.parametrize(
    ("model", "clutter_m"),
    [
        ("inf_sl", -10 / log(0.8)),
        ("inf_dl", -2 / log(0.4)),
        ("inf_sh", -10 / log(0.8) * (8 - 1.5) / (2 - 1.5)),
        ("inf_dh", -2 / log(0.4) * (8 - 1.5) / (6 - 1.5)),
    ],
)
def test_factories(model: str, clutter_m: float) -> None:
    for distance_m in (1.0, 10.0, 60.0):
        assert probability(model, distance_m) == pytest.approx(exp(-distance_m / clutter_m), rel=1e-12)


def test_a_ue_above_the_clutter_sees_a_high_radio_unit() -> None:
    assert probability("inf_sh", 100, 2.0) == 1.0
    assert probability("inf_dh", 100, 6.5) == 1.0


@given(
    st.sampled_from(["uma", "umi", "inf_sl", "inf_dl", "inf_sh", "inf_dh"]),
    st.floats(0, 5000),
    st.floats(1, 22.5),
)
def test_is_a_probability(model: str, distance_m: float, ue_height_m: float) -> None:
    assert 0 <= probability(model, distance_m, ue_height_m) <= 1


def test_normal_distribution() -> None:
    values = np.linspace(-7, 7, 999, dtype=np.float32)
    exact = [NormalDist().cdf(float(value)) for value in values]
    np.testing.assert_allclose(normal_probability(values), exact, atol=1e-6)
    assert normal_probability(np.array([-20, 20], dtype=np.float32)) == pytest.approx([0, 1], abs=1e-12)
