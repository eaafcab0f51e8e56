"""Line of sight, shadowing and buildings: probabilities and spreads of the links that the simulator draws."""

from math import exp, log

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import World
from cadran.radio.layout import sites
from cadran.radio.propagation.line_of_sight import line_of_sight_probability
from cadran.radio.propagation.links import draw_links, mean_gains
from cadran.radio.propagation.models import MODELS
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme, checks_of
from cadran.testbed.radio_validation.style import COLOURS, FOUND

UE_HEIGHT_M = 1.5
AT_100_M = {"UMa": ("uma", 0.3477), "UMi": ("umi", 0.2310)}
CLUTTER_M = {
    "InF-SL": ("inf_sl", -10 / log(0.8)),
    "InF-DL": ("inf_dl", -2 / log(0.4)),
    "InF-SH": ("inf_sh", -10 / log(0.8) * 6.5 / 0.5),
    "InF-DH": ("inf_dh", -2 / log(0.4) * 6.5 / 4.5),
}
FACTORY_M = 10.0
DRAWN_M = (30.0, 60.0, 100.0, 200.0, 400.0)
LINKS = 40_000
TABLE_LOS = "TR 38.901 Table 7.4.2-1"


def line_of_sight(links: int = LINKS) -> Theme:
    """The theme, from ``links`` links drawn at each of some distances."""
    drawn = {name: [_drawn(model, d, links) for d in DRAWN_M] for name, (model, _) in AT_100_M.items()}
    return Theme(
        "Line of sight, shadowing, buildings",
        "Probability of line of sight by formula, and its share among links that the simulator draws; "
        "shadowing as drawn; and what a building costs below 6 GHz.",
        [*_formula_checks(), *_share_checks(drawn), *_spread_checks(links)],
        [
            Figure(
                "line-of-sight.png",
                "Probability of line of sight. Lines: formula as coded; points: share of "
                f"{links:,} links that were drawn at that distance.",
                lambda canvas: _draw(canvas, drawn),
            )
        ],
    )


def probability(model: str, distance_m: Array) -> Array:
    """P_LOS of a UE at 1.5 m."""
    return line_of_sight_probability(model, distance_m, MODELS[model].bs_height_m, UE_HEIGHT_M)


def _at(model: str, distance_m: float) -> float:
    return float(probability(model, np.array([distance_m]))[0])


def _formula_checks() -> list[Check]:
    streets = [(f"{name}, 100 m", _at(model, 100.0), right) for name, (model, right) in AT_100_M.items()]
    near = [(f"{name}, 18 m", _at(model, 18.0), 1.0) for name, (model, _) in AT_100_M.items()]
    halls = [
        (f"{name}, {FACTORY_M:.0f} m", _at(model, FACTORY_M), exp(-FACTORY_M / clutter_m))
        for name, (model, clutter_m) in CLUTTER_M.items()
    ]
    return checks_of([*streets, *near, *halls], 0.0001, "", TABLE_LOS)


def _share_checks(drawn: dict[str, list[float]]) -> list[Check]:
    rows = [
        (f"{name}: share of links drawn at {distance:.0f} m", share, _at(AT_100_M[name][0], distance))
        for name, shares in drawn.items()
        for distance, share in zip(DRAWN_M, shares, strict=True)
        if distance in (60.0, 200.0)
    ]
    return checks_of(rows, 0.01, "", TABLE_LOS)


def _world(model: str, indoor: float) -> World:
    return World.model_validate(
        {
            "dus": 1,
            "ues": 1,
            "layout": {"indoor_fraction": indoor},
            "channel": {"path_loss": model, "shadowing_db": None},
        }
    )


def _drawn(model: str, distance_m: float, links: int) -> float:
    return float(_links(model, distance_m, links)[1].mean())


def _links(model: str, distance_m: float, count: int, indoor: float = 0.0) -> tuple[Array, Array]:
    """Gains in dB and line of sight, 0 or 1, of links of one length."""
    world = _world(model, indoor)
    found = sites(world)
    position_m = np.tile([distance_m, 0.0], (count, 1))
    links = draw_links(world, found, count, np.random.default_rng(round(distance_m)))
    gain, sees = mean_gains(world, found, position_m, links)
    return 10 * np.log10(gain[:, 0]), sees[:, 0].astype(np.float64)


def _spread_checks(links: int) -> list[Check]:
    rows = []
    for name, expected in (("UMa", (6.0, 4.0)), ("UMi", (7.82, 4.0))):
        gain_db, sees = _links(AT_100_M[name][0], 100.0, links)
        for state, label in enumerate(("NLOS", "LOS")):
            rows.append((f"{name}: shadowing {label}", float(gain_db[sees == state].std()), expected[state]))
    outdoors, indoors = (
        draw_links(_world("umi", share), sites(_world("umi", share)), links, np.random.default_rng(1))
        for share in (0.0, 1.0)
    )
    extra_db = indoors.penetration_db + 0.5 * indoors.indoor_m[:, 0]
    extra_db = extra_db - outdoors.penetration_db
    return [
        *checks_of(rows, 0.15, "dB", "TR 38.901 Table 7.4.1-1 (standard deviation)"),
        Check(
            "mean loss into a building, 3.5 GHz",
            float(extra_db.mean()),
            26.25,
            0.15,
            "dB",
            "TR 38.901 Table 7.4.3-3",
        ),
    ]


def _draw(canvas: Canvas, drawn: dict[str, list[float]]) -> None:
    axes = canvas.subplots()
    distance_m = np.linspace(0, 450, 500)
    shown = {name: model for name, (model, _) in (AT_100_M | CLUTTER_M).items() if name != "InF-SH"}
    for (name, model), colour in zip(shown.items(), COLOURS, strict=False):
        axes.plot(distance_m, probability(model, distance_m), color=colour, label=name)
        if name in drawn:
            axes.plot(DRAWN_M, drawn[name], color=colour, **FOUND)
    axes.set_xlabel("distance on the ground (m)")
    axes.set_ylabel("probability of line of sight")
    axes.set_ylim(0, 1.03)
    axes.set_title("Line of sight")
    legend(axes, 3)
