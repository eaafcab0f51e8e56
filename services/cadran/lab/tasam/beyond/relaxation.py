"""How far does the paper's relaxation of its bits, thresholded, end from the best bits?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.experiment import varied
from cadran.lab.report import Section, Table
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.study.study import HELD_OUT_SEED
from cadran.lab.tasam.settings import in_words
from cadran.lab.yardsticks import ThresholdGap, threshold_gap
from cadran.lab.yardsticks.threshold_gap import LEVELS

DROPS = 8
"""Episodes whose first frame is solved, at each DU."""
GROUPS = 8
_ALPHAS = ("static", "weighted_norm")
_MEDIAN = LEVELS.index(0.5)
_COLUMNS = ("what", "alpha", *(f"{level:.0%} quantile" for level in LEVELS))


def cells(context: Context) -> Sequence[Cell]:
    """Nothing is trained."""
    return []


def analyse(results: Results) -> Section:
    """Both optima under both readings of alpha."""
    answer: list[str] = []
    rows: list[tuple[str | float, ...]] = []
    for alpha in _ALPHAS:
        place = varied(results.context.experiment, (f"problem.eq8.alpha={alpha}",))
        try:
            gap = threshold_gap(place, DROPS, HELD_OUT_SEED, GROUPS)
        except ValueError as error:
            return Section(STUDY.name, STUDY.title, STUDY.question, (f"Not answered here: {error}.",))
        answer.append(_sentence(gap, alpha))
        rows += [(name, alpha, *values) for name, values in _distributions(gap).items()]
    note = (
        f"{DROPS} drops of UEs, the first frame of each DU; the band in {GROUPS} groups of adjacent RBs. "
        "The best whole assignment is exact, the best shared one the best that climbs found."
    )
    tables = (Table("relaxation", "Shared and whole assignments", _COLUMNS, tuple(rows), note),)
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tables)


def _distributions(gap: ThresholdGap) -> dict[str, tuple[float, ...]]:
    return {
        "best whole assignment, reward": gap.optimum,
        "best shared one earns more by": gap.relaxed_gain,
        "after a threshold of 0.5 it earns less by": gap.thresholded_loss,
        "after rounding to the largest share it earns less by": gap.rounded_loss,
    }


def _sentence(gap: ThresholdGap, alpha: str) -> str:
    _, words = in_words(f"alpha={alpha}")
    return (
        f"In {gap.drops} frames of single DUs{words}, sharing RBs between slices would earn "
        f"{gap.relaxed_gain[_MEDIAN]:.3f} more than the best whole assignment (median); a threshold at 0.5 "
        f"turns that into {gap.thresholded_loss[_MEDIAN]:.3f} less, rounding to the largest share into "
        f"{gap.rounded_loss[_MEDIAN]:.3f} less."
    )


STUDY = Study(
    name="relaxation",
    title="The relaxation of the bits",
    question="How far is the paper's relaxation, once it is thresholded at 0.5, from the best bits?",
    cells=cells,
    analyse=analyse,
)
