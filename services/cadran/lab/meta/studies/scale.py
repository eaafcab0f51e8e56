"""Scale: more DUs and UEs, and the paper's Table 2 beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cadran.lab.meta import iterations_to_converge, varied_meta
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.estimates import difference, mean_of, over_runs
from cadran.lab.meta.studies.paper import (
    ADAPTIVE,
    TABLE_2_ITERATIONS_PERCENT,
    TABLE_2_VARIANCE_PERCENT,
    UNIFORM,
)
from cadran.lab.meta.studies.pictures import swept
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.said import UNIT, caution, in_words
from cadran.lab.meta.studies.scores import curves
from cadran.lab.meta.studies.study import Context, Study
from cadran.lab.meta.studies.tables import SPANS, cost, needed, title
from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import Interval, verdict

METHODS = (ADAPTIVE, UNIFORM)
PAPER_SIZE = 30
"""DUs of the larger network in the paper's Table 2."""


def setting_of(dus: int, ues: int) -> str:
    """The name of a size."""
    return f"dus={dus},ues={ues}"


def trials(context: Context) -> Sequence[Trial]:
    """Both weightings in training and new networks of each size."""
    return [
        trial
        for dus, ues in context.budget.sizes
        for method in METHODS
        for trial in context.trials(
            method,
            setting=setting_of(dus, ues),
            experiment=varied_meta(context.experiment, (f"world.dus={dus}", f"world.ues={ues}")),
        )
    ]


def analyse(results: Results) -> Section:
    """Iterations and reward by size."""
    sizes = results.context.budget.sizes
    counts = {method: _iterations(results, method) for method in METHODS}
    rewards = {
        title(method): [mean_of(curves(results, method, setting_of(*size)).last) for size in sizes]
        for method in METHODS
    }
    dus = [float(count) for count, _ in sizes]
    return Section(
        STUDY.name,
        STUDY.title,
        STUDY.question,
        (*caution(results), *_answer(results, counts)),
        (
            table_2(results, counts),
            *(
                cost(results, METHODS, name=f"cost-{count}", setting=setting_of(count, ues))
                for count, ues in sizes
            ),
        ),
        (
            swept(
                {title(method): [over_runs(runs) for runs in own] for method, own in counts.items()},
                dus,
                name="iterations",
                heading="Iterations to converge",
                x="DUs",
                y="iterations to 95 % of the gain",
            ),
            swept(
                rewards,
                dus,
                name="rewards",
                heading="Normalised reward after all shots",
                x="DUs",
                y="normalised reward",
            ),
        ),
    )


def table_2(results: Results, counts: Mapping[str, list[list[float]]]) -> Table:
    """The paper's Table 2 beside ours."""
    rows: list[tuple[Entry, ...]] = []
    for at, (dus, ues) in enumerate(results.context.budget.sizes):
        for method in METHODS:
            found = curves(results, method, setting_of(dus, ues))
            of_paper = TABLE_2_ITERATIONS_PERCENT if dus == PAPER_SIZE else None
            rows.append(
                (
                    f"{dus} DUs, {ues} UEs",
                    title(method),
                    over_runs(counts[method][at]),
                    None if at == 0 else _more(counts[method][at], counts[method][0]),
                    of_paper if method == ADAPTIVE else None,
                    mean_of(found.last),
                    variance_percent(found.by_run[:, -1]),
                    needed(found, found.shots_to()),
                )
            )
    columns = (
        "network",
        "method",
        "iterations to converge",
        "more than in the first row's network (%)",
        "in the paper (%)",
        "normalised reward after all shots",
        "variance over runs (% of the squared mean)",
        "shots to 95 % of its own",
    )
    note = (
        f"{SPANS} Iterations to 95 % of all that training gains, after inner steps on tuning episodes. "
        f"The paper has a variance of the reward below {TABLE_2_VARIANCE_PERCENT:.0f} % without saying "
        "of what; here it is over runs, as a share of the squared mean. Each size has its own networks, so "
        "rewards compare by their normalisation only."
    )
    return Table("table2", "The paper's Table 2, and ours", columns, tuple(rows), note)


def variance_percent(level: np.ndarray) -> float | None:
    """Unbiased variance over runs in percent of the squared mean; None of a run alone."""
    return None if len(level) < 2 else float(100.0 * level.var(ddof=1) / level.mean() ** 2)


def _iterations(results: Results, method: str) -> list[list[float]]:
    """Iterations to converge of each run, by size."""
    return [
        [
            iterations_to_converge(run.curve.iteration, run.curve.adapted_reward)
            for run in results.trained(method, setting_of(*size))
        ]
        for size in results.context.budget.sizes
    ]


def _more(counts: Sequence[float], first: Sequence[float]) -> Interval | float:
    """Percent more iterations than the mean of the first size."""
    base = float(np.mean(first))
    return over_runs([100.0 * (count / base - 1.0) for count in counts])


def _answer(results: Results, counts: Mapping[str, list[list[float]]]) -> list[str]:
    sizes = results.context.budget.sizes
    (dus, ues), last = sizes[0], len(sizes) - 1
    more = _more(counts[ADAPTIVE][last], counts[ADAPTIVE][0])
    found = curves(results, ADAPTIVE, setting_of(*sizes[last]))
    spread = variance_percent(found.by_run[:, -1])
    said = [
        f"{title(ADAPTIVE)} takes {in_words(over_runs(counts[ADAPTIVE][0]), 0)} iterations to converge with "
        f"{dus} DUs and {ues} UEs, and {in_words(more, 0)} % more with {sizes[last][0]} DUs and "
        f"{sizes[last][1]} UEs; the paper has {TABLE_2_ITERATIONS_PERCENT:.0f} % more with {PAPER_SIZE} DUs.",
    ]
    if spread is not None:
        below = "below" if spread < TABLE_2_VARIANCE_PERCENT else "not below"
        said.append(
            f"The variance of its reward over runs is {spread:.2f} % of the squared mean there, {below} the "
            f"paper's {TABLE_2_VARIANCE_PERCENT:.0f} %."
        )
    for size in sizes:
        ours, uniform = (curves(results, method, setting_of(*size)).last for method in METHODS)
        said.append(
            f"{size[0]} DUs: " + verdict(difference(ours, uniform), title(ADAPTIVE), title(UNIFORM), UNIT)
        )
    return said


STUDY = Study(
    name="scale",
    title="Table 2: more DUs",
    question="What do more DUs and UEs do to the iterations that an initialisation needs, and to its reward?",
    trials=trials,
    analyse=analyse,
)
