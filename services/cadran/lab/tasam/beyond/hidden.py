"""Does learning pay where DUs need different things, and only the quality of the last frame says so?

Agents observe that quality, rules do not.
"""

from __future__ import annotations

from cadran.lab.report import Section
from cadran.lab.study import Results, Study
from cadran.lab.tasam.leads import Axis

SPREADS = (0, 1, 3)
"""ASSUMED: URLLC budgets alike, from a half to twice, and from a quarter to four times the common one."""
AXIS = Axis(
    methods=("sac", "tasam", "central"),
    changes={f"spread={spread}": f"problem.delivered.budget_spread={spread}" for spread in SPREADS},
    words={
        f"spread={spread}": f"Budgets from 1/{1 + spread} to {1 + spread} times"
        if spread
        else "Equal budgets"
        for spread in SPREADS
    },
)


def analyse(results: Results) -> Section:
    """The lead over the best rule, which treats all DUs alike, by spread."""
    return AXIS.section(STUDY, results)


STUDY = Study(
    name="hidden",
    title="Hidden latency budgets",
    question="Does learning pay where URLLC budgets differ between DUs, and only the quality that agents are "
    "judged by tells?",
    cells=AXIS.cells,
    analyse=analyse,
    baselines=("equal", "pf", "best-static", "tuned-priority", "greedy", "frame-oracle"),
)
