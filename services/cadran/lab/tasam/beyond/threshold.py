"""Which selection threshold is best, and what does selecting save?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section, Table
from cadran.lab.statistics import verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, compare
from cadran.lab.tasam.methods import THRESHOLDS, threshold_name
from cadran.lab.tasam.pictures import swept
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import best_tuned, mean_of, over_runs, rewards
from cadran.lab.tasam.standing import against

NAMES = tuple(threshold_name(threshold) for threshold in THRESHOLDS)
METHODS = ("sac", *NAMES, "critic-sam")
ALL, NONE = NAMES[0], "critic-sam"


def cells(context: Context) -> Sequence[Cell]:
    """From every agent selected (threshold 0) to none (SAM in the critic alone)."""
    return rows(context, METHODS)


def analyse(results: Results) -> Section:
    """Reward and share of SAM updates by threshold."""
    leads = {name: against(results, name, ALL) for name in NAMES[1:]}
    better = [name for name, lead in leads.items() if lead.verdict == "better"]
    worse = [name for name, lead in leads.items() if lead.verdict == "worse"]
    answer = (
        f"Of {len(leads)} thresholds above 0, {len(better)} earn more than SAM for every agent, "
        f"{len(worse)} less, and {len(leads) - len(better) - len(worse)} cannot be told apart.",
        *_best(results),
    )
    share = [over_runs(_shares(results, name)) for name in NAMES]
    plots = (
        swept(
            {"TA-SAM": [mean_of(rewards(results, name)) for name in NAMES]},
            THRESHOLDS,
            name="threshold",
            title="Reward against the selection threshold",
            x="threshold (multiples of the mean variance)",
            levels={"no SAM": float(rewards(results, "sac").mean())},
        ),
        swept(
            {"TA-SAM": share},
            THRESHOLDS,
            name="duty",
            title="Share of actor updates with SAM",
            x="threshold (multiples of the mean variance)",
            y="share of updates",
        ),
    )
    contrasts = (Contrast(ALL, NONE, "SAM for every actor and the critic", "SAM for the critic alone"),)
    return compare(STUDY, results, contrasts, answer=answer, tables=(_table(results),), plots=plots)


def _best(results: Results) -> list[str]:
    """The threshold that does best on tuning episodes, and what that is worth."""
    chosen = best_tuned(results, NAMES)
    if chosen is None or chosen == ALL:
        return ["On tuning episodes a threshold of 0, SAM for every agent, is best."]
    threshold = dict(zip(NAMES, THRESHOLDS, strict=True))[chosen]
    said = verdict(against(results, chosen, ALL), "it", "SAM for every agent")
    return [f"On tuning episodes a threshold of {threshold:g} is best; on held-out ones {said}"]


def _shares(results: Results, name: str) -> list[float]:
    return [float(run.log["sam_on"].mean()) for run in results.runs(name)]


def _table(results: Results) -> Table:
    rows_ = tuple(
        (
            name,
            threshold,
            mean_of(rewards(results, name)),
            over_runs(_shares(results, name)),
            float(
                sum(run.cost.gradient_evaluations for run in results.runs(name)) / len(results.seeds(name))
            ),
        )
        for name, threshold in zip(NAMES, THRESHOLDS, strict=True)
    )
    columns = ("method", "threshold", "reward", "share of updates with SAM", "gradient evaluations")
    note = "The threshold is in multiples of the running mean, over agents, of the variance of TD errors."
    return Table("thresholds", "Reward by selection threshold", columns, rows_, note)


STUDY = Study(
    name="threshold",
    title="Selection threshold",
    question="Which agents should SAM be applied to, and does selecting them cost or earn reward?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
)
