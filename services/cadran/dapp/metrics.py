"""What a dApp counts, by the Prometheus conventions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DECISION_BUCKETS_S = (5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2)


class DappMetrics:
    """The metrics of one dApp, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._pending_s: list[float] = []
        self.decision_seconds = Histogram(
            "cadran_dapp_decision_duration_seconds",
            "Time from an indication's arrival to its decision's departure.",
            buckets=_DECISION_BUCKETS_S,
            registry=registry,
        )
        self.policy_version = Gauge(
            "cadran_dapp_policy_version",
            "Version of the policy in force; 0 while none acts.",
            registry=registry,
        )
        self.outdated = Counter(
            "cadran_dapp_indications_outdated_total",
            "Frames not decided because a newer one waited already.",
            registry=registry,
        )
        self.refused_policies = Counter(
            "cadran_dapp_policies_refused_total", "Policies refused.", ["cause"], registry=registry
        )
        self.reported_rows = Counter(
            "cadran_dapp_report_rows_sent_total", "Transitions sent, repetitions included.", registry=registry
        )
        self.acknowledged_rows = Counter(
            "cadran_dapp_report_rows_acknowledged_total",
            "Transitions acknowledged as stored.",
            registry=registry,
        )
        self.dropped_rows = Counter(
            "cadran_dapp_report_rows_dropped_total",
            "Transitions dropped unacknowledged: the buffer was full, or the RAN is another one now.",
            registry=registry,
        )
        self.unsound_rows = Counter(
            "cadran_dapp_report_rows_unsound_total",
            "Transitions given up because they were refused for what they are, or are not finite.",
            ["cause"],
            registry=registry,
        )
        self.buffered_rows = Gauge(
            "cadran_dapp_report_rows_buffered",
            "Transitions that wait for their acknowledgement.",
            registry=registry,
        )

    def decided(self, seconds: float) -> None:
        """One decision was sent."""
        self._pending_s.append(seconds)

    def flush(self) -> None:
        """Brings the times of the last decisions into the histogram; done off their path."""
        for seconds in self._pending_s:
            self.decision_seconds.observe(seconds)
        self._pending_s.clear()
