"""Meta-training, synchronously and without a thread: in rounds that a kill cannot tear.

A round reads what has come, makes the iterations that are due on it, and ends with a checkpoint; a learner
that is new writes one before its first iteration as well, to which a divergence can go back. Reading
comes first and is committed as a whole, so after a kill the rows kept tell what the torn round had seen: if
they are more than the checkpoint's, the round is made again on just these, with the checkpoint's generator,
and comes out as it would have without the kill.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cadran.learn import DivergedError
from cadran.learn.ddpg import Networks
from cadran.learn.meta import LEVELS, Level, MetaLearner, MetaMetrics
from cadran.rapp.checkpoints import Checkpoint, CheckpointStore
from cadran.rapp.experience import Experience
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.reader import Reader
from cadran.replay import RateLimiter

_MOST_PIECES = 256
"""Pieces of experience read in one round: writers that are faster than the reader must not hold it up."""


@dataclass(frozen=True)
class TrainingSpec:
    """How much a round does.

    Attributes:
        rows: Rows per task and batch, by level.
        least_transitions: A DU counts as a task once it has so many at each level; at least 2, because
            training and validation rows must differ.
        limiter: Iterations by rows ever kept, of all DUs together.
        most_iterations: Of one round.
        loss_limit: A critic's loss beyond this magnitude counts as diverged.
    """

    rows: Mapping[Level, int]
    least_transitions: int
    limiter: RateLimiter
    most_iterations: int
    loss_limit: float


@dataclass(frozen=True)
class Round:
    """What one round did.

    Attributes:
        iterations: Made.
        tasks: DUs that they were made with.
        more: Whether more are due at once.
        metrics: By level, of the last iteration; None if there was none.
        seconds: Per iteration, 0 if there was none.
        emptied: DUs whose rows the store has lost; they are read from the beginning again.
    """

    iterations: int
    tasks: tuple[int, ...]
    more: bool
    metrics: Mapping[Level, MetaMetrics] | None
    seconds: float
    emptied: tuple[int, ...] = ()


class MetaTrainer:
    """Owns learner, rows, sampler and checkpoints; one thread at a time.

    Args:
        learner: Both levels.
        experience: What is learned from.
        kept: Its rows.
        open_reader: Gives the reader once the store can be read; `ReplayUnavailable` before.
        checkpoints: Where they go.
        rng: The sampler.
        spec: How much a round does.
        unix_s: Wall clock.

    Attributes:
        iterations: Made so far.
        metrics: What the last one measured, as means over tasks.
    """

    def __init__(
        self,
        learner: MetaLearner,
        experience: Experience,
        kept: KeptRows,
        open_reader: Callable[[], Reader],
        checkpoints: CheckpointStore,
        rng: np.random.Generator,
        spec: TrainingSpec,
        unix_s: Callable[[], float],
    ) -> None:
        self._learner = learner
        self._experience = experience
        self._kept = kept
        self._open_reader = open_reader
        self._reader: Reader | None = None
        self._checkpoints = checkpoints
        self._rng = rng
        self._spec = spec
        self._unix_s = unix_s
        self._seen: tuple[int, ...] | None = None  # counts of a checkpoint that was gone back to
        self._made: Round | None = None  # a round whose checkpoint is not written yet
        self._new = True  # no checkpoint of this learner is known: a divergence could not go back
        self.iterations = 0
        self.metrics: Mapping[str, float] = {}

    def round(self, extra: int = 0) -> Round:
        """Read, learn, checkpoint.

        Args:
            extra: Iterations to make even if too few rows have come for them.

        Raises:
            DivergedError: A loss is not finite or beyond the limit; go back to a checkpoint.
            ReplayUnavailable: The store does not answer; the call may be repeated.
            ReplayError: The store holds rows of another form, or another process reads for the group.
            OSError: The disk refuses; the call may be repeated, and goes on with what could not be written.
        """
        if self._made is None:
            self._made = self._worked(extra)
        if self._made.iterations:
            self.save()
        made, self._made = self._made, None
        return made

    def _worked(self, extra: int) -> Round:
        before = self._counts()
        self._read()
        self.refresh()
        tasks = self._experience.tasks(self._spec.least_transitions)
        total = sum(self._counts())
        due = max(extra, self._spec.limiter.allowed(total, self.iterations)) if tasks else 0
        made = min(due, self._spec.most_iterations)
        if made and self._new:
            self._save(before)
        started, metrics = time.perf_counter(), None
        for _ in range(made):
            metrics = self._iterate(tasks)
        seconds = (time.perf_counter() - started) / max(made, 1)
        if metrics is not None:
            self.metrics = _summary(metrics)
        return Round(made, tuple(tasks), due > made, metrics, seconds, self._emptied())

    def _emptied(self) -> tuple[int, ...]:
        """DUs whose rows the store has lost, each told once."""
        if self._reader is None:
            return ()
        emptied = tuple(sorted(self._reader.emptied))
        self._reader.emptied.clear()
        return emptied

    def refresh(self) -> None:
        """Let the experience be what the rows kept make it."""
        self._experience.refresh()

    def _read(self) -> None:
        """Take up what the store has, unless a torn round is to be made again on what was taken up for it."""
        torn = self._seen is not None and self._seen != self._counts()
        self._seen = None
        if torn:
            return
        if self._reader is None:
            self._reader = self._open_reader()
        for _ in range(_MOST_PIECES):
            if not any(self._reader.read().behind):
                return

    def _iterate(self, tasks: list[int]) -> dict[Level, MetaMetrics]:
        drawn = self._experience.draw(self._rng, tasks, self._spec.rows, 2)
        batches = {level: (drawn[level][0], drawn[level][1]) for level in LEVELS}
        updates = self._learner.update(batches, tasks)
        self.iterations += 1
        metrics = {level: update.metrics for level, update in updates.items()}
        for level, found in metrics.items():
            worst = float(np.abs(found.critic_loss).max())
            if not (math.isfinite(worst) and worst <= self._spec.loss_limit):
                raise DivergedError(
                    f"{level} level: a critic's loss of {worst:.3g} is beyond {self._spec.loss_limit:.3g}"
                )
        return metrics

    def initialisation(self) -> dict[Level, Networks]:
        """The initialisation as it is now, as copies."""
        return self._learner.initialisation()

    def start_from(self, initialisation: Mapping[Level, Networks]) -> None:
        """Go on from an initialisation, with fresh optimisers.

        Raises:
            CheckpointError: It is of other networks; a level before may have been changed.
        """
        for level, networks in initialisation.items():
            self._learner.levels[level].load_initialisation(networks)

    def save(self) -> None:
        """Write a checkpoint of what is now."""
        self._save(self._counts())

    def _counts(self) -> tuple[int, ...]:
        """Per DU, rows ever kept."""
        return tuple(place.count for place in self._kept.places)

    def _save(self, counts: tuple[int, ...]) -> None:
        self._checkpoints.save(
            Checkpoint(
                iterations=self.iterations,
                counts=counts,
                sampler_state=self._rng.bit_generator.state,
                metrics=self.metrics,
                learner=self._learner.state_bytes(),
                created_unix_s=self._unix_s(),
            )
        )
        self._new = False

    def restore(self, checkpoint: Checkpoint, *, torn: bool) -> None:
        """Go back, or on, to a checkpoint.

        Args:
            checkpoint: From `save`.
            torn: Whether the round after it, if it had begun, is to be made again as it was.

        Raises:
            learn.CheckpointError: The state belongs to another learner; nothing was changed.
        """
        self._learner.load_state(checkpoint.learner)
        self._made = None
        self._rng.bit_generator.state = dict(checkpoint.sampler_state)
        self.iterations = checkpoint.iterations
        self.metrics = checkpoint.metrics
        self._seen = checkpoint.counts if torn else None
        self._new = False


def _summary(metrics: Mapping[Level, MetaMetrics]) -> dict[str, float]:
    return {
        f"{level}.{name}": float(getattr(found, name).mean())
        for level, found in metrics.items()
        for name in ("critic_loss", "critic_loss_before", "actor_loss", "td_variance")
    }
