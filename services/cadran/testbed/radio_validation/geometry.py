"""Geometry SINR of 19 sites against an oracle's percentiles."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import World
from cadran.radio.layout import uniform_in_hexagons
from cadran.radio.propagation.links import draw_links, mean_gains
from cadran.radio.propagation.sites import sites
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, REFERENCE

UES = 12_000
LOADS = (1.0, 0.5, 0.1)
QUARTILES = (25, 50, 75)
TOLERANCE_DB = 0.5
SOURCE = "Sionna 2.2.0, 5,760 UEs"


class Case(NamedTuple):
    """A layout of 19 sites and the quartiles of its SINR in dB, at each load of the neighbours."""

    name: str
    model: str
    spacing_m: float
    power_dbm: float
    indoor_fraction: float
    min_distance_m: float
    sectors: int
    quartiles_db: dict[float, tuple[float, float, float]]


CASES = (
    Case("UMi, omni", "umi", 200.0, 41.0, 0.8, 10.0, 1,
         {1.0: (1.82, 7.49, 15.32), 0.5: (4.80, 10.42, 18.25), 0.1: (11.43, 16.98, 24.73)}),
    Case("UMa, omni", "uma", 500.0, 46.0, 0.0, 35.0, 1,
         {1.0: (1.98, 7.47, 16.72), 0.5: (4.99, 10.48, 19.73), 0.1: (11.93, 17.43, 26.67)}),
    Case("UMi, 3 sectors", "umi", 200.0, 41.0, 0.8, 10.0, 3,
         {1.0: (0.76, 5.15, 11.44), 0.5: (3.71, 8.06, 14.38), 0.1: (10.15, 14.52, 20.85)}),
    Case("UMa, 3 sectors", "uma", 500.0, 46.0, 0.0, 35.0, 3,
         {1.0: (0.78, 5.29, 11.80), 0.5: (3.79, 8.30, 14.81), 0.1: (10.74, 15.27, 21.77)}),
)  # fmt: skip


def geometry(ues: int = UES) -> Theme:
    """The theme, from ``ues`` UEs per case."""
    gains = [case_gains(case, ues) for case in CASES]
    checks: list[Check] = []
    for case, gain in zip(CASES, gains, strict=True):
        checks += _checks(case, gain)
    return Theme(
        "Geometry: SINR over a layout",
        "Wideband SINR without fading of UEs uniform over 19 sites with the layout wrapped around; 20 MHz at "
        "3.5 GHz, noise figure 9 dB, reuse 1. UMi: 200 m between sites, 41 dBm, 80 % of UEs indoors. UMa: "
        "500 m, 46 dBm, UEs outdoors. Load: share of its power that every neighbour sends. The reference is "
        "a second implementation of the same clauses, whose medians are themselves known to about 0.3 dB.",
        checks,
        [
            Figure(
                "geometry-layouts.png",
                "SINR over the UEs with all neighbours at full power. Lines: simulator; rings: quartiles of "
                "the reference.",
                lambda canvas: _draw_layouts(canvas, gains),
            ),
            Figure(
                "geometry-loads.png",
                "Urban micro with 3 sectors when the neighbours send all, half, or a tenth of their power: "
                "what idle neighbours are worth.",
                lambda canvas: _draw_loads(canvas, CASES[2], gains[2]),
            ),
        ],
    )


def case_gains(case: Case, ues: int) -> Array:
    """Mean gains over noise, float64[N, C]; UEs nearer to a site than the shortest distance are left out."""
    world = World.model_validate(_world(case))
    found, rng = sites(world), np.random.default_rng(1)
    position_m = uniform_in_hexagons(found.position_m[:: case.sectors], case.spacing_m, ues, rng)
    from_m = np.linalg.norm(position_m[:, None] - found.position_m, axis=2).min(axis=1)
    position_m = position_m[from_m >= case.min_distance_m]
    links = draw_links(world, found, len(position_m), rng)
    return mean_gains(world, found, position_m, links)[0]


def sinr_db(gain: Array, load: float = 1.0) -> Array:
    """SINR of each UE, its neighbours sending the share ``load`` of their power."""
    own = gain.max(axis=1)
    found: Array = 10 * np.log10(own / (1 + load * (gain.sum(axis=1) - own)))
    return found


def _world(case: Case) -> dict[str, Any]:
    return {
        "dus": 19 * case.sectors,
        "rbs": 106,
        "rb_bandwidth_hz": 180e3,
        "layout": {
            "kind": "rings",
            "sectors": case.sectors,
            "wrap_around": True,
            "inter_site_distance_m": case.spacing_m,
            "min_distance_m": case.min_distance_m,
            "indoor_fraction": case.indoor_fraction,
        },
        "channel": {
            "path_loss": case.model,
            "tx_power_dbm": case.power_dbm,
            "noise_density_dbm_per_hz": -173.98,
            "noise_figure_db": 9.0,
            "shadowing_db": None,
            "antenna_gain_dbi": 8.0,
            "antenna": "omni" if case.sectors == 1 else "sector",
        },
    }


def _checks(case: Case, gain: Array) -> list[Check]:
    rows = []
    for load in LOADS:
        found = np.percentile(sinr_db(gain, load), QUARTILES)
        for percent, value, expected in zip(QUARTILES, found, case.quartiles_db[load], strict=True):
            if percent == 50 or load == 1.0:
                name = "median" if percent == 50 else f"{percent}th percentile"
                rows.append((f"{case.name}, load {load:g}: {name}", float(value), expected))
    return checks_of(rows, TOLERANCE_DB, "dB", SOURCE)


def _draw_layouts(canvas: Canvas, gains: list[Array]) -> None:
    axes = canvas.subplots()
    for case, gain, colour in zip(CASES, gains, COLOURS, strict=False):
        _curve(axes, sinr_db(gain), case.quartiles_db[1.0], colour, case.name)
    _finish(axes, "Layouts at full load", 2)


def _draw_loads(canvas: Canvas, case: Case, gain: Array) -> None:
    axes = canvas.subplots()
    for load, colour in zip(LOADS, COLOURS, strict=False):
        _curve(axes, sinr_db(gain, load), case.quartiles_db[load], colour, f"load {load:g}")
    _finish(axes, "Loads of the neighbours (UMi, 3 sectors)", 3)


def _curve(axes: Any, values: Array, quartiles: tuple[float, float, float], colour: str, name: str) -> None:
    axes.plot(np.sort(values), np.linspace(0, 1, len(values)), color=colour, label=name)
    axes.plot(quartiles, np.array(QUARTILES) / 100, **REFERENCE)


def _finish(axes: Any, title: str, columns: int) -> None:
    axes.set_xlim(-8, 40)
    axes.set_ylim(0, 1)
    axes.set_xlabel("SINR (dB)")
    axes.set_ylabel("share of UEs below")
    axes.set_title(title)
    legend(axes, columns)
