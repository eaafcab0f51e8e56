"""What a study's analysis reads: its trials by method, setting, condition, seed and network."""

from __future__ import annotations

from collections.abc import Sequence

from cadran.lab.meta import Adaptation, MetaTrained, References
from cadran.lab.meta.studies.archive import Archive
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.study import NEW, Context


class Results:
    """All results of one study. Each is read from the disk when it is asked for.

    Args:
        context: What the study's trials were made from.
        trials: The study's trials.
        archive: Holds the results of all of them.

    Attributes:
        context: As given.
        methods: Names of the methods, in the study's order.
        settings: Names of the settings, in the study's order; ``("",)`` where the study has no axis.
        conditions: Names of the conditions, in the study's order.
    """

    def __init__(self, context: Context, trials: Sequence[Trial], archive: Archive) -> None:
        self.context = context
        self._archive = archive
        self._trials: dict[tuple[str, str, str], dict[int, list[Trial]]] = {}
        for trial in trials:
            by_seed = self._trials.setdefault((trial.run.method, trial.setting, trial.condition), {})
            by_seed.setdefault(trial.run.seed, []).append(trial)
        self.methods = tuple(dict.fromkeys(trial.run.method for trial in trials))
        self.settings = tuple(dict.fromkeys(trial.setting for trial in trials))
        self.conditions = tuple(dict.fromkeys(trial.condition for trial in trials))

    def has(self, method: str, setting: str = "", condition: str = NEW) -> bool:
        """Whether the method was tried there."""
        return (method, setting, condition) in self._trials

    def seeds(self, method: str, setting: str = "", condition: str = NEW) -> tuple[int, ...]:
        """Seeds of a method."""
        return tuple(self._trials[method, setting, condition])

    def adaptations(self, method: str, setting: str = "", condition: str = NEW) -> list[list[Adaptation]]:
        """What adapting gave, by seed and within it by network."""
        by_seed = self._trials[method, setting, condition].values()
        return [[self._archive.adaptation(trial) for trial in trials] for trials in by_seed]

    def references(self, setting: str = "", condition: str = NEW) -> list[References]:
        """How the rules did, by network."""
        method = next(name for name in self.methods if self.has(name, setting, condition))
        first, *_ = self._trials[method, setting, condition].values()
        return [self._archive.references(trial.yardstick) for trial in first]

    def trained(self, method: str, setting: str = "", condition: str = NEW) -> list[MetaTrained]:
        """What the trainings gave, by seed; none for a method that is not trained before."""
        by_seed = self._trials[method, setting, condition].values()
        return [self._archive.trained(trials[0].training) for trials in by_seed if trials[0].training]
