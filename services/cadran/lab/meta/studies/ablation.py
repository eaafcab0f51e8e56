"""Ablation: four ways to weight tasks, and the paper's Table 3 beside ours."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.estimates import difference, gain_percent, mean_of, over_runs
from cadran.lab.meta.studies.paper import (
    ADAPTIVE,
    ADAPTIVE_INNER,
    SOFTMIN,
    STATIC,
    TABLE_3,
    UNIFORM,
    UNIFORM_INNER,
)
from cadran.lab.meta.studies.pictures import adaptation, learning, weights
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.said import UNIT, caution, compared, in_words, shots_said
from cadran.lab.meta.studies.scores import curves
from cadran.lab.meta.studies.study import Context, Study
from cadran.lab.meta.studies.tables import SPANS, by_shots, cost, leads, needed, speed, standing, title
from cadran.lab.meta.studies.weights import LEVELS, late_weights
from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import Interval, told, verdict

WEIGHTINGS = (ADAPTIVE, SOFTMIN, STATIC, UNIFORM)
BY_INNER_STEPS = {ADAPTIVE_INNER: ADAPTIVE, UNIFORM_INNER: UNIFORM}
"""Methods that adapt as Eq (11) says, and those that start from the same and adapt otherwise."""


def trials(context: Context) -> Sequence[Trial]:
    """Every weighting in the same new networks, two of them by both ways of adapting."""
    methods = (*WEIGHTINGS, *BY_INNER_STEPS)
    return [trial for method in methods for trial in context.trials(method)]


def analyse(results: Results) -> Section:
    """Table 3, differences, and what the weights were."""
    return Section(
        STUDY.name,
        STUDY.title,
        STUDY.question,
        (*caution(results), *_answer(results)),
        (
            table_3(results),
            standing(results, WEIGHTINGS, against=UNIFORM),
            leads(results, ADAPTIVE, (UNIFORM, SOFTMIN, STATIC)),
            by_shots(results, WEIGHTINGS),
            speed(results, WEIGHTINGS, goal=ADAPTIVE),
            by_rule(results),
            weights_table(results, WEIGHTINGS),
            cost(results, WEIGHTINGS),
        ),
        (
            adaptation(results, (*WEIGHTINGS, *BY_INNER_STEPS)),
            learning(results, WEIGHTINGS),
            *(
                weights(results, method, level, name=f"weights-{word}-{level}")
                for method, word in ((ADAPTIVE, "softmax"), (SOFTMIN, "softmin"))
                for level in LEVELS
            ),
        ),
    )


def table_3(results: Results) -> Table:
    """The paper's Table 3 beside ours."""
    rows: list[tuple[Entry, ...]] = []
    level = curves(results, ADAPTIVE).level
    for method in WEIGHTINGS:
        found = curves(results, method)
        reward, shots = TABLE_3.get(method, (None, None))
        rows.append(
            (
                title(method),
                reward,
                mean_of(found.last),
                shots,
                needed(found, found.shots_to()),
                needed(found, found.shots_to(level)),
            )
        )
    columns = (
        "weighting",
        "normalised reward in the paper",
        "here, after all shots",
        "shots in the paper",
        "here, to 95 % of its own",
        f"here, to 95 % of {title(ADAPTIVE)}'s",
    )
    note = (
        f"{SPANS} How the paper normalises is not public, so levels do not compare; orders and ratios do. "
        "A run that does not get there counts with the last count of shots."
    )
    return Table("table3", "The paper's Table 3, and ours", columns, tuple(rows), note)


