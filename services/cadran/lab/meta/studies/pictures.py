"""What the studies draw, in the terms of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cadran.lab.meta.studies.estimates import mean_of, rng
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.scores import RULES, curves, rule
from cadran.lab.meta.studies.study import NEW
from cadran.lab.meta.studies.tables import title
from cadran.lab.report import Plot
from cadran.lab.report.plots import Estimate, Line, draw_forest, draw_lines
from cadran.lab.statistics import Interval, band_of


def adaptation(
    results: Results,
    methods: Sequence[str],
    *,
    name: str = "adaptation",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Plot:
    """Normalised reward against shots, mean and band over runs."""
    lines = []
    for method in methods:
        found = curves(results, method, setting, condition)
        band = band_of(found.by_run, rng())
        lines.append(Line(title(method), found.shots.astype(np.float64), band.value, band.low, band.high))
    levels = {who: float(rule(results, who, setting, condition).mean()) for who in RULES if who != "random"}
    heading = f"Adapting to new networks{words}"
    png = draw_lines(heading, lines, "shots", "normalised reward", references=levels, marked=True)
    caption = (
        f"{heading}: normalised reward without exploration after each count of shots, with pointwise 95 % "
        f"bands over runs. Level lines: {', '.join(levels)}."
    )
    return Plot(name, caption, png)


def bars(
    results: Results,
    methods: Sequence[str],
    *,
    name: str = "rewards",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Plot:
    """Normalised reward after all shots, rules hollow."""
    rows = [Estimate(who, mean_of(rule(results, who, setting, condition)), learned=False) for who in RULES]
    rows += [Estimate(title(one), mean_of(curves(results, one, setting, condition).last)) for one in methods]
    heading = f"After all shots{words}"
    png = draw_forest(heading, rows, "normalised reward")
    return Plot(name, f"{heading}: normalised reward with 95 % intervals; hollow: rules.", png)


def learning(results: Results, methods: Sequence[str], *, name: str = "training", setting: str = "") -> Plot:
    """Reward in training, after inner steps where there are any, on tuning episodes of its network."""
    lines = []
    for method in methods:
        trained = results.trained(method, setting)
        band = band_of(np.stack([run.curve.adapted_reward for run in trained]), rng())
        at = trained[0].curve.iteration.astype(np.float64)
        lines.append(Line(title(method), at, band.value, band.low, band.high))
    heading = "Training of initialisations"
    png = draw_lines(heading, lines, "iteration", "reward per frame and DU")
    return Plot(
        name,
        f"{heading}: reward on tuning episodes of each run's own training network, after inner steps where a "
        "method has them, with pointwise 95 % bands over runs.",
        png,
    )


def weights(results: Results, method: str, level: str, *, name: str, setting: str = "") -> Plot:
    """Weights of the tasks of the first run over iterations, as multiples of an equal share."""
    curve = results.trained(method, setting)[0].curve
    shares = curve.weights[level]
    tasks = shares.shape[1]
    at = curve.iteration.astype(np.float64)
    lines = [Line(f"DU {du}", at, tasks * shares[:, du]) for du in range(tasks)]
    heading = f"Task weights of {title(method)}, {level} level"
    png = draw_lines(heading, lines, "iteration", "weight (1 = equal)", references={"equal": 1.0})
    return Plot(name, f"{heading}, first run: each DU's weight times the number of DUs.", png)


def swept(
    estimates: Mapping[str, Sequence[Interval | float]],
    at: Sequence[float],
    *,
    name: str,
    heading: str,
    x: str,
    y: str,
) -> Plot:
    """Estimates against something that was swept."""
    where = np.asarray(at, dtype=np.float64)
    lines = []
    for who, values in estimates.items():
        spans = [Interval(one, one, one) if isinstance(one, float) else one for one in values]
        value, low, high = (
            np.array([getattr(span, part) for span in spans]) for part in ("value", "low", "high")
        )
        lines.append(Line(who, where, value, low, high))
    png = draw_lines(heading, lines, x, y, marked=True)
    return Plot(name, f"{heading}, with 95 % intervals.", png)
