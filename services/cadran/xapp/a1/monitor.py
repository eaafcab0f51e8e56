"""What people are told of A1 policies: metrics and log lines."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from cadran.rest.notifier import Notifier
from cadran.runtime.disk import DiskWatch
from cadran.xapp.a1.desk import Key
from cadran.xapp.a1.enforcement import Status
from cadran.xapp.a1.policy_types import TYPE_IDS
from cadran.xapp.a1.store import FILE, HeldPolicy

_SHORT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_STATES = ("ENFORCED", "SCOPE_NOT_APPLICABLE", "STATEMENT_NOT_APPLICABLE", "OTHER_REASON")


class A1Metrics:
    """Metrics of A1-P.

    Args:
        registry: Where they live.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "a1_policy_requests_total",
            "Requests over A1-P by what they were answered with",
            ("method", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "a1_policy_request_seconds",
            "Time to answer a request over A1-P",
            ("method",),
            buckets=_SHORT_S,
            registry=registry,
        )
        self.instances = Gauge(
            "a1_policy_instances",
            "A1 policies by type and state: ENFORCED, or the reason why not",
            ("type", "state"),
            registry=registry,
        )
        self.changes = Counter(
            "a1_policy_status_changes_total",
            "Times that an A1 policy got another enforcement status",
            ("type", "state"),
            registry=registry,
        )
        self.notifications = Counter(
            "a1_policy_notifications_total", "Status notifications by result", ("result",), registry=registry
        )
        for result in ("delivered", "repeated", "failed", "forbidden", "dropped"):
            self.notifications.labels(result)


class A1Monitor:
    """Hears of events; decides nothing, but hands status changes to whoever wants them.

    Args:
        metrics: Where events are counted.
        disk: Hears of writes that fail.
    """

    def __init__(self, metrics: A1Metrics, disk: DiskWatch) -> None:
        self._metrics = metrics
        self._disk = disk
        self._log = structlog.get_logger("cadran.xapp.a1")
        self.notifier: Notifier | None = None
        self.policies_changed({})

    def requested(self, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._metrics.requests.labels(method, str(status)).inc()
        self._metrics.request_seconds.labels(method).observe(seconds)

    def policies_changed(self, statuses: Mapping[Key, Status]) -> None:
        """The policies, or the status of one, are others than before."""
        for type_id in TYPE_IDS:
            for state in _STATES:
                count = sum(key[0] == type_id and _state(one) == state for key, one in statuses.items())
                self._metrics.instances.labels(type_id, state).set(count)

    def status_changed(self, policy: HeldPolicy, status: Status) -> None:
        """A policy's status is another than before, or its first."""
        self._metrics.changes.labels(policy.type_id, _state(status)).inc()
        told = self._log.info if status.enforced else self._log.warning
        told("A1 policy", policy=policy.policy_id, type=policy.type_id, **status.as_object())
        if self.notifier is not None and policy.destination is not None:
            self.notifier.tell(policy.key, policy.destination, status.as_object())

    def deleted(self, policy: HeldPolicy) -> None:
        """A policy is gone."""
        self._log.info("A1 policy deleted", policy=policy.policy_id, type=policy.type_id)
        if self.notifier is not None:
            self.notifier.forget(policy.key)

    def stored(self, error: OSError | None) -> None:
        """The file was written, or the disk refused."""
        if error is None:
            self._disk.written(FILE)
        else:
            self._disk.refused(FILE, error)

    def notified(self, result: str, uri: str, reason: str) -> None:
        """What became of a notification."""
        self._metrics.notifications.labels(result).inc()
        if reason:
            self._log.warning("A1 status notification", result=result, uri=uri, reason=reason)


def _state(status: Status) -> str:
    return status.reason or "ENFORCED"
