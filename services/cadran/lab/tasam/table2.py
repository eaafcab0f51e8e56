"""Table 2: which parts of TA-SAM carry its gain?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Section, Table
from cadran.lab.statistics import verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.cost import cost_table
from cadran.lab.tasam.orderings import Ordering, orderings, orderings_table, pairs_of, tally
from cadran.lab.tasam.pictures import learning_curves, reward_bars
from cadran.lab.tasam.quality import Percentages, gains_table, qualities_table
from cadran.lab.tasam.rows import BASELINES, CORE, rows
from cadran.lab.tasam.scores import SLICES, qualities, scorer
from cadran.lab.tasam.settings import alphas, in_words
from cadran.lab.tasam.standing import against, caution, ordered, place, standing

PAPER: Mapping[str, Percentages] = {
    "tasam": (23.67, 11.19, 42.1),
    "tasam-no-selection": (21.32, 9.81, 38.6),
    "tasam-static-rho": (18.4, 7.7, 32.06),
    "sac": (13.9, 5.87, 25.1),
}
"""Gains over a single centralised agent in percent, best row first; all three slices rank alike."""
RANKED = tuple(PAPER)
BASE = "central"


def cells(context: Context) -> Sequence[Cell]:
    """Four rows and the agent that their percentages refer to, under each reading of alpha."""
    return [
        cell
        for setting, overrides in alphas(context).items()
        for cell in rows(context, CORE, overrides=overrides, setting=setting)
    ]


def analyse(results: Results) -> Section:
    """Table 2 under each reading of alpha."""
    answer = caution(results)
    tables: list[Table] = []
    plots = []
    for setting in results.settings:
        suffix, words = in_words(setting)
        answer += _answer(results, setting, words)
        tables += _tables(results, setting, suffix, words)
        plots += [
            reward_bars(results, CORE, name=f"rewards{suffix}", setting=setting, words=words),
            learning_curves(
                results, CORE, name=f"curves{suffix}", title=f"Learning curves{words}", setting=setting
            ),
        ]
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tuple(tables), tuple(plots))


def _tables(results: Results, setting: str, suffix: str, words: str) -> list[Table]:
    return [
        gains_table(
            results,
            RANKED,
            BASE,
            PAPER,
            name=f"gains{suffix}",
            title=f"Gain over a single centralised agent{words}, beside the paper's Table 2",
            setting=setting,
        ),
        standing(
            results,
            (BASE, *RANKED),
            name=f"standing{suffix}",
            setting=setting,
            words=words,
        ),
        qualities_table(
            results,
            ordered(results, (BASE, *RANKED), with_bound=False),
            name=f"quality{suffix}",
            title=f"Quality of each slice{words}",
            setting=setting,
        ),
        orderings_table(
            f"orderings{suffix}", f"The paper's orderings{words}, by reward", _by_reward(results, setting)
        ),
        cost_table(results, (BASE, *RANKED), name=f"cost{suffix}", setting=setting),
    ]


def _answer(results: Results, setting: str, words: str) -> list[str]:
    by_quality = [one for index in range(len(SLICES)) for one in _by_quality(results, setting, index)]
    runs = len(results.seeds("tasam", setting))
    found = _by_reward(results, setting)
    return [
        tally(
            found,
            f"the paper's {len(found)} pairwise orderings in Table 2{words}, by reward and {runs} runs each",
        ),
        tally(by_quality, f"the {len(by_quality)} orderings of the three slices' qualities"),
        verdict(against(results, "tasam", "sac", setting), "TA-SAM in full", "SAC without SAM"),
        verdict(
            against(results, "sac", BASE, setting), "One agent per DU (sac)", "a single centralised agent"
        ),
        *place(results, (BASE, *RANKED), setting),
    ]


def _by_reward(results: Results, setting: str) -> list[Ordering]:
    return orderings(pairs_of(RANKED), scorer(results, setting))


def _by_quality(results: Results, setting: str, index: int) -> list[Ordering]:
    return orderings(pairs_of(RANKED), lambda name: qualities(results, name, index, setting))


STUDY = Study(
    name="table2",
    title="Table 2: the parts of TA-SAM",
    question="How much do SAM, selecting agents by TD-error variance, and a falling radius each add?",
    cells=cells,
    analyse=analyse,
    baselines=BASELINES,
)
