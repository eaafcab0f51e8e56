"""Is a smaller step where TD errors vary as good as SAM there?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, compare
from cadran.lab.tasam.rows import rows

METHODS = ("sac", "td-lr", "tasam", "tasam-td-scaled")


def cells(context: Context) -> Sequence[Cell]:
    """The simple alternative beside TA-SAM."""
    return rows(context, METHODS)


def analyse(results: Results) -> Section:
    """Steps against radii."""
    contrasts = (
        Contrast("td-lr", "sac", "SAC with variance-driven steps", "plain SAC"),
        Contrast("td-lr", "tasam", "SAC with variance-driven steps", "TA-SAM"),
        Contrast("tasam-td-scaled", "tasam", "TA-SAM with variance-driven radii", "TA-SAM"),
    )
    return compare(STUDY, results, contrasts)


STUDY = Study(
    name="lr",
    title="Variance-driven steps instead of SAM",
    question="Does a smaller step for agents with widely spread TD errors do what selective SAM is meant "
    "to do?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
)
