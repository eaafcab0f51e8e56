"""What TR 38.901 tabulates per path loss model."""

from math import log10
from typing import NamedTuple

NLOS, LOS, O2I = range(3)
"""State of a link; indices of the triples below."""


class Clutter(NamedTuple):
    """Clutter of a factory hall (TR 38.901 Tables 7.2-4 and 7.8-7).

    Attributes:
        density: share r of the floor that it covers.
        size_m: its typical width d_clutter.
        height_m: its effective height h_c.
    """

    density: float
    size_m: float
    height_m: float


class Model(NamedTuple):
    """Parameters of one path loss model. Triples are for NLOS, LOS and outdoor-to-indoor links.

    Attributes:
        bs_height_m: usual height of the radio unit (Tables 7.2-1 and 7.2-4, BS antenna height).
        shadowing_db: standard deviations (Table 7.4.1-1; O2I: Table 7.5-6).
        shadowing_distance_m: decorrelation distances (Table 7.5-6).
        sight_distance_m: decorrelation distance of the LOS state (Table 7.6.3.1-2).
        rician_k_db: mean K factor of LOS links (Table 7.5-6).
        delay_spread: a and b of the median RMS delay spread 10^(a lg f + b) s, for NLOS and LOS; lg f is
            ``log_frequency``.
        clutter: of the factory models, else None.
    """

    bs_height_m: float
    shadowing_db: tuple[float, float, float]
    shadowing_distance_m: tuple[float, float, float]
    sight_distance_m: float
    rician_k_db: float
    delay_spread: tuple[tuple[float, float], tuple[float, float]]
    clutter: Clutter | None = None


_SPARSE = Clutter(0.2, 10.0, 2.0)
_DENSE = Clutter(0.6, 2.0, 6.0)
_SMALL_HALL_M = (120.0, 60.0, 10.0)
_LARGE_HALL_M = (300.0, 150.0, 10.0)


def _factory(
    bs_height_m: float, nlos_shadowing_db: float, clutter: Clutter, hall_m: tuple[float, float, float]
) -> Model:
    """A hall of TR 38.901; its delay spreads grow with volume over surface (Table 7.5-6 Part 3)."""
    length, width, height = hall_m
    ratio = length * width * height / (2 * (length * width + length * height + width * height))
    return Model(
        bs_height_m=bs_height_m,
        shadowing_db=(nlos_shadowing_db, 4.3, nlos_shadowing_db),
        shadowing_distance_m=(10.0, 10.0, 10.0),
        sight_distance_m=clutter.size_m / 2,
        rician_k_db=7.0,
        delay_spread=((0.0, log10(30 * ratio + 32) - 9.44), (0.0, log10(26 * ratio + 14) - 9.35)),
        clutter=clutter,
    )


_UMA = Model(
    bs_height_m=25.0,
    shadowing_db=(6.0, 4.0, 7.0),
    shadowing_distance_m=(50.0, 37.0, 7.0),
    sight_distance_m=50.0,
    rician_k_db=9.0,
    delay_spread=((-0.134, -6.47), (-0.0794, -7.067)),
)

MODELS: dict[str, Model] = {
    "uma": _UMA,
    "umi": Model(
        bs_height_m=10.0,
        shadowing_db=(7.82, 4.0, 7.0),
        shadowing_distance_m=(13.0, 10.0, 7.0),
        sight_distance_m=50.0,
        rician_k_db=9.0,
        delay_spread=((-0.22, -6.87), (-0.18, -7.28)),
    ),
    "inf_sl": _factory(1.5, 5.7, _SPARSE, _SMALL_HALL_M),
    "inf_dl": _factory(1.5, 7.2, _DENSE, _LARGE_HALL_M),
    "inf_sh": _factory(8.0, 5.9, _SPARSE, _LARGE_HALL_M),
    "inf_dh": _factory(8.0, 4.0, _DENSE, _SMALL_HALL_M),
    # ASSUMED: a law with one exponent has no states of its own and borrows those of urban macro NLOS,
    # for which its default exponent and spacing stand.
    "power_law": _UMA,
}
"""By the name in ``world.channel.path_loss``. Values of TR 38.901 V19.2."""

_LOWEST_URBAN_MACRO_GHZ = 6.0
_LOWEST_URBAN_MICRO_GHZ = 2.0


def log_frequency(name: str, carrier_hz: float) -> float:
    """The frequency term of Table 7.5-6: lg f for UMa (f >= 6 GHz, its note), else lg(1 + f) (UMi: >= 2)."""
    carrier_ghz = carrier_hz / 1e9
    if name in ("uma", "power_law"):
        return log10(max(carrier_ghz, _LOWEST_URBAN_MACRO_GHZ))
    return log10(1 + max(carrier_ghz, _LOWEST_URBAN_MICRO_GHZ))


def delay_spread_s(name: str, state: int, carrier_hz: float) -> float:
    """Median RMS delay spread in s of NLOS (0) or LOS (1) links, TR 38.901 Table 7.5-6."""
    slope, constant = MODELS[name].delay_spread[state]
    return float(10 ** (slope * log_frequency(name, carrier_hz) + constant))
