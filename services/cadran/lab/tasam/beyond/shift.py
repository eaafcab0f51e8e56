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
from cadran.lab.tasam.settings import DELIVERED, in_words
from cadran.lab.tasam.standing import against

METHODS = ("sac", "l2", "dropout", "critic-sam", "tasam-no-selection", "tasam")
SAM = ("critic-sam", "tasam-no-selection", "tasam")
CONDITIONS: Mapping[str, Sequence[str]] = {
    "light load": ("world.load.scale=0.5",),
    "heavy load": ("world.load.scale=3",),
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


SETTINGS: Mapping[str, Sequence[str]] = {"reward=achievable": (), "reward=delivered": DELIVERED}
"""The preset's reward, which load reaches through URLLC's latency alone, and one of delivered traffic."""
NAMES = {"reward=achievable": "Eq (8) on achievable rates", "reward=delivered": "Delivered traffic"}


def cells(context: Context) -> Sequence[Cell]:
    """Trained once for each reward, examined everywhere."""
    return [
        cell
        for setting, overrides in SETTINGS.items()
        for cell in rows(context, METHODS, overrides=overrides, setting=setting)
    ]


def analyse(results: Results) -> Section:
    """Does SAM's lead over SAC grow where the world differs from that of the training?"""
    shifted = [condition for condition in results.conditions if condition != HELD_OUT]
    answer: list[str] = []
    tables: list[Table] = []
    for setting in results.settings:
        found = [
            one
            for condition in shifted
            for one in orderings([(name, "sac") for name in SAM], scorer(results, setting, condition))
        ]
        counted = f"{len(found)} comparisons in {len(shifted)} shifted worlds, SAM before SAC"
        answer.append(f"{NAMES[setting]}: {tally(found, counted)}")
        answer += [_kept(results, name, setting, shifted) for name in SAM]
        suffix, _ = in_words(setting)
        tables += [
            _leads(results, setting),
            by_condition(results, setting=setting, name=f"conditions{suffix}"),
        ]
    contrasts = [Contrast(name, "sac", f"In the world of the training, {name}", "SAC") for name in SAM]
    return compare(STUDY, results, contrasts, settings=NAMES, answer=answer, tables=tables)


def _kept(results: Results, name: str, setting: str, shifted: Sequence[str]) -> str:
    """Whether a method's lead over SAC grows in shifted worlds, against its lead at home."""
    grows, shrinks = 0, 0
    for condition in shifted:
        gap = difference(
            rewards(results, name, setting, condition) - rewards(results, name, setting),
            rewards(results, "sac", setting, condition) - rewards(results, "sac", setting),
        )
        grows += gap.verdict == "better"
        shrinks += gap.verdict == "worse"
    rest = len(shifted) - grows - shrinks
    return (
        f"{NAMES[setting]}: against the world of the training, the lead of {name} over SAC is larger in "
        f"{grows} of {len(shifted)} shifted worlds, smaller in {shrinks}, and cannot be told to differ in "
        f"{rest}."
    )


def _leads(results: Results, setting: str) -> Table:
    rows_: list[tuple[Entry, ...]] = [
        (
            condition,
            *(against(results, name, "sac", setting, condition) for name in METHODS if name != "sac"),
        )
        for condition in results.conditions
    ]
    columns = ("condition", *(f"{name} minus sac" for name in METHODS if name != "sac"))
    note = "Differences of held-out reward with 95 % intervals over runs and episodes."
    suffix, words = in_words(setting)
    return Table(f"leads{suffix}", f"Lead over SAC, by world{words}", columns, tuple(rows_), note)


STUDY = Study(
    name="shift",
    title="Worlds that differ from that of the training",
    question="Do flatter minima generalise better to other loads, layouts and fading?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority", "frame-oracle"),
    conditions=CONDITIONS,
)
