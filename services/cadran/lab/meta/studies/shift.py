"""Shift: worlds that differ from those of the training, measurements that err, slices that interfere."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.meta import Kind, MetaExperiment, varied_meta
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.estimates import difference, mean_of, over_runs
from cadran.lab.meta.studies.paper import ADAPTIVE, FLAT, SOFTMIN, UNIFORM
from cadran.lab.meta.studies.pictures import adaptation
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.said import UNIT, caution, in_words
from cadran.lab.meta.studies.scores import curves
from cadran.lab.meta.studies.study import NEW, Context, Study
from cadran.lab.meta.studies.tables import SPANS, title
from cadran.lab.meta.studies.weights import LEVELS, late_weights
from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import Interval, verdict

HETEROGENEOUS, HOMOGENEOUS, ERRING, PREEMPTING = "", "homogeneous", "erring", "preempting"
CONDITIONS: tuple[tuple[str, Kind], ...] = (
    (NEW, "training"),
    ("beyond", "held_out"),
    ("stadium", "stadium"),
    ("industrial", "industrial"),
)
ERROR, ERRING_SHARE = 1.0, 0.3
"""Standard deviation of the logarithm of what is measured, and the share of DUs where it errs so much."""

WORDS = {
    HETEROGENEOUS: "trained on DUs of every kind",
    HOMOGENEOUS: "trained on DUs all alike",
    ERRING: "with measurements that err at some DUs",
    PREEMPTING: "with URLLC preempting eMBB",
}


def trials(context: Context) -> Sequence[Trial]:
    """Both trainings everywhere; errors and preemption in training and trial alike.

    DUs that are all alike have one URLLC budget too; new networks always have the scenario's.
    """
    erring = _erring(context)
    preempting = varied_meta(context.experiment, ("disturbance.preempting=true",))
    one_budget = varied_meta(context.experiment, ("problem.delivered.budget_spread=0",))
    return [
        *(one for name in (ADAPTIVE, UNIFORM) for one in context.trials(name, conditions=CONDITIONS)),
        *context.trials(FLAT),
        *(
            one
            for name in (ADAPTIVE, UNIFORM)
            for one in context.trials(
                name,
                setting=HOMOGENEOUS,
                trained_on="homogeneous",
                trained_in=one_budget,
                conditions=CONDITIONS,
            )
        ),
        *(
            one
            for name in (ADAPTIVE, SOFTMIN, UNIFORM)
            for one in context.trials(name, setting=ERRING, experiment=erring)
        ),
        *(
            one
            for name in (ADAPTIVE, UNIFORM, FLAT)
            for one in context.trials(name, setting=PREEMPTING, experiment=preempting)
        ),
    ]


def analyse(results: Results) -> Section:
    """Each question with its table."""
    return Section(
        STUDY.name,
        STUDY.title,
        STUDY.question,
        (
            *caution(results),
            *_about_training(results),
            *_about_errors(results),
            *_about_preemption(results),
        ),
        (by_condition(results), erring_weights(results), separability(results)),
        tuple(
            adaptation(
                results,
                [name for name in results.methods if results.has(name, setting)],
                name=f"adaptation{'-' + setting if setting else ''}",
                setting=setting,
                words=f", {WORDS[setting]}",
            )
            for setting in results.settings
        ),
    )


def by_condition(results: Results) -> Table:
    """What either training is worth in new networks of each kind."""
    rows: list[tuple[Entry, ...]] = []
    for condition, _ in CONDITIONS:
        for method in (ADAPTIVE, UNIFORM):
            wide, narrow = (
                curves(results, method, setting, condition) for setting in (HETEROGENEOUS, HOMOGENEOUS)
            )
            rows.append(
                (
                    condition,
                    title(method),
                    mean_of(wide.at(0)),
                    mean_of(narrow.at(0)),
                    mean_of(wide.last),
                    mean_of(narrow.last),
                    difference(wide.last, narrow.last),
                )
            )
    columns = (
        "new networks",
        "method",
        "DUs of every kind, before any shot",
        "DUs all alike, before any shot",
        "DUs of every kind, after all shots",
        "DUs all alike, after all shots",
        "difference after all shots",
    )
    note = (
        f"{SPANS} {NEW}: of the distribution that DUs of every kind are drawn from; beyond: more load and "
        "one-sided mixes; stadium: eMBB above all; industrial: mMTC and URLLC above all."
    )
    return Table("training", "What the training network was", columns, tuple(rows), note)


def erring_weights(results: Results) -> Table:
    """Weights of the DUs whose measurement errs, beside the same DUs without errors."""
    rows: list[tuple[Entry, ...]] = []
    for method in (ADAPTIVE, SOFTMIN):
        for level in LEVELS:
            erring = _weight_of_erring(results, method, level, ERRING)
            exact = _weight_of_erring(results, method, level, HETEROGENEOUS) if method == ADAPTIVE else None
            rows.append(
                (
                    title(method),
                    level,
                    over_runs(erring),
                    None if exact is None else over_runs(exact),
                    None if exact is None else over_runs([a - b for a, b in zip(erring, exact, strict=True)]),
                )
            )
    columns = (
        "weighting",
        "level",
        "weight of erring DUs (1 = equal)",
        "the same DUs without errors",
        "difference",
    )
    note = (
        "Mean over the second half of the training, 95 % intervals over runs, paired by seed. Log-normal "
        f"errors of standard deviation {ERROR} on what the DUs measure of their users' channels."
    )
    return Table("weights", "Measurements that err, and the weights of tasks", columns, tuple(rows), note)


def separability(results: Results) -> Table:
    """The lead of two levels over one, with slices apart and with URLLC preempting eMBB."""
    rows: list[tuple[Entry, ...]] = []
    for setting in (HETEROGENEOUS, PREEMPTING):
        two, one = (curves(results, name, setting) for name in (ADAPTIVE, FLAT))
        rows.append(
            (
                "URLLC preempts eMBB" if setting == PREEMPTING else "slices apart",
                mean_of(two.last),
                mean_of(one.last),
                difference(two.last, one.last),
            )
        )
    columns = ("world", title(ADAPTIVE), title(FLAT), "lead of two levels")
    note = (
        f"{SPANS} Each world has rules of its own to normalise by. With preemption what eMBB's users get "
        "depends on URLLC's traffic, which eMBB's part of the lower level does not see."
    )
    return Table("separability", "Do the levels have to be separable?", columns, tuple(rows), note)


def _weight_of_erring(results: Results, method: str, level: str, setting: str) -> list[float]:
    """Mean weight of the DUs that err under `ERRING`, as a multiple of an equal share, by run."""
    experiment = _erring(results.context)
    marks = experiment.disturbance.erring(experiment.world.dus)
    runs = results.trained(method, setting)
    return [float(late_weights(run, level)[:, marks].mean()) for run in runs]


def _erring(context: Context) -> MetaExperiment:
    """The scenario with measurements that err at some DUs."""
    overrides = (f"disturbance.channel_error={ERROR}", f"disturbance.erring_share={ERRING_SHARE}")
    return varied_meta(context.experiment, overrides)


def _about_training(results: Results) -> list[str]:
    said = []
    for condition, _ in CONDITIONS:
        wide, narrow = (
            curves(results, ADAPTIVE, setting, condition).last for setting in (HETEROGENEOUS, HOMOGENEOUS)
        )
        said.append(
            f"New networks ({condition}): "
            + verdict(
                difference(wide, narrow), "training on DUs of every kind", "training on DUs all alike", UNIT
            )
        )
    return said


def _about_errors(results: Results) -> list[str]:
    said = []
    for level in LEVELS:
        erring, exact = (
            _weight_of_erring(results, ADAPTIVE, level, setting) for setting in (ERRING, HETEROGENEOUS)
        )
        change = over_runs([a - b for a, b in zip(erring, exact, strict=True)])
        said.append(
            f"{title(ADAPTIVE)}, {level} level: where a DU's channel measurement errs, its weight changes by "
            f"{in_words(change, 2)} of an equal share; {_told_apart(change)}."
        )
    ours, uniform = (curves(results, name, ERRING).last for name in (ADAPTIVE, UNIFORM))
    said.append(
        "With errors at some DUs: "
        + verdict(difference(ours, uniform), title(ADAPTIVE), title(UNIFORM), UNIT)
    )
    return said


def _told_apart(change: Interval | float) -> str:
    if isinstance(change, float):
        return "one run alone decides nothing"
    return "the interval does not exclude 0" if change.verdict == "tie" else "the interval excludes 0"


def _about_preemption(results: Results) -> list[str]:
    said = []
    for setting, lead in ((HETEROGENEOUS, "Slices apart: "), (PREEMPTING, "URLLC preempting eMBB: ")):
        two, one = (curves(results, name, setting).last for name in (ADAPTIVE, FLAT))
        said.append(lead + verdict(difference(two, one), title(ADAPTIVE), title(FLAT), UNIT))
    return said


STUDY = Study(
    name="shift",
    title="Worlds that differ from the training",
    question="What is an initialisation worth in other networks than those of its training, with channel "
    "measurements that err, and where slices are not separable?",
    trials=trials,
    analyse=analyse,
)
