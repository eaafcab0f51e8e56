"""What delay and loss on E2 cost: the paper's open question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import verdict
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.comparison import by_setting, compare
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import difference, rewards

METHODS = ("sac", "tasam", "central")
IDEAL = "link=ideal"
ALL = "link=all-of-it"
DELAYS_FRAMES = (1, 3, 5)
LOSSES_PERCENT = (5, 20)
PATHS = {"report": "reports", "policy": "policies"}
"""The link's two ways, and what goes there."""
FRAME_MS = 10
"""Of all presets."""


def _links() -> dict[str, tuple[tuple[str, ...], str]]:
    """Name of a link to its overrides and its words."""
    found: dict[str, tuple[tuple[str, ...], str]] = {IDEAL: ((), "ideal")}
    for path, noun in PATHS.items():
        for frames in DELAYS_FRAMES:
            name = f"link={path}-{frames}-frame{'s' if frames > 1 else ''}-late"
            keys = (f"link.{path}_delay_frames={frames}",)
            found[name] = keys, f"{noun} {FRAME_MS * frames} ms late"
        for percent in LOSSES_PERCENT:
            keys = (f"link.{path}_loss={percent / 100:g}",)
            found[f"link={path}-{percent}-percent-lost"] = keys, f"{percent} % of {noun} lost"
    frames, percent = DELAYS_FRAMES[-1], LOSSES_PERCENT[-1]
    both = (
        *(f"link.{path}_delay_frames={frames}" for path in PATHS),
        *(f"link.{path}_loss={percent / 100:g}" for path in PATHS),
    )
    found[ALL] = both, f"both {FRAME_MS * frames} ms late and {percent} % lost"
    return found


LINKS: Mapping[str, tuple[tuple[str, ...], str]] = _links()
"""0 to 5 frames of 10 ms and up to 20 % of messages, on reports, on policies, and on both."""


def cells(context: Context) -> Sequence[Cell]:
    """Every link."""
    return [
        cell
        for setting, (overrides, _) in LINKS.items()
        for cell in rows(context, METHODS, overrides=overrides, setting=setting)
    ]


def analyse(results: Results) -> Section:
    """What each impairment takes from agents at the DUs, and from one behind the link."""
    answer = [
        verdict(
            difference(rewards(results, name, ALL), rewards(results, name, IDEAL)),
            f"{words} with late and lost messages",
            "with an ideal link",
        )
        for name, words in (
            ("sac", "One agent per DU (SAC)"),
            ("tasam", "One agent per DU (TA-SAM)"),
            ("central", "A single centralised agent"),
        )
    ]
    words = {setting: text[0].upper() + text[1:] for setting, (_, text) in LINKS.items()}
    tables = (_losses(results), by_setting(results, words=words))
    return compare(STUDY, results, (), settings=words, placed=False, answer=answer, tables=tables)


def _losses(results: Results) -> Table:
    rows_: list[tuple[Entry, ...]] = [
        (
            LINKS[setting][1],
            *(difference(rewards(results, name, setting), rewards(results, name, IDEAL)) for name in METHODS),
        )
        for setting in results.settings
        if setting != IDEAL
    ]
    note = (
        "Held-out reward per frame and DU minus that with an ideal link, with 95 % intervals over runs and "
        "episodes; each link was trained and examined by itself. Agents at the DUs decide from what they "
        "measure themselves, so the link only delays and thins what they learn from, and their new networks; "
        "the centralised agent sees late reports and decides late in deployment as well."
    )
    columns = ("link", *(f"{name}: change of reward" for name in METHODS))
    return Table("losses", "What delay and loss take", columns, tuple(rows_), note)


STUDY = Study(
    name="link",
    title="Delay and loss on E2",
    question="How much do delays up to 50 ms and losses up to 20 % cost, on reports and on policies?",
    cells=cells,
    analyse=analyse,
    baselines=("best-static", "tuned-priority"),
)
