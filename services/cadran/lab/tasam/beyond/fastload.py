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
        settings={f"dwell={dwell}": f"Mean dwell of a load {dwell}" for dwell in DWELLS},
        answer=(lead_by_setting(results, "sac"),),
        tables=(leads_table(results, METHODS), by_setting(results)),
    )


STUDY = Study(
    name="fastload",
    title="Load that changes faster than it is observed",
    question="Does learning pay more, or less, the faster load changes?",
    cells=cells,
    analyse=analyse,
    baselines=("equal", "pf", "best-static", "tuned-priority", "greedy", "frame-oracle"),
)
