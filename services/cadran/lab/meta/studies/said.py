"""Sentences that studies share."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cadran.lab.meta.studies.estimates import difference
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.scores import RULES, curves, rule
from cadran.lab.meta.studies.study import NEW
from cadran.lab.meta.studies.tables import needed, title
from cadran.lab.statistics import Interval, told, verdict

UNIT = "of normalised reward"


def compared(results: Results, first: str, second: str, setting: str = "", condition: str = NEW) -> list[str]:
    """Two methods against each other, before the first shot and after all."""
    one, other = (curves(results, name, setting, condition) for name in (first, second))
    last = int(one.shots[-1])
    return [
        verdict(
            difference(one.at(0), other.at(0)),
            f"Before the first shot {title(first)}",
            title(second),
            UNIT,
        ),
        verdict(difference(one.last, other.last), f"After {last} shots {title(first)}", title(second), UNIT),
    ]


def against_rules(results: Results, methods: Sequence[str], setting: str = "", condition: str = NEW) -> str:
    """Whether learning pays: the best method after all shots against the best rule."""
    ends = {method: curves(results, method, setting, condition).last for method in methods}
    first = max(ends, key=lambda method: float(ends[method].mean()))
    rules = {who: rule(results, who, setting, condition) for who in RULES}
    best = max(rules, key=lambda who: float(rules[who].mean()))
    return verdict(
        difference(ends[first], rules[best]),
        f"The method that ends highest here ({title(first)})",
        f"the rule that is best here ({best})",
        UNIT,
    )


def shots_said(results: Results, first: str, second: str, setting: str = "", condition: str = NEW) -> str:
    """Shots that two methods need, to their own best reward and to what the first comes to."""
    level = curves(results, first, setting, condition).level
    parts = []
    for name in (first, second):
        found = curves(results, name, setting, condition)
        own, common = needed(found, found.shots_to()), needed(found, found.shots_to(level))
        missed = sum(map(math.isinf, found.shots_to(level)))
        late = f", where {missed} of {len(found.by_run)} runs never get there" if missed else ""
        parts.append(f"{title(name)} {in_words(own)} and {in_words(common)}{late}")
    return f"Shots to 95 % of its own best reward and of {title(first)}'s: " + "; ".join(parts) + "."


def in_words(value: Interval | float, decimals: int = 1) -> str:
    """An estimate in a sentence; one run alone has no interval."""
    if isinstance(value, float):
        return f"{value:.{decimals}f}".replace("-", "−")
    return told(value, decimals)


def caution(results: Results) -> list[str]:
    """What intervals leave out, where methods ran once."""
    once = len(results.context.seeds) == 1
    return ["Methods with one run are taken as they are: their intervals say nothing of other seeds."] * once
