"""Where sharpness should pay: worlds that the agents were not trained in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.study import HELD_OUT, Cell, Context, Results, Study
from cadran.lab.tasam.comparison import Contrast, by_condition, compare
from cadran.lab.tasam.orderings import orderings, tally
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import difference, rewards, scorer
from cadran.lab.tasam.standing import against

METHODS = ("sac", "l2", "dropout", "critic-sam", "tasam-no-selection", "tasam")
SAM = ("critic-sam", "tasam-no-selection", "tasam")
CONDITIONS: Mapping[str, Sequence[str]] = {
    "load halved": ("world.load.scale=0.5",),
    "load doubled": ("world.load.scale=2",),
    "fast load": ("world.load.dwell_frames=5",),
    "large files": ("world.load.packet_bits=[400000, 8000, 2048]",),
    "dense cells": ("world.layout.inter_site_distance_m=250",),
    "wide cells": ("world.layout.inter_site_distance_m=1000",),
    "no shadowing": ("world.channel.shadowing_db=0",),
    "heavy shadowing": ("world.channel.shadowing_db=10",),
    "street canyon": ("world.channel.path_loss=umi", "world.channel.shadowing_db=null"),
    "no fading": ("world.channel.fading=none",),
    "slow fading": ("world.channel.fading=jakes",),
    "mostly URLLC": ("world.slice_weights=[1, 1, 2]",),
}
"""Changes of load, layout and fading; ASSUMED: large enough to be told from the world of the training."""


def cells(context: Context) -> Sequence[Cell]:
    """Trained once, examined everywhere."""
    return rows(context, METHODS)


def analyse(results: Results) -> Section:
    """Does SAM's lead over SAC grow where the world differs from that of the training?"""
    shifted = [condition for condition in results.conditions if condition != HELD_OUT]
    found = [
        one
        for condition in shifted
        for one in orderings([(name, "sac") for name in SAM], scorer(results, "", condition))
    ]
    answer = [tally(found, f"{len(found)} comparisons in {len(shifted)} shifted worlds, SAM before SAC")]
    answer += [_kept(results, name, shifted) for name in SAM]
    contrasts = [Contrast(name, "sac", f"In the world of the training, {name}", "SAC") for name in SAM]
    return compare(STUDY, results, contrasts, answer=answer, tables=(_leads(results), by_condition(results)))


def _kept(results: Results, name: str, shifted: Sequence[str]) -> str:
    """Whether a method's lead over SAC grows in shifted worlds, against its lead at home."""
    grows, shrinks = 0, 0
    for condition in shifted:
        gap = difference(
            rewards(results, name, "", condition) - rewards(results, name),
            rewards(results, "sac", "", condition) - rewards(results, "sac"),
        )
        grows += gap.verdict == "better"
        shrinks += gap.verdict == "worse"
    rest = len(shifted) - grows - shrinks
    return (
        f"Against the world of the training, the lead of {name} over SAC is larger in {grows} of "
        f"{len(shifted)} shifted worlds, smaller in {shrinks}, and cannot be told to differ in {rest}."
    )


def _leads(results: Results) -> Table:
    rows_: list[tuple[Entry, ...]] = [
        (condition, *(against(results, name, "sac", "", condition) for name in METHODS if name != "sac"))
        for condition in results.conditions
    ]
    columns = ("condition", *(f"{name} minus sac" for name in METHODS if name != "sac"))
    note = "Differences of held-out reward with 95 % intervals over runs and episodes."
    return Table("leads", "Lead over SAC, by world", columns, tuple(rows_), note)


STUDY = Study(
    name="shift",
    title="Worlds that differ from that of the training",
    question="Do flatter minima generalise better to other loads, layouts and fading?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
    conditions=CONDITIONS,
)
