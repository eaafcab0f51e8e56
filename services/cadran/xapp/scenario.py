"""What the xApp reads of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cadran.envs import hierarchical_problem_of, problem_of
from cadran.envs.link import LinkSpec, require_ideal
from cadran.learn import LearnerSpec, MetaSpec, require_own_rows
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.radio import World
from cadran.runtime import ClockSpec, ConfigError, optional_section, read_document, section
from cadran.wire.impairments import ImpairmentsSpec


@dataclass(frozen=True)
class Scenario:
    """The parts of a scenario that concern the xApp.

    Attributes:
        name: Of the scenario.
        problem: Of two levels where the scenario has a hierarchy.
        learner: How DUs learn where decisions have one level; its replay capacity holds in any case.
        meta: How DUs adapt where decisions have two levels.
        clock: Of the frames.
        impairments: Of what travels on E2 and E3.
        sha256: Of the content, in hex; empty where it was made without a file.
    """

    name: str
    problem: Problem | HierarchicalProblem
    learner: LearnerSpec
    meta: MetaSpec
    clock: ClockSpec
    impairments: ImpairmentsSpec = field(default_factory=ImpairmentsSpec)
    sha256: str = ""


def load_scenario(path: Path, overrides: Sequence[str]) -> Scenario:
    """Read and validate a scenario.

    Raises:
        ConfigError: One line: file, field, value, what is allowed.
    """
    document = read_document(path, overrides)
    world, problem = section(document, "world", World), section(document, "problem", ProblemSpec)
    hierarchy = optional_section(document, "hierarchy", HierarchySpec)
    learner = section(document, "learner", LearnerSpec)
    require_ideal(section(document, "link", LinkSpec), str(path))
    require_own_rows(learner, str(path))
    made: Problem | HierarchicalProblem
    try:
        if hierarchy is None:
            made = problem_of(world, problem)
        else:
            made = hierarchical_problem_of(world, problem, hierarchy)
    except ValueError as error:
        raise ConfigError(f"{path}: problem: {error}") from error
    return Scenario(
        name=document.name,
        problem=made,
        learner=learner,
        meta=section(document, "meta", MetaSpec),
        clock=section(document, "clock", ClockSpec),
        impairments=section(document, "impairments", ImpairmentsSpec),
        sha256=document.sha256,
    )
