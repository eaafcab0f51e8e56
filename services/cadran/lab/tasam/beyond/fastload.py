"""Does learning pay where load changes faster than it can be observed?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.leads import lead_by_setting, leads_table
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.settings import DELIVERED

METHODS = ("sac", "tasam")
DWELLS = (50, 25, 10, 4, 1)
"""Mean frames between two changes of a load: from many observations of each to none."""
WORDS = {f"dwell={dwell}": f"Loads of {dwell} frames on average" for dwell in DWELLS[:-1]}
WORDS["dwell=1"] = "Loads that change every frame"


def cells(context: Context) -> Sequence[Cell]:
    """Load that changes faster and faster."""
    return [
        cell
        for dwell in DWELLS
        for cell in rows(
            context,
            METHODS,
            overrides=(*DELIVERED, f"world.load.dwell_frames={dwell}"),
            setting=f"dwell={dwell}",
        )
    ]


def analyse(results: Results) -> Section:
    """The lead over the best rule by how long a load lasts."""
    return compare(
        STUDY,
        results,
        (),
        settings=WORDS,
        answer=(lead_by_setting(results, "sac", WORDS),),
        tables=(leads_table(results, METHODS, WORDS), by_setting(results, words=WORDS)),
    )


STUDY = Study(
    name="fastload",
    title="Load that changes faster than it is observed",
    question="Does learning pay more, or less, the faster load changes?",
    cells=cells,
    analyse=analyse,
    baselines=("equal", "pf", "best-static", "tuned-priority", "greedy", "frame-oracle"),
)
