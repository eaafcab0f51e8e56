"""Shots: how reward grows with the shots, in new networks like those of the training and beyond them."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.meta import Kind
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.estimates import difference
from cadran.lab.meta.studies.paper import ADAPTIVE, MULTI_TASK, SCRATCH, TRANSFER, UNIFORM
from cadran.lab.meta.studies.pictures import adaptation
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.said import UNIT, caution, shots_said
from cadran.lab.meta.studies.scores import curves
from cadran.lab.meta.studies.study import NEW, Context, Study
from cadran.lab.meta.studies.tables import by_shots, speed, title
from cadran.lab.report import Section
from cadran.lab.statistics import verdict

METHODS = (SCRATCH, TRANSFER, MULTI_TASK, UNIFORM, ADAPTIVE)
BEYOND = "beyond"
"""New networks with more load and more one-sided mixes than any of the training."""
CONDITIONS: tuple[tuple[str, Kind], ...] = ((NEW, "training"), (BEYOND, "held_out"))
WORDS = {NEW: "", BEYOND: " beyond the training's distribution"}


def trials(context: Context) -> Sequence[Trial]:
    """Methods that prepare in every way, in both kinds of new networks."""
    return [trial for method in METHODS for trial in context.trials(method, conditions=CONDITIONS)]


def analyse(results: Results) -> Section:
    """Reward by shots under each condition."""
    answer = caution(results)
    tables, plots = [], []
    for condition in results.conditions:
        words, suffix = WORDS[condition], "" if condition == NEW else f"-{condition}"
        answer += _answer(results, condition)
        tables += [
            by_shots(results, METHODS, name=f"by-shots{suffix}", condition=condition, words=words),
            speed(results, METHODS, goal=ADAPTIVE, name=f"needed{suffix}", condition=condition, words=words),
        ]
        plots.append(
            adaptation(results, METHODS, name=f"adaptation{suffix}", condition=condition, words=words)
        )
    return Section(STUDY.name, STUDY.title, STUDY.question, tuple(answer), tuple(tables), tuple(plots))


def _answer(results: Results, condition: str) -> list[str]:
    lead = f"New networks{WORDS[condition]}: "
    ours, cold = (curves(results, name, condition=condition) for name in (ADAPTIVE, SCRATCH))
    last = int(ours.shots[-1])
    who = title(ADAPTIVE)
    said = [
        verdict(difference(ours.at(0), cold.last), f"{who} before any shot", f"DRL after {last}", UNIT),
        verdict(difference(ours.last, ours.at(0)), f"{who} after {last} shots", "itself before any", UNIT),
        shots_said(results, ADAPTIVE, SCRATCH, condition=condition),
    ]
    return [lead + sentence for sentence in said]


STUDY = Study(
    name="shots",
    title="Reward by shots",
    question="How much reward does each shot bring, inside the distribution of the training and beyond it?",
    trials=trials,
    analyse=analyse,
)
