"""Which radius suits load that jumps within every episode?

A single change in the course of a training, after which a radius could rise again, is not asked here.
"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, by_condition, by_setting, compare
from cadran.lab.tasam.rows import rows

METHODS = ("sac", "tasam", "tasam-rising-rho", "tasam-static-rho", "tasam-td-scaled")
FACTOR = 3.0
"""ASSUMED: how much load an abrupt change adds; from the shipped loads it leads into overload."""
MIDDLE = 50
LENGTH = (f"world.episode_frames={2 * MIDDLE}",)
JUMP = (f"world.load.step_frame={MIDDLE}", f"world.load.step_factor={FACTOR:g}")
DROP = (f"world.load.step_frame={MIDDLE}", f"world.load.step_factor={1 / FACTOR:g}")


def cells(context: Context) -> Sequence[Cell]:
    """Load that jumps in the middle of every episode, beside load that does not."""
    return [
        *rows(context, METHODS, overrides=LENGTH, setting="load=steady"),
        *rows(context, METHODS, overrides=(*LENGTH, *JUMP), setting="load=jumping"),
    ]


def analyse(results: Results) -> Section:
    """Radii that fall, rise, stay, or follow the TD errors."""
    contrasts = tuple(
        Contrast(name, "tasam", words, "a falling radius")
        for name, words in (
            ("tasam-rising-rho", "A rising radius"),
            ("tasam-static-rho", "A constant radius"),
            ("tasam-td-scaled", "A radius that follows the TD errors"),
            ("sac", "No SAM"),
        )
    )
    tables = (
        by_setting(results),
        by_condition(results, setting="load=steady", name="steady-under-jumps"),
    )
    names = {"load=steady": "Steady load", "load=jumping": "Load that jumps"}
    return compare(STUDY, results, contrasts, settings=names, tables=tables)


STUDY = Study(
    name="loadstep",
    title="Abrupt changes of load",
    question="When load jumps in every episode, is a radius better that rises over the training or follows "
    "the TD errors than one that only falls?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
    conditions={"jump": JUMP, "drop": DROP},
)
