"""What the studies draw, in the terms of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.report import Plot
from cadran.lab.report.plots import (
    Estimate,
    Line,
    draw_distributions,
    draw_distributions_of_quantiles,
    draw_forest,
    draw_heat_map,
    draw_lines,
)
from cadran.lab.statistics import Interval, band_of
from cadran.lab.study import Results
from cadran.lab.tasam.rows import BOUND, CLAIRVOYANT
from cadran.lab.tasam.scores import mean_of, rewards, rng
from cadran.lab.tasam.standing import best_heuristic, kind, ordered

Array = NDArray[np.float64]
Estimates = Sequence[Interval | float]

DUTY_COLUMNS = 12
"""Parts of the training in a map of SAM's duty cycle."""


def reward_bars(
    results: Results, methods: Sequence[str], *, name: str, setting: str = "", words: str = ""
) -> Plot:
    """Rewards of learned agents and baselines with their intervals; the bound as a line."""
    policies = ordered(results, methods, with_bound=False)
    estimates = [
        Estimate(who, mean_of(rewards(results, who, setting)), kind(who) == "learned") for who in policies
    ]
    lines = {}
    if BOUND in results.baselines:
        lines[BOUND] = float(rewards(results, BOUND, setting).mean())
    title = f"Reward on held-out episodes{words}"
    png = draw_forest(title, estimates, "reward per frame and DU", references=lines)
    return Plot(name, f"{title}, with 95 % intervals; hollow: what does not learn.", png)


def forest(estimates: Mapping[str, Interval | float], *, name: str, title: str, x: str) -> Plot:
    """Estimates with their intervals."""
    rows = [Estimate(who, _interval(value)) for who, value in estimates.items()]
    return Plot(name, f"{title}, with 95 % intervals.", draw_forest(title, rows, x))


def learning_curves(
    results: Results,
    methods: Sequence[str],
    *,
    name: str,
    title: str,
    setting: str = "",
    names: Mapping[str, str] | None = None,
) -> Plot:
    """Reward of mean actions on tuning episodes against iterations, mean and band over runs."""
    shown = names or {}
    lines = []
    for method in methods:
        runs = results.runs(method, setting)
        band = band_of(np.stack([run.curve.reward for run in runs]), rng())
        at = runs[0].curve.iteration.astype(np.float64)
        lines.append(Line(shown.get(method, method), at, band.value, band.low, band.high))
    levels = {}
    for who in (best_heuristic(results, setting), *(w for w in CLAIRVOYANT if w in results.baselines)):
        if who is not None:
            levels[who] = float(rewards(results, who, setting).mean())
    png = draw_lines(title, lines, "iteration", "reward per frame and DU", references=levels)
    caption = f"{title}: mean actions on tuning episodes, with pointwise 95 % bands over runs."
    if levels:
        caption += f" Level lines: {', '.join(levels)}, means on held-out episodes."
    return Plot(name, caption, png)


def swept(
    curves: Mapping[str, Estimates],
    at: Sequence[float],
    *,
    name: str,
    title: str,
    x: str,
    y: str = "reward per frame and DU",
    levels: Mapping[str, float] | None = None,
    log_x: bool = False,
) -> Plot:
    """Estimates against something that was swept."""
    where = np.asarray(at, dtype=np.float64)
    lines = []
    for who, estimates in curves.items():
        spans = [_interval(one) for one in estimates]
        value, low, high = (
            np.array([getattr(span, part) for span in spans]) for part in ("value", "low", "high")
        )
        lines.append(Line(who, where, value, low, high))
    png = draw_lines(title, lines, x, y, references=levels, marked=True, log_x=log_x)
    return Plot(name, f"{title}, with 95 % intervals.", png)


def boxes(groups: Mapping[str, Array], *, name: str, title: str, x: str) -> Plot:
    """Every value, with median and quartiles."""
    return Plot(name, f"{title}: points, quartiles and median.", draw_distributions(title, groups, x))


def cdf(quantiles: Mapping[str, Array], *, name: str, title: str, panel: str, x: str) -> Plot:
    """Cumulative distributions from percentiles."""
    png = draw_distributions_of_quantiles(title, {panel: quantiles}, x)
    return Plot(name, f"{title}: share of cases at or below each value, mean of the runs' quantiles.", png)


def duty_map(results: Results, method: str, *, name: str, setting: str = "") -> Plot:
    """Share of updates in which each DU's actor had SAM, by part of the training, mean over runs."""
    shares = np.mean([run.log["sam_on"] for run in results.runs(method, setting)], axis=0)
    parts = np.array_split(shares, min(DUTY_COLUMNS, len(shares)))
    values = np.stack([part.mean(axis=0) for part in parts], axis=1)
    rows = [f"DU {du}" for du in range(len(values))]
    columns = [f"{100 * (at + 1) // len(parts)}" for at in range(len(parts))]
    title = f"Where {method} applies SAM"
    png = draw_heat_map(title, values, rows, columns, "part of the training, up to (%)", "share of updates")
    return Plot(name, f"{title}: share of updates with SAM by DU and part of the training.", png)


def _interval(estimate: Interval | float) -> Interval:
    """An estimate of one run alone is drawn as a point."""
    return Interval(estimate, estimate, estimate) if isinstance(estimate, float) else estimate
