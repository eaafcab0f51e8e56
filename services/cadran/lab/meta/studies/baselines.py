"""Baselines: what an initialisation is worth in a network that joins, beside other ways to a policy."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.meta import METHODS
from cadran.lab.meta.studies import paper
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.estimates import gain_percent
from cadran.lab.meta.studies.paper import ADAPTIVE, UNIFORM
from cadran.lab.meta.studies.pictures import adaptation, bars, learning
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.said import against_rules, caution, compared, shots_said
from cadran.lab.meta.studies.scores import curves
from cadran.lab.meta.studies.study import Context, Study
from cadran.lab.meta.studies.tables import by_shots, cost, leads, speed, standing, title
from cadran.lab.report import Section
from cadran.lab.statistics import Interval, told

ABLATED = (paper.SOFTMIN, paper.STATIC, paper.UNIFORM_INNER, paper.ADAPTIVE_INNER)
"""What only the ablation compares."""


def methods() -> tuple[str, ...]:
    """All but the weightings of the ablation."""
    return tuple(name for name in METHODS if name not in ABLATED)


def trials(context: Context) -> Sequence[Trial]:
    """Every method in the same new networks."""
    return [trial for method in methods() for trial in context.trials(method)]


def analyse(results: Results) -> Section:
    """The standing, the speed, and the paper's percentages beside ours."""
    names = results.methods
    others = [name for name in names if name != ADAPTIVE]
    prepared = [name for name in names if METHODS[name].preparation != "none"]
    return Section(
        STUDY.name,
        STUDY.title,
        STUDY.question,
        (*caution(results), *_answer(results, others)),
        (
            standing(results, names, against=UNIFORM),
            leads(results, ADAPTIVE, others),
            by_shots(results, names),
            speed(results, names, goal=ADAPTIVE),
            cost(results, names),
        ),
        (adaptation(results, names), bars(results, names), learning(results, prepared)),
    )


def _answer(results: Results, others: Sequence[str]) -> list[str]:
    ours = curves(results, ADAPTIVE)
    ends = {name: curves(results, name) for name in others}
    not_meta = {name: found for name, found in ends.items() if METHODS[name].preparation != "meta"}
    strongest = max(not_meta, key=lambda name: not_meta[name].level)
    weakest = min(not_meta, key=lambda name: not_meta[name].level)
    return [
        *compared(results, ADAPTIVE, UNIFORM),
        *compared(results, ADAPTIVE, strongest),
        *compared(results, ADAPTIVE, paper.SCRATCH),
        _percent(
            f"The paper reports {paper.HEADLINE_PERCENT} % more than its baselines; here, after all shots, "
            f"the gain over the strongest without meta-learning ({title(strongest)}) is",
            gain_percent(ours.last, ends[strongest].last),
            paper.HEADLINE_PERCENT,
        ),
        _percent(
            f"The paper reports up to {paper.OVER_UNIFORM_PERCENT:.0f} % over MAML-HRL; here it is",
            gain_percent(ours.last, ends[UNIFORM].last),
            paper.OVER_UNIFORM_PERCENT,
        ),
        _percent(
            f"The paper reports up to {paper.OVER_OTHERS_PERCENT:.0f} % over other baselines; here the gain "
            f"over the weakest ({title(weakest)}) is",
            gain_percent(ours.last, ends[weakest].last),
            paper.OVER_OTHERS_PERCENT,
        ),
        shots_said(results, ADAPTIVE, paper.SCRATCH),
        against_rules(results, results.methods),
    ]


def _percent(lead: str, gain: Interval | None, of_paper: float) -> str:
    """A gain beside the paper's, and on which side of its interval that lies."""
    if gain is None:
        return f"{lead} no number: the other earns no more than random decisions."
    side = "above" if of_paper > gain.high else "below" if of_paper < gain.low else "inside"
    return f"{lead} {told(gain, 1, signed=True)} %: the paper's figure is {side} the interval."


STUDY = Study(
    name="baselines",
    title="Ways to a policy for a DU that joins",
    question="In a network that no training has seen, what is a meta-trained initialisation worth beside "
    "training from scratch, transfer, multi-task training, one level, and uniform MAML?",
    trials=trials,
    analyse=analyse,
)
