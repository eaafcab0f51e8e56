"""Where learning stands: learned agents between heuristics and what sees more than any agent can."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.report import Table
from cadran.lab.statistics import Interval, verdict
from cadran.lab.study import HELD_OUT, Results
from cadran.lab.tasam.rows import BOUND, CLAIRVOYANT, HEURISTICS, YARDSTICKS
from cadran.lab.tasam.scores import best, best_tuned, difference, improvement, mean_of, middle_of, rewards

NOTE = (
    "Reward per frame and DU on held-out episodes by mean actions, with 95 % bootstrap intervals over "
    "training runs and episodes; IQM: interquartile mean; P(better than sac): probability that a run earns "
    "more than one of SAC. The way is from the best heuristic (0 %), chosen on these very episodes, to the "
    "frame oracle (100 %). Clairvoyant policies see this frame's arrivals and channels. The bound is no "
    "policy; it holds for hard quotas and for decisions by RB, not for pf and max-cqi, which share RBs "
    "between slices."
)


def standing(
    results: Results,
    methods: Sequence[str],
    *,
    name: str = "standing",
    setting: str = "",
    words: str = "",
    condition: str = HELD_OUT,
) -> Table:
    """Heuristics, methods and yardsticks by reward; ``words`` end the title."""
    low, high = ends(results, setting, condition)
    rows = []
    for who in ordered(results, methods):
        scores = rewards(results, who, setting, condition)
        against = (
            improvement(scores, rewards(results, "sac", setting, condition)) if "sac" in methods else None
        )
        way = None if low is None or high is None else 100.0 * (float(scores.mean()) - low) / (high - low)
        beats = None if who == "sac" else against
        rows.append((who, kind(who), len(scores), mean_of(scores), middle_of(scores), beats, way))
    columns = ("policy", "kind", "runs", "reward", "IQM", "P(better than sac)", "way to the oracle (%)")
    title = f"Reward, beside heuristics and yardsticks{words}"
    return Table(name, title, columns, tuple(rows), NOTE)


def ordered(results: Results, methods: Sequence[str], *, with_bound: bool = True) -> list[str]:
    """Heuristics, then methods, then yardsticks, as far as they are there."""
    there = results.baselines
    above = YARDSTICKS if with_bound else CLAIRVOYANT
    return [
        *(name for name in HEURISTICS if name in there),
        *methods,
        *(name for name in above if name in there),
    ]


def kind(name: str) -> str:
    """What a row of a table is."""
    if name in HEURISTICS:
        return "heuristic"
    if name in CLAIRVOYANT:
        return "clairvoyant"
    return "bound" if name == BOUND else "learned"


def ends(results: Results, setting: str = "", condition: str = HELD_OUT) -> tuple[float | None, float | None]:
    """Mean rewards of the best heuristic and of the frame oracle, None where they did not run."""
    heuristic = best_heuristic(results, setting, condition)
    low = None if heuristic is None else float(rewards(results, heuristic, setting, condition).mean())
    if "frame-oracle" not in results.baselines:
        return low, None
    high = float(rewards(results, "frame-oracle", setting, condition).mean())
    return low, None if low is None or high <= low else high


def best_heuristic(results: Results, setting: str = "", condition: str = HELD_OUT) -> str | None:
    """The heuristic with the highest mean reward."""
    there = [name for name in HEURISTICS if name in results.baselines]
    return best(results, there, setting, condition)


def against(
    results: Results, method: str, other: str, setting: str = "", condition: str = HELD_OUT
) -> Interval:
    """Mean reward of a method minus that of another policy, on the same episodes."""
    return difference(
        rewards(results, method, setting, condition), rewards(results, other, setting, condition)
    )


def caution(results: Results) -> list[str]:
    """What intervals leave out, where methods ran once."""
    once = any(
        len(results.seeds(method, setting)) == 1 for method in results.methods for setting in results.settings
    )
    return ["Methods with one run are taken as they are: their intervals say nothing of other seeds."] * once


def place(
    results: Results, methods: Sequence[str], setting: str = "", condition: str = HELD_OUT
) -> list[str]:
    """Sentences on the best learned agent, against the best heuristic and against the frame oracle.

    The agent is chosen on tuning episodes; the heuristic on the held-out ones, which favours the heuristic.
    """
    first = best_tuned(results, methods, setting)
    heuristic = best_heuristic(results, setting, condition)
    if first is None or heuristic is None:
        return []
    lead = against(results, first, heuristic, setting, condition)
    agent = f"The learned agent that is best on tuning episodes ({first})"
    said = [verdict(lead, agent, f"the heuristic that is best here ({heuristic})")]
    if "frame-oracle" in results.baselines:
        short = against(results, first, "frame-oracle", setting, condition)
        said.append(verdict(short, agent, "the frame oracle"))
    return said
