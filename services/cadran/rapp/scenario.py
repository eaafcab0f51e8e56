"""What the rApp reads of a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cadran.envs import hierarchical_problem_of
from cadran.learn.meta import MetaSpec
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.radio import World
from cadran.replay import TransitionSchema
from cadran.runtime import ConfigError, read_document, section


@dataclass(frozen=True)
class Scenario:
    """The parts of a scenario that concern the rApp."""

    name: str
    world: World
    problem_spec: ProblemSpec
    hierarchy: HierarchySpec
    problem: HierarchicalProblem
    meta: MetaSpec

    @property
    def schema(self) -> TransitionSchema:
        """Layout of the experience."""
        problem = self.problem
        return TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim)


def load_scenario(path: Path, overrides: Sequence[str]) -> Scenario:
    """Read and validate a scenario.

    Raises:
        ConfigError: One line: file, field, value, what is allowed.
    """
    document = read_document(path, overrides)
    if "hierarchy" not in document.data:
        raise ConfigError(f"{path}: hierarchy: is required, meta-learning is of two levels of decision")
    world, spec = section(document, "world", World), section(document, "problem", ProblemSpec)
    hierarchy = section(document, "hierarchy", HierarchySpec)
    try:
        problem = hierarchical_problem_of(world, spec, hierarchy)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return Scenario(document.name, world, spec, hierarchy, problem, section(document, "meta", MetaSpec))
