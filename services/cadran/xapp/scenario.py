"""What the xApp reads of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cadran.envs import problem_of
from cadran.envs.link import LinkSpec, require_ideal
from cadran.learn import LearnerSpec, require_own_rows
from cadran.problem import Problem, ProblemSpec
from cadran.radio import World
from cadran.runtime import ClockSpec, ConfigError, read_document, section


@dataclass(frozen=True)
class Scenario:
    """The parts of a scenario that concern the xApp."""

    name: str
    problem: Problem
    learner: LearnerSpec
    clock: ClockSpec


def load_scenario(path: Path, overrides: Sequence[str]) -> Scenario:
    """Read and validate a scenario.

    Raises:
        ConfigError: One line: file, field, value, what is allowed.
    """
    document = read_document(path, overrides)
    world, problem = section(document, "world", World), section(document, "problem", ProblemSpec)
    learner = section(document, "learner", LearnerSpec)
    require_ideal(section(document, "link", LinkSpec), str(path))
    require_own_rows(learner, str(path))
    try:
        made = problem_of(world, problem)
    except ValueError as error:
        raise ConfigError(f"{path}: problem: {error}") from error
    return Scenario(
        name=document.name,
        problem=made,
        learner=learner,
        clock=section(document, "clock", ClockSpec),
    )
