"""Maps of small-scale fading, from which every link reads a window of its own.

A map holds |h|^2 over displacement (rows) and frequency (columns), so that one map serves every speed. It is
periodic both ways, and fixed: what is drawn per link is where its window lies. Values are bfloat16, the upper
half of a float32, at which a sum of interferers is off by less than 0.02 dB.
"""

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.propagation.models import LOS, MODELS, NLOS, delay_spread_s
from cadran.radio.propagation.path_loss import LIGHT_MPS
from cadran.radio.world import World

ROWS_PER_WAVELENGTH = 64
ROWS = 4096
COLUMNS_PER_RB = 512
COLUMNS_PER_GROUP = 128
BLOCK_COLUMNS = 2**18
DIRECT_PATH_DOPPLER = 0.7
"""ASSUMED: Doppler shift of the direct path over the greatest one, as in TDL-D of TS 38.101-4 Annex B."""
_KEY = 0x38901


class FadingMap(NamedTuple):
    """Power gains |h|^2, mean 1 over each kind.

    The window of a link that begins in column ``column`` of kind ``kind`` is ``values[kind * rows * stride +
    (row & (rows - 1)) * stride + column :][:G]`` with ``row`` the displacement in rows.

    Attributes:
        values: uint16[kinds * rows * stride], bfloat16 bit patterns.
        rows: a power of two; the first follows the last.
        stride: columns and as many of the first ones again as a window has.
        columns: where a window may begin.
        kinds: 0 without line of sight; 1, if the path loss model knows it, with line of sight.
        rows_per_m: rows of one metre; 0 if fading does not depend on displacement.
    """

    values: NDArray[np.uint16]
    rows: int
    stride: int
    columns: int
    kinds: int
    rows_per_m: float


def fading_map(world: World) -> FadingMap:
    """The map of ``world.channel.fading``, made once per process for what it depends on.

    jakes: the field of isotropic scattering, with autocorrelation J0(2 pi d / wavelength) over displacement d
    and ``1 / sqrt(1 + (2 pi df DS)^2)`` over frequency (an exponential delay profile); Rician with line of
    sight. A unit of allocation has one column, its gain that of one frequency in it.
    rayleigh: independent Exp(1) values in one row. none: ones.
    """
    channel, units = world.channel, world.unit_rbs
    if channel.fading == "none":
        return _framed(np.ones((1, 1, 1), dtype=np.float32), len(units), 0.0)
    if channel.fading == "rayleigh":
        return _block_map(len(units))
    nlos_s, los_s = _delay_spreads(world)
    has_sight = channel.path_loss != "power_law"
    k_db = MODELS[channel.path_loss].rician_k_db if channel.rician_k_db is None else channel.rician_k_db
    return _jakes_map(
        columns=COLUMNS_PER_RB if units[0] == 1 else COLUMNS_PER_GROUP,
        spacing_hz=world.rb_bandwidth_hz * units[0],
        window=len(units),
        carrier_hz=channel.carrier_hz,
        nlos_s=nlos_s,
        los_s=los_s if has_sight else None,
        rician_k=10 ** (k_db / 10),
    )


def _delay_spreads(world: World) -> tuple[float, float]:
    """RMS delay spreads in s of NLOS and LOS links; a given one scales both."""
    channel = world.channel
    nlos, los = (delay_spread_s(channel.path_loss, state, channel.carrier_hz) for state in (NLOS, LOS))
    if channel.delay_spread_s is None:
        return nlos, los
    return channel.delay_spread_s, los * channel.delay_spread_s / nlos


@lru_cache(maxsize=4)
def _block_map(window: int) -> FadingMap:
    """Quantiles of Exp(1) at the middles of equal bins, in random order."""
    quantiles = -np.log1p(-(np.arange(BLOCK_COLUMNS) + 0.5) / BLOCK_COLUMNS)
    _generator().shuffle(quantiles)
    return _framed((quantiles / quantiles.mean()).astype(np.float32)[None, None], window, 0.0)


@lru_cache(maxsize=4)
def _jakes_map(
    columns: int,
    spacing_hz: float,
    window: int,
    carrier_hz: float,
    nlos_s: float,
    los_s: float | None,
    rician_k: float,
) -> FadingMap:
    rng = _generator()
    fields = [scattered_field(columns, spacing_hz, nlos_s, rng)]
    if los_s is not None:
        diffuse = scattered_field(columns, spacing_hz, diffuse_spread_s(los_s, rician_k), rng)
        fields.append(with_direct_path(diffuse, rician_k))
    power = np.stack([field.real**2 + field.imag**2 for field in fields])
    power /= power.mean(axis=(1, 2), dtype=np.float64, keepdims=True).astype(np.float32)
    return _framed(power, window, ROWS_PER_WAVELENGTH * carrier_hz / LIGHT_MPS)


