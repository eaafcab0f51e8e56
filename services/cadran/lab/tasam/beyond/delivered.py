"""A reward on what is delivered beside the paper's on what could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Section, Table
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, compare
from cadran.lab.tasam.orderings import orderings, tally
from cadran.lab.tasam.rows import BASELINES, rows
from cadran.lab.tasam.scores import rewards, scorer
from cadran.lab.tasam.settings import DELIVERED
from cadran.lab.tasam.standing import best_heuristic, ends
from cadran.lab.tasam.table2 import RANKED

METHODS = ("central", *RANKED)
REWARDS: Mapping[str, tuple[str, ...]] = {
    "reward=achievable": ("problem.reward=eq8", "problem.eq8.rate=achievable"),
    "reward=sent": ("problem.reward=eq8", "problem.eq8.rate=delivered"),
    "reward=delivered": DELIVERED,
}
WORDS = {
    "reward=achievable": "Eq (8) on achievable rates",
    "reward=sent": "Eq (8) on delivered rates",
    "reward=delivered": "Weighted quality of delivered traffic",
}


def cells(context: Context) -> Sequence[Cell]:
    """The rows of Table 2 under three rewards."""
    return [
        cell
        for setting, overrides in REWARDS.items()
        for cell in rows(context, METHODS, overrides=overrides, setting=setting)
    ]


def analyse(results: Results) -> Section:
    """Whether the orderings depend on the reward, and how much there is to learn under each."""
    answer = []
    for setting in results.settings:
        pairs = [("tasam", name) for name in RANKED if name != "tasam"]
        found = orderings(pairs, scorer(results, setting))
        answer.append(
            f"{WORDS[setting]}: "
            + tally(found, f"the {len(found)} comparisons that the paper has TA-SAM win")
        )
    contrasts = (
        Contrast("tasam", "sac", "TA-SAM", "SAC"),
        Contrast("sac", "central", "SAC", "a central agent"),
    )
    tables = (_room(results),)
    return compare(STUDY, results, contrasts, settings=WORDS, answer=answer, tables=tables)


def _room(results: Results) -> Table:
    rows_ = []
    for setting in results.settings:
        low, high = ends(results, setting)
        learned = float(rewards(results, "sac", setting).mean())
        room = None if low is None or high is None else high - low
        share = None if room is None or low is None else 100.0 * (learned - low) / room
        rows_.append((WORDS[setting], best_heuristic(results, setting), low, learned, high, room, share))
    columns = (
        "reward",
        "best heuristic",
        "its reward",
        "sac",
        "frame oracle",
        "room between",
        "way that sac goes (%)",
    )
    note = "Rewards of different rows have different scales; compare shares."
    return Table("room", "What there is to learn under each reward", columns, tuple(rows_), note)


STUDY = Study(
    name="delivered",
    title="A reward on delivered traffic",
    question="Do the orderings change, and is there more to learn, if what counts is delivered and not "
    "achievable?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
