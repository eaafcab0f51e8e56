"""The tables that studies share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cadran.lab.meta import METHODS
from cadran.lab.meta.shots import SHARE
from cadran.lab.meta.studies.estimates import difference, gain_percent, improvement, mean_of, over_runs
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.scores import RULES, Curves, curves, rule, rule_reward
from cadran.lab.meta.studies.study import NEW
from cadran.lab.report import Cell as Entry
from cadran.lab.report import Table
from cadran.lab.statistics import Interval

SPANS = (
    "Normalised reward: 0 is random decisions, 1 the best rule (chosen on other episodes), on held-out "
    "episodes of networks that no training has seen. 95 % intervals over training runs and DUs."
)


def title(method: str) -> str:
    """What tables call a method."""
    return METHODS[method].title


def standing(
    results: Results,
    methods: Sequence[str],
    *,
    against: str,
    name: str = "standing",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Table:
    """Rules and methods by normalised reward; ``words`` end the title."""
    base = curves(results, against, setting, condition).last
    rows: list[tuple[Entry, ...]] = []
    for who in RULES:
        scores = rule(results, who, setting, condition)
        earned = mean_of(rule_reward(results, who, setting, condition))
        rows.append((who, "rule", 1, earned, None, mean_of(scores), improvement(scores, base)))
    for method in methods:
        found = curves(results, method, setting, condition)
        beats = None if method == against else improvement(found.last, base)
        rows.append(
            (
                title(method),
                "learned",
                len(found.last),
                mean_of(found.reward[:, -1]),
                mean_of(found.at(0)),
                mean_of(found.last),
                beats,
            )
        )
    last = int(curves(results, against, setting, condition).shots[-1])
    columns = (
        "policy",
        "kind",
        "runs",
        "reward per frame and DU in the end",
        "before the first shot",
        f"after {last} shots",
        f"P(better than {title(against)})",
    )
    note = f"{SPANS} P(better): probability that a run ends higher than one of {title(against)}."
    return Table(name, f"Normalised reward in new networks{words}", columns, tuple(rows), note)


def by_shots(
    results: Results,
    methods: Sequence[str],
    *,
    name: str = "by-shots",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Table:
    """Normalised reward of each method after each count of shots."""
    found = {method: curves(results, method, setting, condition) for method in methods}
    shots = next(iter(found.values())).shots
    rows: list[tuple[Entry, ...]] = [
        (title(method), *(mean_of(own.at(at)) for at in range(len(shots)))) for method, own in found.items()
    ]
    columns = ("method", *(f"{count} shots" for count in shots.tolist()))
    return Table(name, f"Normalised reward by shots{words}", columns, tuple(rows), SPANS)


def speed(
    results: Results,
    methods: Sequence[str],
    *,
    goal: str,
    name: str = "shots-needed",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Table:
    """Shots that each method needs: to what it comes to itself, and to what ``goal`` comes to."""
    level = curves(results, goal, setting, condition).level
    rows: list[tuple[Entry, ...]] = []
    for method in methods:
        found = curves(results, method, setting, condition)
        common = found.shots_to(level)
        rows.append(
            (
                title(method),
                len(common),
                needed(found, found.shots_to()),
                needed(found, common),
                sum(map(math.isfinite, common)),
            )
        )
    columns = (
        "method",
        "runs",
        "shots to 95 % of its own best",
        f"shots to 95 % of {title(goal)}'s",
        "runs that get there",
    )
    note = (
        f"Shots to {SHARE:.0%} of a normalised reward, straight between the counts that were looked at; 95 % "
        "intervals over runs. A run that does not get there counts with the last count, so that its mean is "
        "too low. A method that adapts to little is soon at what it comes to: read the first column with the "
        "second."
    )
    return Table(name, f"Shots needed{words}", columns, tuple(rows), note)


def needed(found: Curves, shots: Sequence[float]) -> Interval | float:
    """Mean over runs, one that does not get there taken at the last; nothing lies outside the counts."""
    first, last = float(found.shots[0]), float(found.shots[-1])
    mean = over_runs([min(one, last) for one in shots])
    if isinstance(mean, float):
        return mean
    return Interval(mean.value, max(first, mean.low), min(last, mean.high))


def leads(
    results: Results,
    first: str,
    others: Sequence[str],
    *,
    name: str = "leads",
    setting: str = "",
    condition: str = NEW,
    words: str = "",
) -> Table:
    """How much more a method earns than others and than rules, at first and after all shots."""
    own = curves(results, first, setting, condition)
    rows: list[tuple[Entry, ...]] = []
    for other in others:
        theirs = curves(results, other, setting, condition)
        rows.append(
            (
                title(other),
                difference(own.at(0), theirs.at(0)),
                gain_percent(own.at(0), theirs.at(0)),
                difference(own.last, theirs.last),
                gain_percent(own.last, theirs.last),
            )
        )
    for who in RULES:
        scores = rule(results, who, setting, condition)
        rows.append(
            (
                who,
                difference(own.at(0), scores),
                _gain_over_rule(own.at(0), scores, who),
                difference(own.last, scores),
                _gain_over_rule(own.last, scores, who),
            )
        )
    last = int(own.shots[-1])
    columns = (
        f"{title(first)} over",
        "before the first shot",
        "the same (%)",
        f"after {last} shots",
        f"the same after {last} shots (%)",
    )
    note = f"{SPANS} Percentages are of the other's mean, empty where that is not above 0."
    return Table(name, f"What {title(first)} earns more{words}", columns, tuple(rows), note)


def cost(results: Results, methods: Sequence[str], *, name: str = "cost", setting: str = "") -> Table:
    """What training and adapting take on one core, mean over runs."""
    rows = []
    for method in methods:
        trained = results.trained(method, setting)
        adapted = [network for run in results.adaptations(method, setting) for network in run]
        rows.append(
            (
                title(method),
                float(np.mean([run.curve.seconds[-1] for run in trained])) if trained else None,
                float(np.mean([run.curve.frames[-1] for run in trained])) if trained else None,
                float(np.mean([one.seconds for one in adapted])),
            )
        )
    columns = ("method", "training (s)", "frames of training", "shots in one network (s)")
    return Table(
        name,
        "Cost of a run",
        columns,
        tuple(rows),
        "One process, one thread. Training without its evaluations; shots with theirs on held-out episodes.",
    )


def _gain_over_rule(scores: np.ndarray, base: np.ndarray, name: str) -> Interval | None:
    """Random decisions are where the scale begins, up to rounding: nothing is a share of that."""
    return None if name == "random" else gain_percent(scores, base)
