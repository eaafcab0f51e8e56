"""Figure 8 and beyond: reward against the number of DUs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cadran.lab.report import Cell as Entry
from cadran.lab.report import Section, Table
from cadran.lab.statistics import told
from cadran.lab.study import Cell, Context, Results, Study
from cadran.lab.tasam.cost import cost_table
from cadran.lab.tasam.orderings import orderings, tally
from cadran.lab.tasam.pictures import swept
from cadran.lab.tasam.rows import rows
from cadran.lab.tasam.scores import difference, mean_of, rewards, scorer
from cadran.lab.tasam.standing import best_heuristic, caution
from cadran.radio import World

METHODS = ("tasam", "sac", "l2")
BASELINES = ("equal", "best-static", "tuned-priority", "greedy")
PAPER_DUS = (2, 4, 6, 8, 10)
"""Fig 8."""
ALL_DUS = (2, 4, 6, 8, 10, 16, 32)
PAPER_BEST = 6
PAPER_SETTING = f"dus={PAPER_BEST}"


def cells_fixed(context: Context) -> Sequence[Cell]:
    """Fig 8: the same UEs and the same demand, served by more or fewer DUs.

    ASSUMED: the paper has 200 UEs, whatever the number of DUs, and so their demand does not grow with it.
    """
    world = context.experiment.world
    return [
        cell
        for dus in PAPER_DUS
        for cell in rows(
            context,
            METHODS,
            overrides=(
                f"world.dus={dus}",
                f"world.max_ues_per_slice={_room(world, dus)}",
                f"world.load.scale={world.load.scale * world.dus / dus}",
            ),
            setting=f"dus={dus}",
        )
    ]


def cells_growing(context: Context) -> Sequence[Cell]:
    """The network grows: UEs and demand of a DU stay as they are."""
    world = context.experiment.world
    return [
        cell
        for dus in ALL_DUS
        for cell in rows(
            context,
            METHODS,
            overrides=(f"world.dus={dus}", f"world.ues={round(world.ues * dus / world.dus)}"),
            setting=f"dus={dus}",
        )
    ]


def _room(world: World, dus: int) -> int:
    """Places per slice and DU: the world's, or half more than an even split of its UEs needs."""
    return max(world.max_ues_per_slice, math.ceil(world.ues / (2 * dus)))


def analyse_fixed(results: Results) -> Section:
    """Figure 8: is six DUs best, and is TA-SAM ahead at every size?"""
    answer = (_peak(results), _lead(results, "Fig 8"))
    return _section(FIG8, results, answer)


def analyse_growing(results: Results) -> Section:
    """Whether learning holds up in larger networks."""
    answer = (_lead(results, "this study"), *_beats_rules(results))
    return _section(SCALE, results, answer)


def _section(study: Study, results: Results, answer: Sequence[str]) -> Section:
    policies = (*METHODS, *results.baselines)
    plot = swept(
        {
            name: [mean_of(rewards(results, name, setting)) for setting in results.settings]
            for name in policies
        },
        [_dus(setting) for setting in results.settings],
        name="dus",
        title="Reward per DU against the number of DUs",
        x="DUs",
    )
    tables = (
        _table(results, policies),
        *(
            cost_table(results, METHODS, name=f"cost-{_dus(setting)}-dus", setting=setting)
            for setting in results.settings
        ),
    )
    said = (*caution(results), *answer)
    return Section(study.name, study.title, study.question, said, tables, (plot,))


def _table(results: Results, policies: Sequence[str]) -> Table:
    rows_: list[tuple[Entry, ...]] = [
        (
            _dus(setting),
            *(mean_of(rewards(results, name, setting)) for name in policies),
            difference(rewards(results, "tasam", setting), rewards(results, "sac", setting)),
        )
        for setting in results.settings
    ]
    return Table(
        "dus",
        "Reward per DU by number of DUs",
        ("DUs", *policies, "tasam minus sac"),
        tuple(rows_),
        "Mean over DUs; the sum over DUs is this times their number. Each size was trained and examined by "
        "itself.",
    )


def _dus(setting: str) -> int:
    return int(setting.removeprefix("dus="))


def _peak(results: Results) -> str:
    """Whether reward is highest at six DUs, as in the paper, and surely so."""
    means = {setting: float(rewards(results, "tasam", setting).mean()) for setting in results.settings}
    top = max(means, key=lambda setting: means[setting])
    as_paper = _dus(top) == PAPER_BEST
    other = max((one for one in means if one != top), key=means.__getitem__) if as_paper else PAPER_SETTING
    at_top, at_other = (rewards(results, "tasam", setting) for setting in (top, other))
    ahead = difference(at_top, at_other)
    sure = "is more than" if ahead.verdict == "better" else "cannot be told apart from"
    return (
        f"TA-SAM's mean reward per DU is highest with {_dus(top)} DUs, {told(mean_of(at_top))}, "
        f"{'as in the paper' if as_paper else f'where the paper has {PAPER_BEST}'}; it {sure} that with "
        f"{_dus(other)} DUs, {told(mean_of(at_other))}."
    )


def _lead(results: Results, where: str) -> str:
    found = [
        one
        for setting in results.settings
        for one in orderings((("tasam", "sac"), ("tasam", "l2")), scorer(results, setting))
    ]
    return tally(found, f"{len(found)} comparisons of {where}, TA-SAM before SAC and L2 at each size")


def _beats_rules(results: Results) -> list[str]:
    said = []
    for setting in results.settings:
        rule = best_heuristic(results, setting)
        if rule is None:
            continue
        lead = difference(rewards(results, "sac", setting), rewards(results, rule, setting))
        said.append(
            f"{_dus(setting)} DUs: SAC minus the best heuristic ({rule}) is {told(lead, signed=True)}."
        )
    return said


FIG8 = Study(
    name="fig8",
    title="Figure 8: 2 to 10 DUs",
    question="With the same UEs, is there a best number of DUs, and does TA-SAM stay ahead at each?",
    cells=cells_fixed,
    analyse=analyse_fixed,
    baselines=BASELINES,
)
SCALE = Study(
    name="scale",
    title="A network that grows: 2 to 32 DUs",
    question="With UEs and demand per DU as they are, does learning hold up in larger networks?",
    cells=cells_growing,
    analyse=analyse_growing,
    baselines=BASELINES,
)
