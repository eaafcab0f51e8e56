"""What is told to people: turns events of the xApp's parts into metrics, log lines and an alert."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from cadran.learn import UpdateMetrics
from cadran.replay import Identity, ReplayUnavailable
from cadran.runtime.disk import DiskWatch
from cadran.runtime.http import Health
from cadran.wire.causes import Cause
from cadran.xapp.adaptation import Shot
from cadran.xapp.courier import Order
from cadran.xapp.guard.breaker import Breaker, State
from cadran.xapp.guard.control import Event
from cadran.xapp.ingest import Stored
from cadran.xapp.metrics import XappMetrics
from cadran.xapp.policy_store import Target
from cadran.xapp.progress import Progress

STORE = "replay store"
"""Condition of health: the store answers."""
_PROGRESS = "progress of learning"


class Monitor:
    """Hears of events; decides nothing.

    Args:
        metrics: Where events are counted.
        progress: Where updates are written down.
        health: Where the store's absence shows.
        unix_s: Wall clock.

    Attributes:
        disk: Hears of what the disk refuses.
    """

    def __init__(
        self, metrics: XappMetrics, progress: Progress, health: Health, unix_s: Callable[[], float]
    ) -> None:
        self._metrics = metrics
        self._progress = progress
        self._health = health
        self._unix_s = unix_s
        self._log = structlog.get_logger("cadran.xapp")
        self.disk = DiskWatch(metrics.disk_refusals, health)
        self._away = True
        self.duplicates = 0
        self.alert: str | None = None
        metrics.halted.set(0)

    # ------------------------------------------------------------------------------------- ingest

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        """The store has told what it holds."""
        self.store_answers()

    def stored(self, stored: Stored) -> None:
        """Rows are at rest."""
        du = str(stored.du)
        self.store_answers()
        if stored.fresh:
            self._metrics.rows_stored.labels(du).inc(len(stored.fresh))
            self._metrics.store_seconds.observe(stored.seconds)
        if stored.beyond_gap:
            self._metrics.rows_beyond_gap.labels(du).inc(stored.beyond_gap)
        if stored.duplicates:
            self.duplicates += stored.duplicates
            self._metrics.rows_duplicate.labels(du).inc(stored.duplicates)

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        """The store did not answer to ingest."""
        self._away_now("ingest", error)

    def report_refused(self, du: int, cause: Cause) -> None:
        """A report could not be taken."""
        self._metrics.reports_refused.labels(str(du), cause.label).inc()
        self._log.warning("report refused", du=du, cause=str(cause))

    def frame_forced(self, epoch: int, frame: int) -> None:
        """Lock-step went on without a row that did not come."""
        self._metrics.frames_forced.inc()
        self._log.warning("frame completed without the rows of every DU", epoch=epoch, frame=frame)

    def _away_now(self, task: str, error: ReplayUnavailable) -> None:
        self._metrics.store_retries.labels(task).inc()
        self._health.unmet(STORE, str(error))
        if not self._away:
            self._away = True
            self._log.warning("replay store is away, retrying", task=task, error=str(error))

    def store_answers(self) -> None:
        """The replay store is there."""
        if self._away:
            self._away = False
            self._health.met(STORE)
            self._log.info("replay store answers")

    # ------------------------------------------------------------------------------------- learner

    def updated(self, metrics: UpdateMetrics, seconds: float) -> None:
        """One update was made; called on the learner's thread."""
        m = self._metrics
        m.updates.inc()
        m.update_seconds.observe(seconds)
        m.critic_loss.set(metrics.critic_loss)
        columns = (
            (m.actor_loss, metrics.actor_loss),
            (m.td_variance, metrics.td_variance),
            (m.sam_active, metrics.sam_on),
            (m.temperature, metrics.beta),
            (m.entropy, metrics.entropy),
        )
        for gauge, values in columns:
            for du, value in enumerate(values.tolist()):
                gauge.labels(str(du)).set(value)
        with self.disk.writing(_PROGRESS):
            self._progress.observe(metrics, seconds)

    def shot(self, shot: Shot) -> None:
        """A DU made a shot; called on the learner's thread."""
        m, du = self._metrics, str(shot.du)
        m.updates.inc()
        m.update_seconds.observe(shot.seconds)
        m.shots.labels(du).set(shot.shots)
        m.shot_reward.labels(du).set(shot.reward)
        if shot.diverged is not None:
            m.shots_diverged.labels(du).inc()
            self._log.error("a DU diverged; it keeps its last networks", du=shot.du, reason=shot.diverged)

    def checkpointed(self) -> None:
        """A checkpoint is on disk."""
        self._metrics.checkpoints.inc()
        self._metrics.checkpoint_time.set(self._unix_s())

    def store_away(self, error: ReplayUnavailable) -> None:
        """The store did not answer to the learner."""
        self._away_now("learner", error)

    def disk_refused(self, file: str, error: OSError) -> None:
        """A write failed; may be called on the learner's thread."""
        self.disk.refused(file, error)

    def disk_written(self, file: str) -> None:
        """A write came through; may be called on the learner's thread."""
        self.disk.written(file)

    def diverged(self, reason: str) -> None:
        """Updates have stopped."""
        self.alert = f"learning diverged and stopped: {reason}"
        self._metrics.halted.set(1)
        self._metrics.divergences.inc()
        self._log.error("learning diverged; last checkpoint restored, updates stopped", reason=reason)

    def resumed(self) -> None:
        """Updates go on."""
        self.alert = None
        self._metrics.halted.set(0)
        self._log.info("updates resumed")

    # ------------------------------------------------------------------------------------- policies

    def targeted(self, du: int, target: Target) -> None:
        """A DU has a new target."""
        label = str(du)
        self._metrics.policy_version.labels(label).set(target.version)
        self._metrics.policy_delivery.labels(label).set(target.delivery)
        self._metrics.policy_pinned.labels(label).set(target.pinned)

    def running(self, du: int, version: int) -> None:
        """A dApp told what it runs."""
        self._metrics.policy_running.labels(str(du)).set(version)

    def delivered(self, du: int, order: Order, seconds: float) -> None:
        """A dApp accepted a policy."""
        self._metrics.deliveries.labels(str(du), "accepted").inc()
        self._metrics.delivery_seconds.observe(seconds)

    def refused(self, du: int, order: Order, cause: Cause) -> None:
        """A dApp refused a policy."""
        self._metrics.deliveries.labels(str(du), "refused").inc()
        self._log.warning("policy refused", du=du, version=order.version, cause=str(cause))

    def repeated(self, du: int, order: Order) -> None:
        """A policy is sent again."""
        self._metrics.deliveries.labels(str(du), "repeated").inc()

    def outnumbered(self, du: int, order: Order) -> None:
        """A dApp holds a higher delivery number than ours."""
        self._log.warning("dApp holds a newer delivery; numbering leaps", du=du, delivery=order.delivery)

    # ------------------------------------------------------------------------------------- E2

    def associated(self, nodes: int) -> None:
        """So many E2 nodes are associated now."""
        self._metrics.e2_nodes.set(nodes)

    # ------------------------------------------------------------------------------------- guard

    def guarded(self, event: Event) -> None:
        """The guard judged a control, or something came of one."""
        self._metrics.guard_decisions.labels(event.source, event.verdict, event.cause).inc()
        if event.verdict in ("refused", "clipped", "failed"):
            self._log.warning(
                f"control {event.verdict}",
                du=event.du,
                control=event.control,
                source=event.source,
                cause=event.cause,
                reason=event.text,
            )

    def audit_dropped(self) -> None:
        """A line of the audit log was dropped."""
        self._metrics.audit_dropped.inc()

    def breaker_moved(self, du: int, state: State, reason: str) -> None:
        """A breaker has another state; no reason: it is the first one."""
        for one in State:
            self._metrics.breaker_state.labels(str(du), one.value).set(one is state)
        opened = self._metrics.breaker_opened.labels(str(du))
        if reason:
            opened.inc(state is State.OPEN)
            self._log.warning("circuit breaker", du=du, state=state.value, reason=reason)

    def breaker_saw(self, du: int, breaker: Breaker) -> None:
        """A DU reported how its frames went."""
        m, label = self._metrics, str(du)
        if breaker.measured is not None and breaker.baseline is not None:
            m.satisfaction.labels(label, "measured").set(breaker.measured)
            m.satisfaction.labels(label, "baseline").set(breaker.baseline)
        m.model_error.labels(label, "policy").set(breaker.error)
        m.model_error.labels(label, "baseline").set(breaker.bias)
