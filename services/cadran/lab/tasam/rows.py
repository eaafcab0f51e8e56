"""From names of methods to the runs that a study needs; runs are shared between studies by what they are."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.experiment import varied
from cadran.lab.study import Cell, Context
from cadran.lab.tasam.methods import method

CORE = ("tasam", "tasam-no-selection", "tasam-static-rho", "sac", "central")
"""Rows of the paper's Table 2 and the agent that its percentages refer to: they get the more seeds."""

MUTED = "best-muted"
"""The best static split with a part of the band left unused; asked for where muting is."""
_UNMUTED = ("random", "equal", "need-proportional", "pf", "max-cqi", "best-static", "tuned-priority")
HEURISTICS = (*_UNMUTED, MUTED)
"""Policies that see what a learned one sees, and do not learn."""
CLAIRVOYANT = ("greedy", "frame-oracle")
"""Policies that see what no agent can: this frame's arrivals and channels."""
BOUND = "bound"
"""No policy: what nobody can exceed."""
YARDSTICKS = (*CLAIRVOYANT, BOUND)
BASELINES = (*_UNMUTED, *YARDSTICKS)
"""What stands beside learned agents in most tables."""


def rows(
    context: Context, names: Sequence[str], *, overrides: Sequence[str] = (), setting: str = ""
) -> list[Cell]:
    """The runs of these methods, one per seed.

    Args:
        context: Preset, plan and seeds.
        names: Of methods.
        overrides: What the study changes in the preset, ``section.key=value``; a method's own changes win.
        setting: The study's name for these overrides.
    """
    updates = context.plan.iterations * context.plan.updates_per_iteration
    cells: list[Cell] = []
    for name in names:
        chosen = method(name)
        place = varied(context.experiment, (*overrides, *chosen.settings(updates)))
        cells += context.cells(
            name,
            place.learner,
            core=name in CORE,
            experiment=place,
            setting=setting,
            agents=chosen.agents,
        )
    return cells
