"""The section that short studies share: methods against each other under settings and conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Plot, Section, Table
from cadran.lab.statistics import verdict
from cadran.lab.study import HELD_OUT, Results, Study
from cadran.lab.tasam.cost import cost_table
from cadran.lab.tasam.pictures import reward_bars
from cadran.lab.tasam.scores import mean_of, rewards
from cadran.lab.tasam.settings import in_words
from cadran.lab.tasam.standing import against, caution, ordered, place, standing


@dataclass(frozen=True)
class Contrast:
    """Two policies whose difference answers the question.

    Attributes:
        first: A method.
        second: Another, or a baseline.
        first_words: How a sentence calls the first.
        second_words: How a sentence calls the second.
    """

    first: str
    second: str
    first_words: str
    second_words: str

    def said(self, results: Results, setting: str = "", condition: str = HELD_OUT) -> str:
        """The difference in one sentence."""
        found = against(results, self.first, self.second, setting, condition)
        return verdict(found, self.first_words, self.second_words)


def compare(
    study: Study,
    results: Results,
    contrasts: Sequence[Contrast],
    *,
    settings: Mapping[str, str] | None = None,
    placed: bool = True,
    answer: Sequence[str] = (),
    tables: Sequence[Table] = (),
    plots: Sequence[Plot] = (),
) -> Section:
    """Rewards under each setting, the contrasts in words, and where the best learned agent stands.

    Args:
        study: Whose section it is.
        results: Its results.
        contrasts: Differences to name, in each setting where both sides ran.
        settings: How sentences call the settings; by default by their names.
        placed: Whether to say where the best learned agent stands.
        answer: Sentences that come first.
        tables: Tables that come first.
        plots: Plots that come first.
    """
    said, more_tables, more_plots = [*answer, *caution(results)], list(tables), list(plots)
    for setting in results.settings:
        methods = [name for name in results.methods if results.seeds(name, setting)]
        suffix, words = in_words(setting)
        lead = "" if not setting else f"{(settings or {}).get(setting, setting)}: "
        there = {*methods, *results.baselines}
        here = [one.said(results, setting) for one in contrasts if {one.first, one.second} <= there]
        best = place(results, methods, setting) if placed else ()
        said += [lead + sentence for sentence in (*here, *best)]
        more_tables += [
            standing(results, methods, name=f"standing{suffix}", setting=setting, words=words),
            cost_table(results, methods, name=f"cost{suffix}", setting=setting),
        ]
        more_plots.append(
            reward_bars(results, methods, name=f"rewards{suffix}", setting=setting, words=words)
        )
    return Section(
        study.name, study.title, study.question, tuple(said), tuple(more_tables), tuple(more_plots)
    )


def by_condition(results: Results, *, setting: str = "", name: str = "conditions") -> Table:
    """Reward of every policy under every condition, with the same actors."""
    policies = ordered(results, [name for name in results.methods if results.seeds(name, setting)])
    rows: list[tuple[Entry, ...]] = [
        (condition, *(mean_of(rewards(results, policy, setting, condition)) for policy in policies))
        for condition in results.conditions
    ]
    return Table(
        name,
        "Reward of the same actors under each condition",
        ("condition", *policies),
        tuple(rows),
        f"Reward per frame and DU, with 95 % intervals over runs and episodes. {HELD_OUT} is the world of "
        "the training; tuned heuristics were tuned there as well.",
    )


def by_setting(
    results: Results,
    *,
    name: str = "settings",
    title: str = "Reward by setting",
    words: Mapping[str, str] | None = None,
) -> Table:
    """Reward of every policy in every setting, called by its words; empty where it did not run."""
    policies = ordered(results, results.methods)
    rows = tuple(
        (
            (words or {}).get(setting, setting) or "preset",
            *(
                mean_of(rewards(results, policy, setting))
                if policy in results.baselines or results.seeds(policy, setting)
                else None
                for policy in policies
            ),
        )
        for setting in results.settings
    )
    note = (
        "Held-out reward per frame and DU, with 95 % intervals over runs and episodes; each setting was "
        "trained by itself."
    )
    return Table(name, title, ("setting", *policies), rows, note)
