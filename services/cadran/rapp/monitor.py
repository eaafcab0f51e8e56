"""What is told to people: turns events of the rApp's parts into metrics, log lines and an alert."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from cadran.learn.meta import LEVELS
from cadran.rapp.desk import Considered
from cadran.rapp.experience import Experience
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.meta_trainer import Round
from cadran.rapp.metrics import RappMetrics
from cadran.rapp.registry import RegistryState
from cadran.rapp.status import TaskStatus, tasks_of
from cadran.rapp.xapp_client import Adaptation
from cadran.replay import ReplayUnavailable
from cadran.runtime.disk import DiskWatch
from cadran.runtime.http import Health

STORE = "replay store"
"""Condition of health: the store answers and holds experience."""


class Monitor:
    """Hears of events; decides nothing.

    Args:
        metrics: Where events are counted.
        health: Where the store's absence shows.
        kept: The rows.
        experience: What is made of them.
        registry: State of the registry.

    Attributes:
        disk: Hears of what the disk refuses.
    """

    def __init__(
        self,
        metrics: RappMetrics,
        health: Health,
        kept: KeptRows,
        experience: Experience,
        registry: Callable[[], RegistryState],
    ) -> None:
        self._metrics = metrics
        self._health = health
        self._kept = kept
        self._experience = experience
        self._registry = registry
        self._log = structlog.get_logger("cadran.rapp")
        self.disk = DiskWatch(metrics.disk_refusals, health)
        self._away = True
        self.alert: str | None = None
        self.seconds_per_iteration: float | None = None
        self.newest: Considered | None = None
        self.tasks: list[TaskStatus] = tasks_of(kept, experience, (), {})
        metrics.halted.set(0)

    def round_made(self, made: Round) -> None:
        """A round was made; between rounds nobody else touches rows and experience."""
        known = {task.du: task.levels for task in self.tasks}
        self.tasks = tasks_of(self._kept, self._experience, made.tasks, made.metrics or {}, known)
        if made.iterations:
            self.seconds_per_iteration = made.seconds
            self._metrics.iterations.inc(made.iterations)
            self._metrics.iteration_seconds.observe(made.seconds)
        for task in self.tasks:
            self._gauge(task)
        if made.emptied:
            self._metrics.store_emptied.inc()
            self._log.warning(
                "the replay store has lost rows that were read; reading begins anew", dus=list(made.emptied)
            )
        self.registry_changed()

    def _gauge(self, task: TaskStatus) -> None:
        m, du = self._metrics, str(task.du)
        m.rows.labels(du).set(task.rows)
        m.rows_skipped.labels(du).set(task.skipped)
        m.task_active.labels(du).set(task.active)
        for level in LEVELS:
            m.transitions.labels(du, level).set(task.transitions[level])
            if task.levels is not None:
                found = task.levels[level]
                m.task_weight.labels(du, level).set(found.weight)
                m.td_variance.labels(du, level).set(found.td_variance)
                m.critic_loss.labels(du, level).set(found.critic_loss)

    def registry_changed(self) -> None:
        """Something may have been promoted, rolled back or released."""
        state = self._registry()
        self._metrics.promoted.set(state.promotions[-1] if state.promotions else 0)
        self._metrics.pinned.set(state.pinned)

    def considered(self, considered: Considered, seconds: float) -> None:
        """A candidate was judged."""
        self.newest = considered
        registered = "registered" if considered.version else "refused"
        self._metrics.candidates.labels("promoted" if considered.promoted else registered).inc()
        self._metrics.evaluation_seconds.observe(seconds)
        self.registry_changed()
        self._log.info(
            "candidate judged",
            version=considered.version,
            iterations=considered.iterations,
            promoted=considered.promoted,
            reason=considered.reason,
        )

    def delivered(self, version: int) -> None:
        """The xApp took an initialisation."""
        self._metrics.deliveries.labels("taken").inc()
        self._log.info("initialisation delivered", version=version)

    def delivery_refused(self, version: int, reason: str) -> None:
        """The xApp refused one."""
        self._metrics.deliveries.labels("refused").inc()
        self._log.warning("initialisation refused by the xApp", version=version, reason=reason)

    def adapting(self, adaptation: Adaptation) -> None:
        """The xApp told how its DUs adapt."""
        for told in adaptation.dus:
            du = str(told.du)
            self._metrics.shots.labels(du).set(told.shots)
            if told.rewards:
                self._metrics.adaptation_reward.labels(du).set(told.rewards[-1])
            if told.shots_to_95 is not None:
                self._metrics.shots_to_95.labels(du).set(told.shots_to_95)

    def store_away(self, error: ReplayUnavailable) -> None:
        """The store did not answer, or holds nothing yet."""
        self._metrics.store_retries.inc()
        self._health.unmet(STORE, str(error))
        if not self._away:
            self._away = True
            self._log.warning("replay store is away, retrying", error=str(error))

    def store_answers(self) -> None:
        """The replay store is there."""
        if self._away:
            self._away = False
            self._health.met(STORE)
            self._log.info("replay store answers")

    def disk_refused(self, file: str, error: OSError) -> None:
        """A write failed."""
        self.disk.refused(file, error)

    def disk_written(self, file: str) -> None:
        """A write came through."""
        self.disk.written(file)

    def diverged(self, reason: str) -> None:
        """Iterations have stopped."""
        self.alert = f"meta-training diverged and stopped: {reason}"
        self._metrics.halted.set(1)
        self._metrics.divergences.inc()
        self._log.error("meta-training diverged; last checkpoint restored, stopped", reason=reason)

    def resumed(self) -> None:
        """Iterations go on."""
        self.alert = None
        self._metrics.halted.set(0)
        self._log.info("iterations resumed")
