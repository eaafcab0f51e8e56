"""Maps of fading against the theory of isotropic scattering."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cadran.radio.propagation.fading import (
    DIRECT_PATH_DOPPLER,
    ROWS_PER_WAVELENGTH,
    FadingMap,
    bfloat16,
    diffuse_spread_s,
    fading_map,
    scattered_field,
)
from cadran.radio.world import World

UMI: dict[str, Any] = {"channel": {"fading": "jakes", "path_loss": "umi"}}
K = 10**0.9


def world(**changes: Any) -> World:
    return World.model_validate(changes)


def powers(found: FadingMap) -> NDArray[np.float32]:
    """float32[kinds, rows, stride]."""
    floats = (found.values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return floats.reshape(found.kinds, found.rows, found.stride)


@pytest.fixture(scope="module")
def umi() -> NDArray[np.float32]:
    """float32[2, rows, columns], without the repeated columns."""
    found = fading_map(world(**UMI))
    return powers(found)[:, :, : found.columns]


def bessel_j0(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """J0(x) = mean of cos(x sin theta) over the circle."""
    theta = (np.arange(4096) + 0.5) * 2 * np.pi / 4096
    return np.cos(x[:, None] * np.sin(theta)).mean(axis=1)


def autocovariance(field: NDArray[Any], axis: int, lags: NDArray[np.int64]) -> NDArray[Any]:
    """Circular autocovariance over ``axis``, averaged over the other one, over the variance."""
    spectrum = np.abs(np.fft.fft(field - field.mean(), axis=axis)) ** 2
    covariance = np.fft.ifft(spectrum, axis=axis).mean(axis=1 - axis)
    return covariance[lags] / covariance[0].real


LAGS = np.array([1, 4, 8, 16, 24, 32, 48, 64, 96, 128, 320])


def test_field_is_correlated_over_displacement_by_j0() -> None:
    field = scattered_field(512, 200e3, 97e-9, np.random.default_rng(1))
    expected = bessel_j0(2 * np.pi * LAGS / ROWS_PER_WAVELENGTH)
    np.testing.assert_allclose(autocovariance(field, 0, LAGS), expected, atol=0.005)


def test_field_is_correlated_over_frequency_by_its_delay_spread() -> None:
    field = scattered_field(512, 200e3, 97e-9, np.random.default_rng(1))
    df = np.array([1, 2, 4, 8, 16, 28])
    expected = 1 / np.sqrt(1 + (2 * np.pi * df * 200e3 * 97e-9) ** 2)
    np.testing.assert_allclose(np.abs(autocovariance(field, 1, df)), expected, atol=0.005)


def test_power_is_correlated_by_the_square_of_j0(umi: NDArray[np.float32]) -> None:
    expected = bessel_j0(2 * np.pi * LAGS / ROWS_PER_WAVELENGTH) ** 2
    np.testing.assert_allclose(autocovariance(umi[0], 0, LAGS).real, expected, atol=0.03)


def test_power_is_correlated_over_rbs(umi: NDArray[np.float32]) -> None:
    df = np.array([1, 2, 4, 8, 16, 28])
    expected = 1 / (1 + (2 * np.pi * df * 200e3 * 96.9e-9) ** 2)
    np.testing.assert_allclose(autocovariance(umi[0], 1, df).real, expected, atol=0.03)


def test_3_km_h_at_3_5_ghz_forgets_in_40_ms(umi: NDArray[np.float32]) -> None:
    per_s = 3 / 3.6 * fading_map(world(**UMI)).rows_per_m
    assert per_s / ROWS_PER_WAVELENGTH == pytest.approx(9.73, abs=0.01)
    lags = np.rint(np.array([0.001, 0.005, 0.010, 0.020, 0.0393]) * per_s).astype(np.int64)
    expected = np.array([0.999, 0.977, 0.909, 0.660, 0.0]) ** 2
    np.testing.assert_allclose(autocovariance(umi[0], 0, lags).real, expected, atol=0.03)


@pytest.mark.parametrize("depth", [0.1, 0.5, 1.0])
def test_fades_are_as_frequent_and_as_long_as_theory_says(depth: float, umi: NDArray[np.float32]) -> None:
    below = umi[0] < depth**2
    entries = (below & ~np.roll(below, 1, axis=0)).mean() * ROWS_PER_WAVELENGTH
    rate_per_wavelength = np.sqrt(2 * np.pi) * depth * np.exp(-(depth**2))
    assert entries == pytest.approx(rate_per_wavelength, rel=0.06)  # sampling misses some short fades
    mean_length = below.mean() / entries
    assert mean_length == pytest.approx(np.expm1(depth**2) / (depth * np.sqrt(2 * np.pi)), rel=0.05)


def test_without_sight_power_is_exponential(umi: NDArray[np.float32]) -> None:
    for level in (0.01, 0.1, 0.5, 1.0, 2.0, 4.0):
        assert (umi[0] > level).mean() == pytest.approx(np.exp(-level), abs=0.012)
    for moment, expected in ((1, 1.0), (2, 2.0), (3, 6.0)):
        assert (umi[0].astype(np.float64) ** moment).mean() == pytest.approx(expected, rel=0.05)


def test_with_sight_power_is_rician(umi: NDArray[np.float32]) -> None:
    power = umi[1].astype(np.float64)
    assert (power**2).mean() == pytest.approx(1 + (2 * K + 1) / (K + 1) ** 2, rel=0.01)
    third = (K**3 + 9 * K**2 + 18 * K + 6) / (K + 1) ** 3
    assert (power**3).mean() == pytest.approx(third, rel=0.02)
    scattering = bessel_j0(2 * np.pi * LAGS / ROWS_PER_WAVELENGTH)
    beat = np.cos(2 * np.pi * DIRECT_PATH_DOPPLER * LAGS / ROWS_PER_WAVELENGTH)
    # The direct path beats against the scattered ones.
    expected = (scattering**2 + 2 * K * scattering * beat) / (1 + 2 * K)
    np.testing.assert_allclose(autocovariance(umi[1], 0, LAGS).real, expected, atol=0.03)


def test_delay_spread_of_direct_and_scattered_paths_together() -> None:
    spread = diffuse_spread_s(40e-9, K)
    delays = np.linspace(0, 40 * spread, 400_001)
    scattered = np.exp(-delays / spread)
    scattered /= scattered.sum() * (K + 1)
    mean = (scattered * delays).sum()
    assert np.sqrt((scattered * delays**2).sum() - mean**2) == pytest.approx(40e-9, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "shape"),
    [
        ({}, (1, 1, 2**18)),
        ({"channel": {"fading": "none"}}, (1, 1, 1)),
        ({"channel": {"fading": "jakes"}}, (1, 4096, 512)),
        (UMI, (2, 4096, 512)),
        (UMI | {"mac": {"allocation": "rbg"}}, (2, 4096, 128)),
        ({"preset": "3gpp-30khz"}, (2, 4096, 128)),
        ({"channel": UMI["channel"] | {"delay_spread_s": 0.0}}, (2, 4096, 512)),
    ],
)
def test_every_map_has_mean_1_and_windows_that_wrap_around(
    changes: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    scenario = world(**changes)
    found, units = fading_map(scenario), len(scenario.unit_rbs)
    assert (found.kinds, found.rows, found.columns) == shape
    assert found.stride == found.columns + units
    assert found.rows & (found.rows - 1) == 0
    assert len(found.values) == found.kinds * found.rows * found.stride
    power = powers(found)
    np.testing.assert_allclose(power[:, :, : found.columns].mean(axis=(1, 2), dtype=np.float64), 1, atol=1e-4)
    repeated = np.arange(units) % found.columns
    np.testing.assert_array_equal(power[:, :, found.columns :], power[:, :, repeated])


def test_map_continues_over_its_edges(umi: NDArray[np.float32]) -> None:
    for axis in (0, 1):
        steps = np.abs(np.diff(umi[0], axis=axis)).mean()
        over_edge = np.abs(np.take(umi[0], 0, axis) - np.take(umi[0], -1, axis)).mean()
        assert over_edge == pytest.approx(steps, rel=0.3)


def test_no_delay_spread_no_selectivity() -> None:
    flat = powers(fading_map(world(channel=UMI["channel"] | {"delay_spread_s": 0.0})))
    np.testing.assert_array_equal(flat, np.broadcast_to(flat[:, :, :1], flat.shape))


def test_block_fading_is_exponential_and_white() -> None:
    power = powers(fading_map(world()))[0, 0, : 2**18].astype(np.float64)
    assert (power**2).mean() == pytest.approx(2, abs=0.01)
    lags = np.arange(1, 400)
    assert np.abs(autocovariance(power[None], 1, lags)).max() < 0.01


def test_map_is_the_same_for_all_who_ask() -> None:
    assert fading_map(world(**UMI)) is fading_map(world(**UMI, ues=7))
    assert fading_map(world(**UMI)) is not fading_map(world(**UMI, rbs=50))


@given(st.floats(0, 2.0**100, width=32))
def test_bfloat16_rounds_to_nearest(value: float) -> None:
    bits = int(bfloat16(np.array([value], dtype=np.float32))[0])
    near = np.array([max(bits - 1, 0), bits, bits + 1], dtype=np.uint32) << np.uint32(16)
    error = np.abs(near.view(np.float32).astype(np.float64) - value)
    assert error[1] == error.min()
    if error[1] == error[0] != 0 and bits > 0:
        assert bits % 2 == 0
