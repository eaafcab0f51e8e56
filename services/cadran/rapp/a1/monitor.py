"""What people are told of A1 policy management: metrics and log lines."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from cadran.rapp.a1.models import RicState, ServiceRegistrationInfo
from cadran.rapp.a1.store import FILE
from cadran.rest.notifier import Notifier
from cadran.runtime.disk import DiskWatch

_SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class A1ManagementMetrics:
    """Metrics of A1 policy management.

    Args:
        registry: Where they live.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "a1_policy_management_requests_total",
            "Requests to manage A1 policies by what they were answered with",
            ("method", "status"),
            registry=registry,
        )
        self.calls = Counter(
            "a1_policy_calls_total",
            "Calls to the near-RT RIC over A1-P by status; away: no answer",
            ("method", "result"),
            registry=registry,
        )
        self.call_seconds = Histogram(
            "a1_policy_call_seconds",
            "Round trip of a call to the near-RT RIC over A1-P",
            ("method",),
            buckets=_SHORT_S,
            registry=registry,
        )
        self.available = Gauge(
            "a1_policy_ric_available", "1 while the near-RT RIC answers and holds what it should", ("ric",),
            registry=registry
        )  # fmt: skip
        self.held = Gauge("a1_policy_held", "A1 policies that the non-RT RIC holds", registry=registry)
        self.put_right = Counter(
            "a1_policy_put_right_total",
            "A1 policies that a synchronisation put right at the near-RT RIC, by what was done",
            ("action",),
            registry=registry,
        )
        self.notifications = Counter(
            "a1_policy_service_callbacks_total",
            "Calls back to services that a near-RT RIC is available, by result",
            ("result",),
            registry=registry,
        )


class A1ManagementMonitor:
    """Hears of events; decides nothing, but hands on who is to be called back.

    Args:
        metrics: Where events are counted.
        disk: Hears of writes that fail.

    Attributes:
        notifier: Calls services back; None before it is known.
    """

    def __init__(self, metrics: A1ManagementMetrics, disk: DiskWatch) -> None:
        self._metrics = metrics
        self._disk = disk
        self._log = structlog.get_logger("cadran.rapp.a1")
        self.notifier: Notifier | None = None

    def requested(self, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._metrics.requests.labels(method, str(status)).inc()

    def called(self, method: str, result: str, seconds: float) -> None:
        """A call to the near-RT RIC was answered, or not."""
        self._metrics.calls.labels(method, result).inc()
        self._metrics.call_seconds.labels(method).observe(seconds)

    def state_changed(self, ric_id: str, state: RicState, reason: str) -> None:
        """The near-RT RIC is in another state."""
        self._metrics.available.labels(ric_id).set(state == "AVAILABLE")
        told = self._log.warning if state == "UNAVAILABLE" else self._log.info
        told("near-RT RIC", ric=ric_id, state=state, reason=reason)

    def put_right(self, action: str, policy_id: str, reason: str) -> None:
        """A synchronisation changed something, or could not."""
        self._metrics.put_right.labels(action).inc()
        self._log.warning("A1 synchronisation", action=action, policy=policy_id, reason=reason)

    def expired(self, service_id: str, allowed_s: int) -> None:
        """A silent service went with its policies."""
        self._log.warning("service expired", service=service_id, silent_longer_than_s=allowed_s)

    def held(self, policies: int) -> None:
        """So many policies are held."""
        self._metrics.held.set(policies)

    def stored(self, error: OSError | None) -> None:
        """The file was written, or the disk refused."""
        if error is None:
            self._disk.written(FILE)
        else:
            self._disk.refused(FILE, error)

    def available(self, ric_id: str, services: dict[str, ServiceRegistrationInfo]) -> None:
        """Services that want to know are told."""
        for service_id, service in services.items():
            if service.callbackUrl and self.notifier is not None:
                body = {"eventType": "AVAILABLE", "ricId": ric_id}
                self.notifier.tell(service_id, service.callbackUrl, body)

    def notified(self, result: str, uri: str, reason: str) -> None:
        """What became of a call back."""
        self._metrics.notifications.labels(result).inc()
        if reason:
            self._log.warning("call back of a service", result=result, uri=uri, reason=reason)
