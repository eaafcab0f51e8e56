"""Studies of the lead over the best rule, setting by setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import told
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import mean_of, rewards
from cadran.lab.tasam.settings import DELIVERED
from cadran.lab.tasam.standing import against, best_heuristic


@dataclass(frozen=True)
class Axis:
    """Delivered traffic under one change after the other.

    Attributes:
        methods: What is trained; the sentence is about the first.
        changes: Setting to what it changes in the task of delivered traffic.
        words: How sentences call the settings.
    """

    methods: Sequence[str]
    changes: Mapping[str, str]
    words: Mapping[str, str]

    def cells(self, context: Context) -> Sequence[Cell]:
        """Every method in every setting."""
        return [
            cell
            for setting, change in self.changes.items()
            for cell in rows(context, self.methods, overrides=(*DELIVERED, change), setting=setting)
        ]

    def section(self, study: Study, results: Results) -> Section:
        """The lead over the best rule by setting, and the rewards that it is made of."""
        return compare(
            study,
            results,
            (),
            settings=self.words,
            answer=(lead_by_setting(results, self.methods[0], self.words),),
            tables=(
                leads_table(results, self.methods, self.words),
                by_setting(results, words=self.words),
            ),
        )


def lead_by_setting(results: Results, method: str, words: Mapping[str, str]) -> str:
    """A method's lead over the best heuristic of each setting, called by its words, in one sentence."""
    parts = []
    for setting in results.settings:
        rule = best_heuristic(results, setting)
        if rule is not None:
            lead = against(results, method, rule, setting)
            parts.append(f"{words[setting]}: {told(lead, signed=True)} over {rule}")
    return f"The lead of {method} over the best heuristic is, by setting, {'; '.join(parts)} a frame."


def leads_table(results: Results, methods: Sequence[str], words: Mapping[str, str]) -> Table:
    """The best heuristic of each setting, called by its words, and what methods earn beyond it."""
    entries: list[tuple[Entry, ...]] = []
    for setting in results.settings:
        rule = best_heuristic(results, setting)
        if rule is None:
            continue
        level = mean_of(rewards(results, rule, setting))
        entries.append(
            (words[setting], rule, level, *(against(results, method, rule, setting) for method in methods))
        )
    columns = ("setting", "best heuristic", "its reward", *(f"{method} minus it" for method in methods))
    note = (
        "Rewards per frame and DU, with 95 % intervals over runs and episodes, each for itself. The best "
        "heuristic is chosen on the held-out episodes, which favours it."
    )
    return Table("leads", "Lead over the best heuristic", columns, tuple(entries), note)
