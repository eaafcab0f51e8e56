"""Axes and tasks that several studies share."""

from __future__ import annotations

from collections.abc import Mapping

from cadran.lab.study import Context

_ALPHAS = ("static", "weighted_norm")

DELIVERED = (
    "problem.reward=delivered",
    "problem.observation=demand",
    "problem.action=slice_quota",
    "world.load.scale=1.7",
    "world.load.factor_min=0.2",
    "world.load.factor_max=3.0",
    "world.load.dwell_frames=25",
    "world.mobility.kind=static",
    "world.mac.idle_rbs=silent",
    "world.kpis.achievable_rate=false",
    "world.kpis.rate=equal_airtime",
    "world.kpis.latency=md1",
    "learner.target_entropy_per_dim=-1.6931",
)
"""World and reward of the shipped ``demo`` scenario over any preset: delivered traffic, a load that hurts."""


def alphas(context: Context) -> Mapping[str, tuple[str, ...]]:
    """Readings of alpha in Eq (8) as settings, each with what it changes in the preset.

    Both; one where the command line names it or the budget is for a glance; none with another reward.
    """
    problem = context.experiment.problem_spec
    if problem.reward != "eq8":
        return {"": ()}
    one = context.budget.name == "smoke" or "problem.eq8.alpha" in context.asked
    chosen = (problem.eq8.alpha,) if one else _ALPHAS
    return {f"alpha={alpha}": (f"problem.eq8.alpha={alpha}",) for alpha in chosen}


def in_words(setting: str) -> tuple[str, str]:
    """A setting as the end of a table's name, and of its title."""
    if not setting:
        return "", ""
    name, _, value = setting.partition("=")
    return f"-{value}".replace("_", "-").replace(".", "-"), f" ({name} {value})"
