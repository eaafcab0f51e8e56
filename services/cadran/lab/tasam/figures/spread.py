"""Figure 7: how rewards spread between runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.report import Section, Table
from cadran.lab.statistics import median
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.figures.curves import FALLING, NAMES
from cadran.lab.tasam.orderings import orderings, orderings_table, pairs_of, tally
from cadran.lab.tasam.pictures import boxes
from cadran.lab.tasam.rows import BASELINES, rows
from cadran.lab.tasam.scores import over_runs, rewards, scorer
from cadran.lab.tasam.standing import caution, place, standing

RANKED = ("tasam-no-selection", "critic-sam", "actor-sam", "l2", "sac")
"""As the text ranks their medians, the highest first."""


def cells(context: Context) -> Sequence[Cell]:
    """The five approaches with a falling radius."""
    return rows(context, FALLING)


def analyse(results: Results) -> Section:
    """Medians, quartiles, and whether the paper's ranking holds."""
    found = orderings(pairs_of(RANKED), scorer(results))
    answer = (
        *caution(results),
        tally(found, f"the {len(found)} pairwise orderings of Fig 7, by mean reward"),
        _steadiest(results),
        *place(results, FALLING),
    )
    tables = (
        _table(results),
        standing(results, FALLING),
        orderings_table("orderings", "The paper's ranking, by mean reward", found),
    )
    plot = boxes(
        {NAMES.get(name, name): _levels(results, name) for name in FALLING},
        name="spread",
        title="Mean held-out reward of each run",
        x="reward per frame and DU",
    )
    return Section(STUDY.name, STUDY.title, STUDY.question, answer, tables, (plot,))


def _levels(results: Results, name: str) -> NDArray[np.float64]:
    return np.asarray(rewards(results, name).mean(axis=1))


def _quartiles(results: Results, name: str) -> tuple[float, float]:
    low, high = np.quantile(_levels(results, name), [0.25, 0.75])
    return float(low), float(high)


def _steadiest(results: Results) -> str:
    widths = {name: high - low for name in FALLING for low, high in [_quartiles(results, name)]}
    least = min(widths, key=lambda name: widths[name])
    both = RANKED[0]
    said = (
        f"The interquartile range between runs is smallest for {NAMES.get(least, least)}, {widths[least]:.3f}"
    )
    said += (
        ", as in the paper" if least == both else f"; the paper has both-SAM there, here {widths[both]:.3f}"
    )
    return f"{said}: quartiles of so few runs, which show no more than a tendency."


def _table(results: Results) -> Table:
    rows_ = []
    for name in FALLING:
        levels, (low, high) = _levels(results, name).tolist(), _quartiles(results, name)
        shown = NAMES.get(name, name)
        rows_.append((shown, len(levels), over_runs(levels, median), low, high, high - low))
    columns = ("method", "runs", "median", "lower quartile", "upper quartile", "interquartile range")
    note = (
        "Reward per frame and DU: of the runs' mean held-out rewards. Quartiles have no interval: a handful "
        "of runs does not say how they would differ with other seeds."
    )
    return Table("quartiles", "Rewards between runs", columns, tuple(rows_), note)


STUDY = Study(
    name="fig7",
    title="Figure 7: rewards between runs",
    question="Does SAM raise the median run and make runs more alike?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
