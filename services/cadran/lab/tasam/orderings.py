"""Which of the paper's orderings hold here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from cadran.lab.report import Table
from cadran.lab.statistics import LEVEL, Interval
from cadran.lab.tasam.scores import Array, difference, paired

Pair = tuple[str, str]

RUNS_AND_EPISODES = "training runs and episodes"
RUNS = "training runs, paired by seed, on these very episodes"


@dataclass(frozen=True)
class Ordering:
    """The paper ranks ``above`` before ``below``; here they differ by ``interval``."""

    above: str
    below: str
    interval: Interval | float

    @property
    def verdict(self) -> str:
        """Whether it holds: only an interval that excludes 0 decides, and one run alone has none."""
        if isinstance(self.interval, float):
            return "cannot be told apart"
        return {"better": "holds", "worse": "reversed", "tie": "cannot be told apart"}[self.interval.verdict]


def pairs_of(ranked: Sequence[str]) -> list[Pair]:
    """All pairs of a ranking, the best one first."""
    return list(combinations(ranked, 2))


def orderings(pairs: Sequence[Pair], scores: Callable[[str], Array]) -> list[Ordering]:
    """What pairs that the paper orders do here.

    Args:
        pairs: Of methods, the one that the paper says is better first.
        scores: Of a method, ``[runs, episodes]``.
    """
    return [Ordering(above, below, difference(scores(above), scores(below))) for above, below in pairs]


def orderings_of_runs(pairs: Sequence[Pair], numbers: Mapping[str, Mapping[int, float]]) -> list[Ordering]:
    """The same of one number per run, paired by seed.

    Args:
        pairs: As in `orderings`.
        numbers: Of each method, by seed.
    """
    return [Ordering(above, below, paired(numbers[above], numbers[below])) for above, below in pairs]


def tally(found: Sequence[Ordering], of_what: str) -> str:
    """The sentence: how many hold, are reversed, or cannot be told apart."""
    counts = {verdict: 0 for verdict in ("holds", "reversed", "cannot be told apart")}
    for ordering in found:
        counts[ordering.verdict] += 1
    holds, back, open_ = counts.values()
    by_chance = (1.0 - LEVEL) * len(found)
    return (
        f"Of {of_what}, {_are(holds, 'holds', 'hold')} here (the 95 % interval excludes 0), "
        f"{_are(back, 'is reversed', 'are reversed')}, and {open_} cannot be told apart; "
        f"about {by_chance:.1f} would be told apart by chance alone."
    )


def orderings_table(
    name: str, title: str, found: Sequence[Ordering], unit: str = "reward", over: str = RUNS_AND_EPISODES
) -> Table:
    """One row per pair; ``over`` is what the intervals hold over."""
    return Table(
        name,
        title,
        ("pair", f"difference ({unit})", "the paper's ordering"),
        tuple((f"{one.above} − {one.below}", one.interval, one.verdict) for one in found),
        f"95 % intervals over {over}, each for itself: of 20 such intervals about "
        "differences that are 0, one is expected to exclude it.",
    )


def _are(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"
