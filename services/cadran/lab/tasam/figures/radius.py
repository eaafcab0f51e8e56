"""Figure 6: reward against a constant radius."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cadran.lab.report import Section, Table
from cadran.lab.statistics import Interval, verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.methods import PARTS, RADII, Part, swept_radius
from cadran.lab.tasam.pictures import swept
from cadran.lab.tasam.rows import BASELINES, rows
from cadran.lab.tasam.scores import best, difference, mean_of, over_runs, rewards
from cadran.lab.tasam.standing import against, best_heuristic, caution, standing

PAPERS = "tasam-paper-rho"


def cells(context: Context) -> Sequence[Cell]:
    """Every radius in every part, and none; TA-SAM's own radius and the paper's."""
    swept_ones = (swept_radius(part, radius) for part in PARTS for radius in RADII)
    return rows(context, ("sac", *swept_ones, "tasam", PAPERS))


def analyse(results: Results) -> Section:
    """Reward by radius, and whether any radius beats none."""
    answer = [*caution(results), *(_best_of(results, part) for part in PARTS), _papers(results)]
    plot = swept(
        {part: [mean_of(rewards(results, swept_radius(part, radius))) for radius in RADII] for part in PARTS},
        RADII,
        name="radius",
        title="Reward against a constant radius",
        x="radius",
        levels={
            name: float(rewards(results, who).mean())
            for name, who in (
                ("no SAM", "sac"),
                *((rule, rule) for rule in (best_heuristic(results),) if rule),
            )
        },
        log_x=True,
    )
    tables = (_table(results), standing(results, results.methods))
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tables, (plot,))


def _papers(results: Results) -> str:
    """The paper's falling radius against the preset's; in a preset that has the paper's they are the same."""
    seed = results.seeds(PAPERS)[0]
    if results.cell(PAPERS, seed).learner.sam == results.cell("tasam", seed).learner.sam:
        return "TA-SAM's radius in this preset is the paper's, which falls from 0.5 to 0.01."
    return verdict(
        against(results, PAPERS, "tasam"),
        "TA-SAM with the paper's radius, from 0.5 to 0.01,",
        "TA-SAM with the radius of this preset",
    )


def _best_of(results: Results, part: Part) -> str:
    names = [swept_radius(part, radius) for radius in RADII]
    first = best(results, names)
    if first is None:
        return ""
    better = sum(against(results, name, "sac").verdict == "better" for name in names)
    worse = sum(against(results, name, "sac").verdict == "worse" for name in names)
    said = verdict(against(results, first, "sac"), f"the best of them, {first},", "SAC without SAM")
    return (
        f"SAM in {PARTS[part]}: of {len(names)} radii, {better} earn more and {worse} earn less than none; "
        f"{said} The best was chosen on the same episodes, so its lead is an upper estimate."
    )


def _table(results: Results) -> Table:
    rows_ = []
    for part in PARTS:
        for radius in RADII:
            name = swept_radius(part, radius)
            lead: Interval = difference(rewards(results, name), rewards(results, "sac"))
            most = over_runs([float(np.max(run.curve.reward)) for run in results.runs(name)])
            rows_.append(
                (name, radius, len(results.seeds(name)), mean_of(rewards(results, name)), lead, most)
            )
    columns = ("method", "radius", "runs", "reward, held out", "minus sac", "highest point of the curve")
    return Table(
        "radius",
        "Reward by constant radius",
        columns,
        tuple(rows_),
        "The paper shows the highest reward reached; the highest of many noisy points is above the mean "
        "level.",
    )


STUDY = Study(
    name="fig6",
    title="Figure 6: the radius",
    question="Which radius is best, in actors, critic and both?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
