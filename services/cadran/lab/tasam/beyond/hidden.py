"""Does learning pay where DUs need different things, and only the quality of the last frame says so?

Agents observe that quality, rules do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.leads import lead_by_setting, leads_table
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.settings import DELIVERED

METHODS = ("sac", "tasam", "central")
SPREADS = (0, 1, 3)
"""ASSUMED: URLLC budgets alike, from a half to twice, and from a quarter to four times the common one."""
WORDS = {
    f"spread={spread}": f"Budgets from 1/{1 + spread} to {1 + spread} times" if spread else "Equal budgets"
    for spread in SPREADS
}


def cells(context: Context) -> Sequence[Cell]:
    """Budgets that differ between DUs by more and more."""
    return [
        cell
        for spread in SPREADS
        for cell in rows(
            context,
            METHODS,
            overrides=(*DELIVERED, f"problem.delivered.budget_spread={spread}"),
            setting=f"spread={spread}",
        )
    ]


def analyse(results: Results) -> Section:
    """The lead over the best rule, which treats all DUs alike, by spread."""
    return compare(
        STUDY,
        results,
        (),
        settings=WORDS,
        answer=(lead_by_setting(results, "sac", WORDS),),
        tables=(leads_table(results, METHODS, WORDS), by_setting(results, words=WORDS)),
    )


STUDY = Study(
    name="hidden",
    title="Hidden latency budgets",
    question="Does learning pay where URLLC budgets differ between DUs, and only the quality that agents are "
    "judged by tells?",
    cells=cells,
    analyse=analyse,
    baselines=("equal", "pf", "best-static", "tuned-priority", "greedy", "frame-oracle"),
)
