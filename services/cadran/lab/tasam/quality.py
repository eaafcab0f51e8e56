"""Quality of each slice, and how much more it is than under a base: the paper's numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Table
from cadran.lab.study import Results
from cadran.lab.tasam.scores import SLICES, gain_percent, mean_of, qualities

Percentages = tuple[float, float, float]
"""Of eMBB, mMTC and URLLC."""


def gains_table(
    results: Results,
    methods: Sequence[str],
    base: str,
    paper: Mapping[str, Percentages],
    *,
    name: str,
    title: str,
    setting: str = "",
    note: str = "",
) -> Table:
    """Gain of each method over a base in each slice, the paper's beside it.

    Args:
        results: Holds the methods and the base.
        methods: Rows.
        base: What a gain is relative to.
        paper: The paper's percentages, of the methods that it has.
        name: Of the table.
        title: Of the table.
        setting: Of the study.
        note: What else one has to know.
    """
    columns = ["method"]
    for slice_ in SLICES:
        columns += [f"{slice_} gain (%)", f"{slice_} in the paper (%)"]
    rows = []
    for method in methods:
        row: list[Entry] = [method]
        for index in range(len(SLICES)):
            scores = qualities(results, method, index, setting)
            gain = gain_percent(scores, qualities(results, base, index, setting))
            row += [gain, paper[method][index] if method in paper else None]
        rows.append(tuple(row))
    spans = (
        "Quality of a slice: the paper's Q scaled to [0, 1], mean over frames and DUs of held-out episodes; "
        f"gain over {base}, with 95 % bootstrap intervals over training runs of both and over episodes. "
        f"Empty where {base} has no quality at all, or the paper no number. More is better in all slices: "
        "URLLC's quality is 1 - latency / cap, so its gain depends on the cap; the paper does not say of "
        "which measure its percentages are."
    )
    return Table(name, title, tuple(columns), tuple(rows), f"{spans} {note}".strip())


def qualities_table(
    results: Results, policies: Sequence[str], *, name: str, title: str, setting: str = ""
) -> Table:
    """Quality of each slice under each policy."""
    rows: list[tuple[Entry, ...]] = [
        (policy, *(mean_of(qualities(results, policy, index, setting)) for index in range(len(SLICES))))
        for policy in policies
    ]
    return Table(
        name,
        title,
        ("policy", *SLICES),
        tuple(rows),
        "Scaled to [0, 1], mean over frames and DUs; latency counts as what is left of its cap.",
    )
