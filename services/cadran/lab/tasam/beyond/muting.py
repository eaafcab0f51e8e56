"""Does it pay to leave RBs unused so that neighbours have less interference?"""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Section
from cadran.lab.statistics import verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.rows import MUTED, rows
from cadran.lab.tasam.scores import difference, rewards

METHODS = ("sac", "sac-team", "sac-joint", "central")
ACTIONS = ("slice_quota", "slice_quota_mute")
OBSERVATION = "problem.observation=demand"


def cells(context: Context) -> Sequence[Cell]:
    """With and without a number for the share of RBs left unused."""
    return [
        cell
        for action in ACTIONS
        for cell in rows(
            context,
            METHODS,
            overrides=(OBSERVATION, f"problem.action={action}"),
            setting=f"action={action}",
        )
    ]


def analyse(results: Results) -> Section:
    """What muting adds to agents that earn for themselves, and to one that earns for all."""
    without, with_ = (f"action={action}" for action in ACTIONS)
    answer = []
    for name, words in (
        ("sac", "one agent per DU"),
        ("sac-team", "one agent per DU that earns for all"),
        ("sac-joint", "one agent per DU with a joint critic"),
        ("central", "a single agent for all DUs"),
    ):
        gain = difference(rewards(results, name, with_), rewards(results, name, without))
        answer.append(verdict(gain, f"With muting, {words}", "the same without"))
    if {MUTED, "best-static"} <= set(results.baselines):
        gain = difference(rewards(results, MUTED, without), rewards(results, "best-static", without))
        answer.append(
            verdict(gain, "The best static split with a part of the band unused", "the same in full")
        )
    names = {without: "Without muting", with_: "With muting"}
    return compare(STUDY, results, (), settings=names, answer=answer, tables=(by_setting(results),))


STUDY = Study(
    name="muting",
    title="Coordinated muting",
    question="Does learning to leave RBs unused pay, for agents that earn for themselves and for one that "
    "earns for all?",
    cells=cells,
    analyse=analyse,
    baselines=("equal", "best-static", MUTED, "tuned-priority", "frame-oracle"),
)
