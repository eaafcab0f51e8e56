"""The fading map against the theory of isotropic scattering."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from cadran.lab.report.style import legend
from cadran.radio import Radio, World
from cadran.radio.propagation.fading import (
    DIRECT_PATH_DOPPLER,
    ROWS_PER_WAVELENGTH,
    fading_map,
    scattered_field,
)
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, FOUND, THEORY
from cadran.testbed.radio_validation.worlds import one_slice, play, start

SPREAD_S = 96.9e-9
"""Median RMS delay spread of UMi NLOS at 3.5 GHz, TR 38.901 Table 7.5-6."""
RB_HZ = 200e3
RICIAN_K = 10**0.9
WAVELENGTHS = (0.0625, 0.125, 0.25, 0.375, 0.5, 1.0, 2.0)
RBS_APART = (1, 8, 28)
DEPTHS = (0.1, 0.5, 1.0)
SPEED_MPS = 3 / 3.6
DOPPLER_HZ = 9.729
JAKES = "J₀(2π d / λ), Clarke's model"


def fading() -> Theme:
    """The theme; takes a second or two."""
    field = scattered_field(512, RB_HZ, SPREAD_S, np.random.default_rng(1))
    power, sighted = _powers()
    return Theme(
        "Small-scale fading",
        "Every link reads its fading from a map over displacement and frequency. Its autocorrelation must be "
        "that of isotropic scattering (of the field J₀, of the power its square), its selectivity that of an "
        "exponential delay profile, and fades as frequent and as long as Rice's theory says. At 3.5 GHz and "
        "3 km/h, half a wavelength takes 51 ms.",
        [
            *_field_checks(field),
            *_power_checks(power, sighted),
            *_frequency_checks(power),
            *_fade_checks(power),
            _doppler_check(),
        ],
        [
            Figure(
                "autocorrelation.png",
                "Autocorrelation over displacement, of the field, of its power, and of the power where a "
                "direct path (K = 9 dB) beats against the scattered ones. Colour: the simulator's map; "
                "dashed: theory.",
                lambda canvas: _draw_correlation(canvas, field, power, sighted),
            ),
            Figure(
                "frequency-correlation.png",
                "Correlation of the power of two resource blocks of 200 kHz, UMi without line of sight. "
                "Points: map; dashed: exponential delay profile of 97 ns.",
                lambda canvas: _draw_frequency(canvas, power),
            ),
            Figure(
                "level-crossings.png",
                "How often the amplitude falls below a level, and for how long, against Rice's closed forms "
                "(dashed). The map is sampled 64 times per wavelength and misses the shortest fades.",
                lambda canvas: _draw_fades(canvas, power),
                panels=2,
            ),
        ],
    )


def bessel_j0(x: Array) -> Array:
    """J0, the mean of cos(x sin theta) over the circle."""
    theta = (np.arange(2048) + 0.5) * 2 * np.pi / 2048
    mean: Array = np.cos(np.asarray(x)[:, None] * np.sin(theta)).mean(axis=1)
    return mean


def autocorrelation(field: NDArray[Any], axis: int, lags: NDArray[np.int64]) -> Array:
    """Real part of the circular autocorrelation over ``axis``, averaged over the other axis."""
    spectrum = np.abs(np.fft.fft(field - field.mean(), axis=axis)) ** 2
    covariance = np.fft.ifft(spectrum, axis=axis).mean(axis=1 - axis).real
    found: Array = covariance[lags] / covariance[0]
    return found


def fades(power: NDArray[np.float32], depth: float) -> tuple[float, float]:
    """Fades below ``depth`` times the RMS amplitude per wavelength, and their mean length in wavelengths."""
    below = power < depth**2
    entries = float((below & ~np.roll(below, 1, axis=0)).mean()) * ROWS_PER_WAVELENGTH
    return entries, float(below.mean()) / entries


def fade_rate(depth: Array) -> Array:
    """Rice's level-crossing rate over the maximum Doppler shift: fades per wavelength."""
    rate: Array = np.sqrt(2 * np.pi) * depth * np.exp(-(depth**2))
    return rate


def fade_length(depth: Array) -> Array:
    """Mean length of a fade in wavelengths."""
    length: Array = np.expm1(depth**2) / (depth * np.sqrt(2 * np.pi))
    return length


def sighted_theory(scattering: Array, wavelengths: Array) -> Array:
    """Autocorrelation of the power of Rician fading, whose direct path beats against the scattered ones."""
    beat = np.cos(2 * np.pi * DIRECT_PATH_DOPPLER * wavelengths)
    found: Array = (scattering**2 + 2 * RICIAN_K * scattering * beat) / (1 + 2 * RICIAN_K)
    return found


