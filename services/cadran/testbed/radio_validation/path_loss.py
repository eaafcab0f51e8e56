"""Path loss and noise against the tables of TR 38.901."""

from math import log10

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import World
from cadran.radio.propagation.models import MODELS
from cadran.radio.propagation.path_loss import break_point_m, path_losses_db
from cadran.testbed.radio_validation.check import Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, REFERENCE

CARRIER_HZ = 3.5e9
UE_HEIGHT_M = 1.5
TABLE: dict[str, dict[int, tuple[float, float]]] = {
    "uma": {
        35: (74.63, 87.92),
        100: (83.14, 103.04),
        200: (89.57, 114.46),
        500: (98.27, 129.92),
        1000: (109.41, 141.67),
    },
    "umi": {
        35: (75.97, 88.93),
        100: (85.31, 104.64),
        200: (91.61, 115.23),
        500: (107.11, 129.26),
        1000: (119.15, 139.89),
    },
}
"""TR 38.901 Table 7.4.1-1 in numbers: LOS and NLOS in dB at 3.5 GHz, UE at 1.5 m, by distance in m."""
FACTORY = {"inf_sl": (33.0, 25.5), "inf_sh": (32.4, 23.0), "inf_dh": (33.63, 21.9)}
"""Constant and slope of the NLOS lines of the same table, whose carrier term is 20 lg f."""
FACTORY_M = 100.0
BREAK_POINTS_M = {"uma": 560.4, "umi": 210.2}
NAMES = {"uma": "UMa", "umi": "UMi", "inf_sl": "InF-SL", "inf_sh": "InF-SH", "inf_dh": "InF-DH"}
SOURCE = "TR 38.901 Table 7.4.1-1"


def path_loss() -> Theme:
    """The theme; takes milliseconds."""
    return Theme(
        "Path loss and noise",
        "Loss over distance with and without line of sight at 3.5 GHz and a UE at 1.5 m: the simulator's "
        "formulas against numbers worked out from the table once, and the power budget of a resource block.",
        [*_street_checks(), *_factory_checks(), *_break_points(), *_budget()],
        [
            Figure(
                "path-loss.png",
                "Path loss over distance at 3.5 GHz. Lines: simulator; rings: table values. Both laws bend "
                "where the ground reflection begins to cancel the direct path: UMi at 210 m, UMa at 560 m.",
                _draw,
                panels=2,
            )
        ],
    )


def loss_db(model: str, distance_m: float) -> tuple[float, float]:
    """Losses with and without line of sight."""
    height_m = MODELS[model].bs_height_m
    los, nlos = path_losses_db(model, np.array([distance_m]), CARRIER_HZ, height_m, UE_HEIGHT_M)
    return float(los[0]), float(nlos[0])


def _street_checks() -> list[Check]:
    rows = []
    for model, table in TABLE.items():
        for distance, expected in table.items():
            found = loss_db(model, distance)
            for state, value, right in zip(("LOS", "NLOS"), found, expected, strict=True):
                rows.append((f"{NAMES[model]} {state}, {distance} m", value, right))
    return checks_of(rows, 0.01, "dB", SOURCE)


def _factory_checks() -> list[Check]:
    rows = []
    for model, (constant, slope) in FACTORY.items():
        far = log10(np.hypot(FACTORY_M, MODELS[model].bs_height_m - UE_HEIGHT_M))
        los = 31.84 + 21.5 * far + 19 * log10(3.5)
        nlos = max(los, constant + slope * far + 20 * log10(3.5))
        found = loss_db(model, FACTORY_M)
        rows.append((f"{NAMES[model]} LOS, {FACTORY_M:.0f} m", found[0], los))
        rows.append((f"{NAMES[model]} NLOS, {FACTORY_M:.0f} m", found[1], nlos))
    return checks_of(rows, 0.01, "dB", SOURCE)


def _break_points() -> list[Check]:
    rows = [
        (
            f"{NAMES[model]} break point",
            break_point_m(CARRIER_HZ, MODELS[model].bs_height_m, UE_HEIGHT_M),
            expected,
        )
        for model, expected in BREAK_POINTS_M.items()
    ]
    return checks_of(rows, 0.5, "m", f"{SOURCE} note 1")


def _budget() -> list[Check]:
    rows = [
        ("3gpp", "noise of an RB (180 kHz, NF 9 dB)", -112.45),
        ("3gpp-30khz", "noise of an RB (360 kHz, NF 9 dB)", -109.44),
    ]
    noise = [
        (f"{preset}: {name}", 10 * log10(World(preset=preset).noise_per_rb_w) + 30, expected)
        for preset, name, expected in rows
    ]
    power_dbm = 10 * log10(World(preset="3gpp").tx_power_per_rb_w) + 30
    power = ("3gpp: power of an RB (46 dBm over 106)", power_dbm, 46 - 10 * log10(106))
    return checks_of(noise, 0.03, "dBm", "k T B at 290 K plus noise figure") + checks_of(
        [power], 0.001, "dBm", "power over the configured RBs"
    )


def _draw(canvas: Canvas) -> None:
    distance_m = np.geomspace(12, 2500, 400)
    for axes, model in zip(canvas.subplots(1, 2, sharey=True), ("uma", "umi"), strict=True):
        losses = path_losses_db(model, distance_m, CARRIER_HZ, MODELS[model].bs_height_m, UE_HEIGHT_M)
        for state, name, colour in (
            (1, "without line of sight", COLOURS[3]),
            (0, "line of sight", COLOURS[0]),
        ):
            axes.plot(distance_m, losses[state], color=colour, label=name)
            label = "table" if state == 0 else None
            axes.plot(
                TABLE[model].keys(), [row[state] for row in TABLE[model].values()], label=label, **REFERENCE
            )
        axes.set_xscale("log")
        axes.set_xticks(
            [20, 50, 100, 200, 500, 1000, 2000], ["20", "50", "100", "200", "500", "1000", "2000"]
        )
        axes.minorticks_off()
        axes.set_xlabel("distance on the ground (m)")
        axes.set_title({"uma": "Urban macro (UMa)", "umi": "Urban micro (UMi)"}[model])
    canvas.axes[0].set_ylabel("path loss (dB)")
    legend(canvas.axes[0], 3)
