"""A scenario of meta-learning in full: the world, the problem and its two levels, the learners, the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from cadran.envs import problem_of
from cadran.lab.experiment import varied_document
from cadran.lab.meta.disturbance import DisturbanceSpec
from cadran.lab.meta.tasks import TaskSpec
from cadran.learn import LearnerSpec
from cadran.learn.ddpg import DdpgSpec
from cadran.learn.meta import MetaSpec
from cadran.problem import ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec
from cadran.radio import World
from cadran.runtime import ConfigError, Document, read_document, section


@dataclass(frozen=True)
class MetaExperiment:
    """All sections that meta-learning reads, validated, and the problem fits the world.

    Attributes:
        name: of the scenario.
        world: what all networks share; profiles are drawn, see `draw_network`.
        problem_spec: whose reward is the higher level's, and all methods' measure.
        hierarchy: the two levels.
        meta: what both levels and the meta-learner learn with.
        ddpg: what a flat policy learns with.
        learner: what TA-SAM's actors learn with.
        tasks: what networks are drawn from.
        disturbance: what is wrong with them.
    """

    name: str
    world: World
    problem_spec: ProblemSpec
    hierarchy: HierarchySpec
    meta: MetaSpec
    ddpg: DdpgSpec
    learner: LearnerSpec
    tasks: TaskSpec
    disturbance: DisturbanceSpec = field(default_factory=DisturbanceSpec)

    @property
    def sections(self) -> dict[str, BaseModel]:
        """The sections by their names in a scenario."""
        return {
            "world": self.world,
            "problem": self.problem_spec,
            "hierarchy": self.hierarchy,
            "meta": self.meta,
            "ddpg": self.ddpg,
            "learner": self.learner,
            "tasks": self.tasks,
            "disturbance": self.disturbance,
        }

    def problem(self, world: World | None = None) -> HierarchicalProblem:
        """The decision problem in this world, or in another of the scenario's."""
        return HierarchicalProblem(self.hierarchy, problem_of(world or self.world, self.problem_spec))


def load_meta_experiment(path: Path, overrides: Sequence[str] = ()) -> MetaExperiment:
    """Read and validate a scenario.

    Raises:
        ConfigError: in one line: file, field, value, what is allowed.
    """
    return _validated(read_document(path, overrides))


def varied_meta(experiment: MetaExperiment, overrides: Sequence[str]) -> MetaExperiment:
    """The experiment as its scenario would give it with these overrides as well.

    Args:
        experiment: what to start from; it stays as it is.
        overrides: texts ``section.key=value``, as `--set` takes them.

    Raises:
        ConfigError: an override that cannot be placed, or that makes the experiment invalid.
    """
    if not overrides:
        return experiment
    return _validated(varied_document(experiment.name, experiment.sections, overrides))


def _validated(document: Document) -> MetaExperiment:
    experiment = MetaExperiment(
        document.name,
        section(document, "world", World),
        section(document, "problem", ProblemSpec),
        section(document, "hierarchy", HierarchySpec),
        section(document, "meta", MetaSpec),
        section(document, "ddpg", DdpgSpec),
        section(document, "learner", LearnerSpec),
        section(document, "tasks", TaskSpec),
        section(document, "disturbance", DisturbanceSpec),
    )
    try:
        experiment.problem()
    except ValueError as error:
        raise ConfigError(f"{document.path}: {error}") from error
    return experiment
