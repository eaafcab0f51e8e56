"""The lead over the best rule, setting by setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Table
from cadran.lab.statistics import told
from cadran.lab.study import Results
from cadran.lab.tasam.scores import mean_of, rewards
from cadran.lab.tasam.standing import against, best_heuristic


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
    rows: list[tuple[Entry, ...]] = []
    for setting in results.settings:
        rule = best_heuristic(results, setting)
        if rule is None:
            continue
        level = mean_of(rewards(results, rule, setting))
        rows.append(
            (words[setting], rule, level, *(against(results, method, rule, setting) for method in methods))
        )
    columns = ("setting", "best heuristic", "its reward", *(f"{method} minus it" for method in methods))
    note = (
        "Rewards per frame and DU, with 95 % intervals over runs and episodes, each for itself. The best "
        "heuristic is chosen on the held-out episodes, which favours it."
    )
    return Table("leads", "Lead over the best heuristic", columns, tuple(rows), note)
