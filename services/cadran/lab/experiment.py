"""A scenario in full: the world, the problem, the learner, the clock and the link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cadran.envs import problem_of
from cadran.envs.link import LinkSpec
from cadran.learn import LearnerSpec
from cadran.problem import Problem, ProblemSpec
from cadran.radio import World
from cadran.runtime import ClockSpec, ConfigError, read_document, section


@dataclass(frozen=True)
class Experiment:
    """All sections of a scenario, validated, and the problem fits the world."""

    name: str
    world: World
    problem_spec: ProblemSpec
    learner: LearnerSpec
    clock: ClockSpec
    link: LinkSpec = field(default_factory=LinkSpec)

    def problem(self) -> Problem:
        """The decision problem in this world."""
        return problem_of(self.world, self.problem_spec)


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Reads and validates every section of a scenario.

    Raises:
        ConfigError: in one line: file, field, value, what is allowed.
    """
    document = read_document(path, overrides)
    experiment = Experiment(
        document.name,
        section(document, "world", World),
        section(document, "problem", ProblemSpec),
        section(document, "learner", LearnerSpec),
        section(document, "clock", ClockSpec),
        section(document, "link", LinkSpec),
    )
    try:
        experiment.problem()
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return experiment