def by_rule(results: Results) -> Table:
    """The same initialisations adapted by Adam and by the plain steps of Eq (11)."""
    rows: list[tuple[Entry, ...]] = []
    for inner, adam in BY_INNER_STEPS.items():
        plain, ours = curves(results, inner), curves(results, adam)
        rows.append(
            (
                title(adam),
                mean_of(ours.at(0)),
                mean_of(ours.last),
                mean_of(plain.last),
                difference(ours.last, plain.last),
                needed(ours, ours.shots_to()),
                needed(plain, plain.shots_to()),
            )
        )
    columns = (
        "initialisation",
        "before the first shot",
        "after all shots by Adam",
        "by inner steps",
        "Adam over inner steps",
        "shots by Adam",
        "shots by inner steps",
    )
    note = f"{SPANS} Shots to 95 % of its own best. The paper adapts by inner steps, Eq (11)."
    return Table("rules", "The same initialisations adapted in two ways", columns, tuple(rows), note)


def weights_table(results: Results, methods: Sequence[str], *, setting: str = "") -> Table:
    """How unequal the weights were in the second half of the training."""
    rows: list[tuple[Entry, ...]] = []
    for method in methods:
        runs = results.trained(method, setting)
        for level in LEVELS:
            late = [late_weights(run, level) for run in runs]
            rows.append(
                (
                    title(method),
                    level,
                    over_runs([float(one.max(axis=1).mean()) for one in late]),
                    over_runs([float(one.min(axis=1).mean()) for one in late]),
                )
            )
    return Table(
        "weights",
        "Weights of tasks",
        ("weighting", "level", "largest (1 = equal)", "smallest (1 = equal)"),
        tuple(rows),
        "Weight times number of DUs: mean over the second half of the training, 95 % intervals over runs.",
    )


def _answer(results: Results) -> list[str]:
    ours, uniform = curves(results, ADAPTIVE), curves(results, UNIFORM)
    (paper_ours, shots_ours), (paper_uniform, shots_uniform) = TABLE_3[ADAPTIVE], TABLE_3[UNIFORM]
    more = 100.0 * (paper_ours / paper_uniform - 1.0)
    gain = gain_percent(ours.last, uniform.last)
    return [
        *compared(results, ADAPTIVE, UNIFORM),
        f"The paper's Table 3 has {paper_ours} against {paper_uniform} ({more:+.1f} %); here it is "
        f"{_level(mean_of(ours.last))} against {_level(mean_of(uniform.last))}"
        + (f" ({told(gain, 1, signed=True)} %)." if gain else "."),
        _holds(gain),
        f"The paper has {shots_ours} shots against {shots_uniform}; here, to 95 % of its own best, "
        f"{in_words(needed(ours, ours.shots_to()))} against {in_words(needed(uniform, uniform.shots_to()))}.",
        shots_said(results, ADAPTIVE, UNIFORM),
        *compared(results, ADAPTIVE, SOFTMIN),
        *compared(results, ADAPTIVE, STATIC),
        *(_rules_said(results, inner, adam) for inner, adam in BY_INNER_STEPS.items()),
        "Adapted by inner steps, as the paper does: "
        + verdict(
            difference(curves(results, ADAPTIVE_INNER).last, curves(results, UNIFORM_INNER).last),
            title(ADAPTIVE),
            title(UNIFORM),
            UNIT,
        ),
    ]


def _rules_said(results: Results, inner: str, adam: str) -> str:
    lead = difference(curves(results, adam).last, curves(results, inner).last)
    return verdict(lead, f"{title(adam)} adapted by Adam", "the same adapted by inner steps", UNIT)


def _level(interval: Interval) -> str:
    return told(interval, 2)


def _holds(gain: Interval | None) -> str:
    verdict = "tie" if gain is None else gain.verdict
    return {
        "better": "That adaptive weights end higher than equal ones holds here.",
        "worse": "That adaptive weights end higher than equal ones is reversed here.",
        "tie": "That adaptive weights end higher than equal ones cannot be told here.",
    }[verdict]


STUDY = Study(
    name="ablation",
    title="Table 3: the weights of tasks",
    question="Does weighting tasks by the variance of their TD errors give a better initialisation, in which "
    "direction, and does it have to go on?",
    trials=trials,
    analyse=analyse,
)