def _powers() -> NDArray[np.float32]:
    """The map as the radio reads it, float32[2, rows, columns]: without and with line of sight."""
    found = fading_map(World.model_validate({"channel": {"fading": "jakes", "path_loss": "umi"}}))
    values = (found.values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return values.reshape(found.kinds, found.rows, found.stride)[:, :, : found.columns]


def _lags(wavelengths: Array) -> NDArray[np.int64]:
    return np.rint(np.asarray(wavelengths) * ROWS_PER_WAVELENGTH).astype(np.int64)


def _field_checks(field: NDArray[Any]) -> list[Check]:
    at = np.array(WAVELENGTHS)
    found, expected = autocorrelation(field, 0, _lags(at)), bessel_j0(2 * np.pi * at)
    rows = [
        (f"field, {d:g} wavelengths apart", float(v), float(e))
        for d, v, e in zip(at, found, expected, strict=True)
    ]
    return checks_of(rows, 0.005, "", JAKES)


def _power_checks(power: NDArray[np.float32], sighted: NDArray[np.float32]) -> list[Check]:
    at = np.array([0.125, 0.25, 0.5, 1.0])
    scattering = bessel_j0(2 * np.pi * at)
    kinds: list[tuple[str, NDArray[np.float32], Array]] = [
        ("power, NLOS", power, scattering**2),
        ("power, LOS", sighted, sighted_theory(scattering, at)),
    ]
    rows = [
        (f"{name}, {d:g} wavelengths apart", float(v), float(e))
        for name, values, expected in kinds
        for d, v, e in zip(at, autocorrelation(values, 0, _lags(at)), expected, strict=True)
    ]
    return checks_of(rows, 0.03, "", "J₀², with a direct path Rice")


def _selectivity(rbs: Array) -> Array:
    found: Array = 1 / (1 + (2 * np.pi * rbs * RB_HZ * SPREAD_S) ** 2)
    return found


def _frequency_checks(power: NDArray[np.float32]) -> list[Check]:
    apart = np.array(RBS_APART)
    found = autocorrelation(power, 1, apart)
    rows = [
        (f"power, {n} RB apart", float(v), float(e))
        for n, v, e in zip(apart, found, _selectivity(apart.astype(np.float64)), strict=True)
    ]
    return checks_of(rows, 0.03, "", "1 / (1 + (2π Δf DS)²)")


def _fade_checks(power: NDArray[np.float32]) -> list[Check]:
    checks = []
    for depth in DEPTHS:
        rate, length = fades(power, depth)
        expected = float(fade_rate(np.array(depth))), float(fade_length(np.array(depth)))
        for name, value, right, unit in (
            ("fades", rate, expected[0], "per wavelength"),
            ("mean fade", length, expected[1], "wavelengths"),
        ):
            checks.append(
                Check(f"{name} below {depth:g} of RMS", value, right, 0.06 * right, unit, "Rice, closed form")
            )
    return checks


def _doppler_check() -> Check:
    """How fast a link of a UE at 3 km/h really moves through the map in a run."""
    frames = 20
    world = one_slice(1, preset="3gpp", rbs=8, channel={"doppler_speed_mps": SPEED_MPS})
    radio = Radio(world)
    state = start(radio, 1)
    before = int(state.ues.travelled[0, 0, 0, 0])
    play(radio, state, frames)
    rows = (int(state.ues.travelled[0, 0, 0, 0]) - before) / 2**16
    shift_hz = rows / ROWS_PER_WAVELENGTH / (frames * world.frame_s)
    return Check("Doppler shift at 3 km/h in a run", shift_hz, DOPPLER_HZ, 0.01, "Hz", "v f / c at 3.5 GHz")


def _draw_correlation(
    canvas: Canvas, field: NDArray[Any], power: NDArray[np.float32], sighted: NDArray[np.float32]
) -> None:
    axes = canvas.subplots()
    lags = np.arange(0, 3 * ROWS_PER_WAVELENGTH + 1)
    at = lags / ROWS_PER_WAVELENGTH
    scattering = bessel_j0(2 * np.pi * at)
    curves: list[tuple[str, NDArray[Any], Array]] = [
        ("field", field, scattering),
        ("power", power, scattering**2),
        ("power, line of sight", sighted, sighted_theory(scattering, at)),
    ]
    for (name, values, expected), colour in zip(curves, (COLOURS[0], COLOURS[3], COLOURS[2]), strict=True):
        axes.plot(at, autocorrelation(values, 0, lags), color=colour, label=name, alpha=0.8)
        axes.plot(at, expected, **THEORY)
    axes.set_xlabel("displacement (wavelengths)")
    axes.set_ylabel("autocorrelation")
    axes.set_title("Fading over displacement")
    legend(axes, 3)


def _draw_frequency(canvas: Canvas, power: NDArray[np.float32]) -> None:
    axes = canvas.subplots()
    apart = np.arange(0, 60)
    axes.plot(apart, autocorrelation(power, 1, apart), color=COLOURS[0], label="map", **FOUND)
    fine = np.linspace(0, 60, 300)
    axes.plot(fine, _selectivity(fine), label="theory", **THEORY)
    axes.set_xlabel("resource blocks apart")
    axes.set_ylabel("correlation of the power")
    axes.set_ylim(bottom=0)
    axes.set_title("Fading over frequency")
    legend(axes)


def _draw_fades(canvas: Canvas, power: NDArray[np.float32]) -> None:
    rate_axes, length_axes = canvas.subplots(1, 2)
    depths_db = np.arange(-26.0, 7.0, 2.0)
    found = np.array([fades(power, 10 ** (db / 20)) for db in depths_db])
    fine_db = np.linspace(-26, 6, 200)
    panels: list[tuple[Any, Array, Callable[[Array], Array], str]] = [
        (rate_axes, found[:, 0], fade_rate, "fades per wavelength"),
        (length_axes, found[:, 1], fade_length, "mean fade (wavelengths)"),
    ]
    for axes, values, theory, label in panels:
        axes.plot(depths_db, values, color=COLOURS[0], label="map", **FOUND)
        axes.plot(fine_db, theory(10 ** (fine_db / 20)), label="theory", **THEORY)
        axes.set_yscale("log")
        axes.set_xlabel("level over RMS (dB)")
        axes.set_ylabel(label)
    rate_axes.set_title("Level crossings")
    length_axes.set_title("Length of fades")
    legend(rate_axes)
