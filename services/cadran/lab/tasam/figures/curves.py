"""Figure 5: learning curves with equal, unequal and falling radii."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cadran.lab.report import Section, Table
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.methods import CRITIC_RADIUS, STATIC_RADIUS, swept_radius
from cadran.lab.tasam.orderings import orderings, orderings_table, tally
from cadran.lab.tasam.pictures import learning_curves
from cadran.lab.tasam.rows import BASELINES, rows
from cadran.lab.tasam.scores import mean_of, over_runs, rewards, scorer
from cadran.lab.tasam.standing import caution, place, standing

FALLING = ("sac", "l2", "actor-sam", "critic-sam", "tasam-no-selection")
"""No-SAM, L2, actor-SAM, critic-SAM and both-SAM with a falling radius, of Figs 5c, 7, 10 and 11."""
NAMES: Mapping[str, str] = {"tasam-no-selection": "both-sam", "sac": "no-sam"}
"""What the figures call methods that also are rows of Table 2."""
PANELS: Mapping[str, tuple[str, ...]] = {
    "equal": (
        "sac",
        "l2",
        swept_radius("actor", STATIC_RADIUS),
        swept_radius("critic", STATIC_RADIUS),
        swept_radius("both", STATIC_RADIUS),
    ),
    "non-equal": (
        "sac",
        "l2",
        swept_radius("actor", STATIC_RADIUS),
        swept_radius("critic", CRITIC_RADIUS),
        "both-sam-nonequal",
    ),
    "dynamic": FALLING,
}
"""Methods of each panel; the last one has SAM in actors and critic."""


def cells(context: Context) -> Sequence[Cell]:
    """Every method of the three panels once."""
    return rows(context, tuple(dict.fromkeys(name for names in PANELS.values() for name in names)))


def analyse(results: Results) -> Section:
    """Curves, levels and the claim that SAM in both ends highest."""
    answer = caution(results)
    tables: list[Table] = []
    for panel, names in PANELS.items():
        claims = [(names[-1], name) for name in names[:-1]]
        found = orderings(claims, scorer(results))
        answer.append(
            tally(
                found, f"the {len(found)} comparisons that Fig 5 ({panel} radius) has both-SAM win, by reward"
            )
        )
        tables += [
            _levels(results, panel, names),
            orderings_table(f"orderings-{panel}", _title(panel), found),
        ]
    answer += place(results, results.methods)
    tables.append(standing(results, results.methods))
    plots = tuple(
        learning_curves(results, names, name=panel, title=_title(panel), names=NAMES)
        for panel, names in PANELS.items()
    )
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tuple(tables), plots)


def _levels(results: Results, panel: str, names: Sequence[str]) -> Table:
    return Table(
        f"levels-{panel}",
        f"{_title(panel)}: end and whole of the curves",
        ("method", "runs", "final reward, held out", "mean of the curve"),
        tuple(
            (
                NAMES.get(name, name),
                len(results.seeds(name)),
                mean_of(rewards(results, name)),
                over_runs([float(np.mean(run.curve.reward)) for run in results.runs(name)]),
            )
            for name in names
        ),
        "The mean of the curve is high where learning is fast; its episodes are the tuning ones.",
    )


def _title(panel: str) -> str:
    return f"{panel[0].upper()}{panel[1:]} radius"


STUDY = Study(
    name="fig5",
    title="Figure 5: learning curves of SAM in actors, critic and both",
    question="Does SAM in actors and critic learn faster and end higher than in one of them, or none?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
