"""Should the radius rise again after an abrupt change of load?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cadran.lab.experiment import varied
from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, by_setting, compare
from cadran.lab.tasam.pictures import learning_curves
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.settings import DELIVERED

METHODS = ("sac", "tasam", "tasam-raised-rho", "tasam-static-rho", "tasam-td-scaled")
FACTOR = 2.0
"""ASSUMED: how much more load there is after the change, which leads from ease into overload."""
STEADY, CHANGED, JUMPING = "load=steady", "load=changed", "load=jumping"
NAMES = {
    STEADY: "Load as it is after the change, from the start",
    CHANGED: "Load that changes once, half-way through the training",
    JUMPING: "Load that jumps in the middle of every episode",
}


def cells(context: Context) -> Sequence[Cell]:
    """High load always; in the second half of the training; in the second half of each episode."""
    high = varied(context.experiment, DELIVERED).world.load.scale
    low = f"world.load.scale={high / FACTOR:g}"
    middle = context.experiment.world.episode_frames // 2
    jump = (low, f"world.load.step_frame={middle}", f"world.load.step_factor={FACTOR:g}")
    return [
        *rows(context, METHODS, overrides=DELIVERED, setting=STEADY),
        *(
            replace(cell, before=varied(cell.experiment, (low,)).world)
            for cell in rows(context, METHODS, overrides=DELIVERED, setting=CHANGED)
        ),
        *rows(context, METHODS, overrides=(*DELIVERED, *jump), setting=JUMPING),
    ]


def analyse(results: Results) -> Section:
    """Radii that fall, are raised again, stay, or follow the TD errors."""
    contrasts = tuple(
        Contrast(name, "tasam", words, "a falling radius")
        for name, words in (
            ("tasam-raised-rho", "A radius that is raised again half-way"),
            ("tasam-static-rho", "A constant radius"),
            ("tasam-td-scaled", "A radius that follows the TD errors"),
            ("sac", "No SAM"),
        )
    )
    curves = learning_curves(
        results, METHODS, name="curves-changed", title="Load that changes half-way", setting=CHANGED
    )
    return compare(STUDY, results, contrasts, settings=NAMES, tables=(by_setting(results),), plots=(curves,))


STUDY = Study(
    name="loadstep",
    title="Abrupt changes of load",
    question="When load changes abruptly, is a radius better that is raised again, or follows the TD errors, "
    "than one that only falls?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
)
