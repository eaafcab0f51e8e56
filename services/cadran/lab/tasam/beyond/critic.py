"""One critic per view, or one that sees all DUs?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, compare
from cadran.lab.tasam.rows import rows

METHODS = ("sac", "sac-joint", "tasam", "tasam-joint", "central")


def cells(context: Context) -> Sequence[Cell]:
    """Both critics, with and without SAM, and the agent that also decides for all."""
    return rows(context, METHODS)


def analyse(results: Results) -> Section:
    """The joint critic against the shared one."""
    contrasts = (
        Contrast("sac-joint", "sac", "A critic that sees all DUs", "the shared critic"),
        Contrast("tasam-joint", "tasam", "With TA-SAM, a critic that sees all DUs", "the shared critic"),
        Contrast(
            "sac-joint", "central", "One agent per DU with a joint critic", "a single centralised agent"
        ),
    )
    return compare(STUDY, results, contrasts)


STUDY = Study(
    name="critic",
    title="A joint critic",
    question="Is a critic that sees the observations and actions of all DUs better than one shared by "
    "their views?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
)
