"""What delay and loss on E2 cost: the paper's open question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import difference, rewards
from cadran.lab.tasam.standing import verdict

METHODS = ("sac", "tasam", "central")
IDEAL = "link=ideal"
LINKS: Mapping[str, tuple[str, ...]] = {
    IDEAL: (),
    "link=report-1-frame-late": ("link.report_delay_frames=1",),
    "link=report-3-frames-late": ("link.report_delay_frames=3",),
    "link=report-5-frames-late": ("link.report_delay_frames=5",),
    "link=report-5-percent-lost": ("link.report_loss=0.05",),
    "link=report-20-percent-lost": ("link.report_loss=0.2",),
    "link=policy-5-frames-late": ("link.policy_delay_frames=5",),
    "link=policy-20-percent-lost": ("link.policy_loss=0.2",),
    "link=all-of-it": (
        "link.report_delay_frames=5",
        "link.report_loss=0.2",
        "link.policy_delay_frames=5",
        "link.policy_loss=0.2",
    ),
}
"""0 to 5 frames of 10 ms and up to 20 % of messages, on reports, on policies, and on both."""


def cells(context: Context) -> Sequence[Cell]:
    """Every link."""
    return [
        cell
        for setting, overrides in LINKS.items()
        for cell in rows(context, METHODS, overrides=overrides, setting=setting)
    ]


def analyse(results: Results) -> Section:
    """What each impairment takes from agents at the DUs, and from one behind the link."""
    answer = [
        verdict(
            difference(rewards(results, name, "link=all-of-it"), rewards(results, name, IDEAL)),
            f"{words} with late and lost messages",
            "with an ideal link",
        )
        for name, words in (
            ("sac", "One agent per DU (SAC)"),
            ("tasam", "One agent per DU (TA-SAM)"),
            ("central", "A single centralised agent"),
        )
    ]
    tables = (_losses(results), by_setting(results))
    return compare(STUDY, results, (), answer=answer, tables=tables)


def _losses(results: Results) -> Table:
    rows_: list[tuple[Entry, ...]] = [
        (
            setting.removeprefix("link="),
            *(difference(rewards(results, name, setting), rewards(results, name, IDEAL)) for name in METHODS),
        )
        for setting in results.settings
        if setting != IDEAL
    ]
    note = (
        "Held-out reward minus that with an ideal link. Actors beside the DUs decide from what they measure "
        "themselves; the centralised one sees late reports when it acts as well."
    )
    return Table("losses", "What delay and loss take", ("link", *METHODS), tuple(rows_), note)


STUDY = Study(
    name="link",
    title="Delay and loss on E2",
    question="How much do delays up to 50 ms and losses up to 20 % cost, on reports and on policies?",
    cells=cells,
    analyse=analyse,
)
