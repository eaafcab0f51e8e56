"""Does learning pay where load changes faster than it can be observed?"""

from __future__ import annotations

from cadran.lab.report import Section
from cadran.lab.study import Results, Study
from cadran.lab.tasam.leads import Axis

DWELLS = (50, 25, 10, 4, 1)
"""Mean frames between two changes of a load: from many observations of each to none."""
AXIS = Axis(
    methods=("sac", "tasam"),
    changes={f"dwell={dwell}": f"world.load.dwell_frames={dwell}" for dwell in DWELLS},
    words={
        f"dwell={dwell}": f"Loads of {dwell} frames on average"
        if dwell > 1
        else "Loads that change every frame"
        for dwell in DWELLS
    },
)


def analyse(results: Results) -> Section:
    """The lead over the best rule by how long a load lasts."""
    return AXIS.section(STUDY, results)


STUDY = Study(
    name="fastload",
    title="Load that changes faster than it is observed",
    question="Does learning pay more, or less, the faster load changes?",
    cells=AXIS.cells,
    analyse=analyse,
    baselines=("equal", "pf", "best-static", "tuned-priority", "greedy", "frame-oracle"),
)
