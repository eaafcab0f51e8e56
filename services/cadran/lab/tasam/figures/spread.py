"""Figure 7: how rewards spread between runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.lab.report import Section, Table
from cadran.lab.statistics import median, told
from cadran.lab.statistics.intervals import Statistic
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.figures.curves import FALLING, NAMES
from cadran.lab.tasam.orderings import orderings, orderings_table, pairs_of, tally
from cadran.lab.tasam.pictures import boxes
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import over_runs, rewards, scorer

RANKED = ("tasam-no-selection", "critic-sam", "actor-sam", "l2", "sac")
"""As the text ranks their medians, the highest first."""


def cells(context: Context) -> Sequence[Cell]:
    """The five approaches with a falling radius."""
    return rows(context, FALLING)


def analyse(results: Results) -> Section:
    """Medians, quartiles, and whether the paper's ranking holds."""
    found = orderings(pairs_of(RANKED), scorer(results))
    answer = (
        tally(found, f"the {len(found)} pairwise orderings of Fig 7, by mean reward"),
        _steadiest(results),
    )
    tables = (_quartiles(results), orderings_table("orderings", "The paper's ranking, by mean reward", found))
    plot = boxes(
        {NAMES.get(name, name): _levels(results, name) for name in FALLING},
        name="spread",
        title="Mean held-out reward of each run",
        x="reward per frame and DU",
    )
    return Section(STUDY.name, STUDY.title, STUDY.question, answer, tables, (plot,))


def _levels(results: Results, name: str) -> NDArray[np.float64]:
    return np.asarray(rewards(results, name).mean(axis=1))


def _width(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.quantile(samples, [0.25, 0.75], axis=-1)
    return np.asarray(high - low)


def _quartile(at: float) -> Statistic:
    return lambda samples: np.asarray(np.quantile(samples, at, axis=-1))


def _steadiest(results: Results) -> str:
    widths = {name: over_runs(_levels(results, name).tolist(), _width) for name in FALLING}
    numbers = {name: width if isinstance(width, float) else width.value for name, width in widths.items()}
    least = min(numbers, key=lambda name: numbers[name])
    shown = widths[least]
    number = f"{shown:.3f}" if isinstance(shown, float) else told(shown)
    return (
        f"The interquartile range between runs is smallest for {NAMES.get(least, least)}, {number}; the "
        "paper has both-SAM there."
    )


def _quartiles(results: Results) -> Table:
    rows_ = []
    for name in FALLING:
        levels = _levels(results, name).tolist()
        rows_.append(
            (
                NAMES.get(name, name),
                len(levels),
                over_runs(levels, median),
                over_runs(levels, _quartile(0.25)),
                over_runs(levels, _quartile(0.75)),
                over_runs(levels, _width),
            )
        )
    columns = ("method", "runs", "median", "lower quartile", "upper quartile", "interquartile range")
    note = "Of the runs' mean held-out rewards. Quartiles of few runs are rough, and so are their intervals."
    return Table("quartiles", "Rewards between runs", columns, tuple(rows_), note)


STUDY = Study(
    name="fig7",
    title="Figure 7: rewards between runs",
    question="Does SAM raise the median run and make runs more alike?",
    cells=cells,
    analyse=analyse,
)
