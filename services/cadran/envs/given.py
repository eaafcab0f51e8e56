"""What a person may hand to an environment: names, mappings, or the objects themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel

from cadran.problem import ProblemSpec
from cadran.problem.heuristics import Heuristic, equal, need_proportional, pf_all, priority
from cadran.radio import World
from cadran.radio.world.presets import overlay
from cadran.runtime.settings import Document, section

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

GivenWorld = World | Mapping[str, Any] | str
GivenProblem = ProblemSpec | Mapping[str, Any] | None
GivenRule = Heuristic | str

TASKS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "slicing": {},
        "resource-blocks": {"observation": "paper", "action": "rb_bits", "reward": "eq8"},
    }
)
"""Decision problems by name, as the keys of `ProblemSpec` that differ from its defaults."""

URLLC_MARGIN, MMTC_MARGIN = 4.0, 1.3
"""ASSUMED margins of the rule `priority`: four times its need keeps URLLC's queue short at any load of the
default world, and 1.3 times lets mMTC catch up after a burst."""

RULES: Mapping[str, Heuristic] = MappingProxyType(
    {
        "equal": equal,
        "need-proportional": need_proportional,
        "pf": pf_all,
        "priority": priority(URLLC_MARGIN, MMTC_MARGIN),
    }
)
"""Rules by name, for the DUs that do not learn."""


def problem_spec(problem: GivenProblem, task: str) -> ProblemSpec:
    """The decision problem.

    Args:
        problem: As it is; or keys that are laid over the task's; or None for the task alone.
        task: A name in `TASKS`; of no account where ``problem`` is a `ProblemSpec`.

    Raises:
        ValueError: In one line: no such task, or an unknown or illegal key.
    """
    if isinstance(problem, ProblemSpec):
        return problem
    base = _named(TASKS, "task", task)
    return _section({**base, **(problem or {})}, "problem", ProblemSpec)


def world_of(world: GivenWorld, problem: ProblemSpec) -> World:
    """The RAN.

    Args:
        world: As it is; or a preset's name; or a mapping of the `world` section's keys. For the latter two,
            the achievable rate is measured where the problem's reward needs it, and RBs are granted one by
            one where it decides them so.
        problem: The decision problem.

    Raises:
        ValueError: In one line: no such preset, or an unknown or illegal key.
    """
    if isinstance(world, World):
        return world
    given: dict[str, Any] = {"preset": world} if isinstance(world, str) else dict(world)
    if problem.needs_achievable_rate:
        given = overlay({"kpis": {"achievable_rate": True}}, given)
    if problem.action == "rb_bits":
        given = overlay({"mac": {"allocation": "per_rb"}}, given)
    return _section(given, "world", World)


def rule_of(rule: GivenRule) -> Heuristic:
    """The rule of a name in `RULES`, or a rule as it is.

    Raises:
        ValueError: No rule has this name.
    """
    return _named(RULES, "others", rule) if isinstance(rule, str) else rule


def _section(content: dict[str, Any], name: str, model: type[M]) -> M:
    """Validated as a scenario's section is, so that faults read alike: one line with key, value and range."""
    return section(Document(Path("environment"), {name: content}), name, model)


def _named(choices: Mapping[str, T], what: str, name: str) -> T:
    if name not in choices:
        raise ValueError(f"environment: {what} = {name!r}: must be one of {', '.join(choices)}")
    return choices[name]