def scattered_field(
    columns: int, spacing_hz: float, spread_s: float, rng: np.random.Generator
) -> NDArray[np.complex64]:
    """Rayleigh field of isotropic scattering, complex64[4096, columns], mean power 1.

    One plane wave for every pair of a Doppler and a delay, with the power that theory gives the pair and a
    phase drawn at random. So the field is Gaussian by the number of waves, and its correlation over the whole
    map is that of the theory and not one realization's.

    Args:
        columns: frequencies, ``spacing_hz`` apart.
        spacing_hz: their spacing.
        spread_s: RMS delay spread of the exponential profile; 0: all columns are alike.
        rng: drawn from.
    """
    doppler = _doppler_powers()
    delays = _delay_powers(columns, spacing_hz, spread_s)
    phases = 2 * np.pi * rng.random((len(doppler), columns), dtype=np.float32)
    taps = np.exp(1j * phases) * np.sqrt(doppler)[:, None] * np.sqrt(delays)
    over_frequency = np.fft.fft(taps, axis=1)
    waves = np.zeros((columns, ROWS), dtype=np.complex64)
    reach = len(doppler) // 2
    waves[:, : reach + 1] = over_frequency[reach:].T
    waves[:, -reach:] = over_frequency[:reach].T
    # numpy keeps complex64, though its annotations say complex128.
    field = np.fft.ifft(waves, axis=1, norm="forward").T
    return field.astype(np.complex64, copy=False)


def with_direct_path(diffuse: NDArray[np.complex64], rician_k: float) -> NDArray[np.complex64]:
    """A direct path of ``rician_k`` times the diffuse power added; over the map it turns whole times."""
    turns = round(DIRECT_PATH_DOPPLER * ROWS / ROWS_PER_WAVELENGTH)
    direct = np.exp(2j * np.pi * turns * np.arange(ROWS) / ROWS)[:, None] * sqrt(rician_k)
    field: NDArray[np.complex64] = (direct.astype(np.complex64) + diffuse) * np.float32(
        sqrt(1 / (rician_k + 1))
    )
    return field


def diffuse_spread_s(total_s: float, rician_k: float) -> float:
    """Spread of the exponential profile that has ``total_s`` together with a direct path at delay 0.

    With the share q = 1 / (K + 1) of the power and spread D, the variance is 2 q D^2 - (q D)^2.
    """
    return total_s * (rician_k + 1) / sqrt(2 * rician_k + 1)


def _doppler_powers() -> NDArray[np.float32]:
    """Share of the classical spectrum 1 / (pi sqrt(1 - x^2)) in each Doppler bin, from -1 to 1; sum 1."""
    most = ROWS // ROWS_PER_WAVELENGTH
    edges = np.clip((np.arange(-most, most + 2) - 0.5) / most, -1.0, 1.0)
    powers: NDArray[np.float32] = (np.diff(np.arcsin(edges)) / np.pi).astype(np.float32)
    return powers


def _delay_powers(columns: int, spacing_hz: float, spread_s: float) -> NDArray[np.float32]:
    """Share of the exponential profile in each tap, 1 / (columns spacing) apart; sum 1."""
    delays_s = np.arange(columns) / (columns * spacing_hz)
    # Without any spread all power is in the first tap; the least number keeps 0 / 0 out.
    profile = np.exp(-delays_s / max(spread_s, np.finfo(np.float64).tiny))
    powers: NDArray[np.float32] = (profile / profile.sum()).astype(np.float32)
    return powers


def _framed(power: NDArray[np.float32], window: int, rows_per_m: float) -> FadingMap:
    """float32[kinds, rows, columns] as bfloat16, each row continued by its beginning for a window."""
    kinds, rows, columns = power.shape
    continued = np.arange(columns + window) % columns
    values = np.ascontiguousarray(bfloat16(power)[:, :, continued]).reshape(-1)
    values.flags.writeable = False
    return FadingMap(values, rows, columns + window, columns, kinds, rows_per_m)


def bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Bit patterns of the nearest bfloat16 numbers (ties to even) of finite values."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    halfway = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return ((bits + halfway) >> np.uint32(16)).astype(np.uint16)


def _generator() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=_KEY))
