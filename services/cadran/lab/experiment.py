"""A scenario in full: the world, the problem, the learner, the clock and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from cadran.envs import hierarchical_problem_of, problem_of
from cadran.envs.link import LinkSpec
from cadran.learn import LearnerSpec, MetaSpec
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchySpec
from cadran.radio import World
from cadran.runtime import (
    ClockSpec,
    ConfigError,
    Document,
    optional_section,
    overridden,
    read_document,
    section,
)


@dataclass(frozen=True)
class Experiment:
    """All sections of a scenario, validated, and the problem fits the world.

    ``hierarchy`` is None where decisions have one level; ``meta`` is None where nothing is said of how these
    are learned across DUs.
    """

    name: str
    world: World
    problem_spec: ProblemSpec
    learner: LearnerSpec
    clock: ClockSpec
    link: LinkSpec = field(default_factory=LinkSpec)
    hierarchy: HierarchySpec | None = None
    meta: MetaSpec | None = None

    @property
    def sections(self) -> dict[str, BaseModel]:
        """The sections by their names in a scenario, without those that it may leave out and did."""
        named: dict[str, BaseModel | None] = {
            "world": self.world,
            "problem": self.problem_spec,
            "hierarchy": self.hierarchy,
            "meta": self.meta,
            "learner": self.learner,
            "clock": self.clock,
            "link": self.link,
        }
        return {name: model for name, model in named.items() if model is not None}

    def problem(self) -> Problem:
        """The decision problem in this world."""
        return problem_of(self.world, self.problem_spec)


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Reads and validates every section of a scenario.

    Raises:
        ConfigError: in one line: file, field, value, what is allowed.
    """
    return _validated(read_document(path, overrides))


def varied(experiment: Experiment, overrides: Sequence[str]) -> Experiment:
    """The experiment as its scenario would give it with these overrides as well.

    Args:
        experiment: What to start from; it stays as it is.
        overrides: Texts ``section.key=value``, as `--set` takes them.

    Raises:
        ConfigError: An override that cannot be placed, or that makes the experiment invalid.
    """
    if not overrides:
        return experiment
    return _validated(varied_document(experiment.name, experiment.sections, overrides))


def varied_document(name: str, sections: Mapping[str, BaseModel], overrides: Sequence[str]) -> Document:
    """Sections that were read, with overrides, as if a scenario had given both.

    Args:
        name: Of the scenario.
        sections: By their names in a scenario.
        overrides: Texts ``section.key=value``, as `--set` takes them.

    Raises:
        ConfigError: An override that cannot be placed.
    """
    # Only what was given: what was left out still comes from the preset, and an override may name another.
    given = {key: model.model_dump(exclude_unset=True) for key, model in sections.items()}
    return overridden(Document(Path(name), {"name": name, **given}), overrides)


def _validated(document: Document) -> Experiment:
    experiment = Experiment(
        document.name,
        section(document, "world", World),
        section(document, "problem", ProblemSpec),
        section(document, "learner", LearnerSpec),
        section(document, "clock", ClockSpec),
        section(document, "link", LinkSpec),
        optional_section(document, "hierarchy", HierarchySpec),
        optional_section(document, "meta", MetaSpec),
    )
    try:
        experiment.problem()
        if experiment.hierarchy is not None:
            hierarchical_problem_of(experiment.world, experiment.problem_spec, experiment.hierarchy)
    except ValueError as error:
        raise ConfigError(f"{document.path}: {error}") from error
    return experiment
