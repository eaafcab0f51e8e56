"""The xApp's metrics, by the Prometheus conventions; those of the E2 sessions are ``runtime.LinkMetrics``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SHORT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class XappMetrics:
    """Every metric of the xApp; one attribute each, named as the metric without its prefix.

    Args:
        registry: Where they live.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"cadran_xapp_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"cadran_xapp_{name}", text, labels, registry=registry)

        def seconds(name: str, text: str) -> Histogram:
            return Histogram(f"cadran_xapp_{name}", text, buckets=_SHORT_S, registry=registry)

        self.e2_nodes = gauge("e2_nodes", "E2 nodes associated now")
        self.reports_refused = counter(
            "reports_refused_total", "dApp reports that could not be stored", "du", "cause"
        )
        self.rows_stored = counter("rows_stored_total", "Transitions brought to rest", "du")
        self.rows_duplicate = counter(
            "rows_duplicate_total", "Transitions received that were at rest already", "du"
        )
        self.rows_beyond_gap = counter(
            "rows_beyond_gap_total", "Transitions left out because those before them have not come", "du"
        )
        self.store_retries = counter(
            "store_retries_total", "Attempts to reach the replay store that failed", "task"
        )
        self.store_seconds = seconds("store_seconds", "Time from taking reports up to their rows' rest")
        self.disk_refusals = counter("disk_refusals_total", "Writes that the disk refused", "file")
        self.frames_forced = counter(
            "frames_forced_total", "Lock-step frames completed without the rows of every DU"
        )
        self.learns = gauge("learner_enabled", "1 if updates are to be made, 0 where `learn` is off")
        self.updates = counter("learner_updates_total", "Updates of the learner")
        self.update_seconds = seconds("learner_update_seconds", "Time of one update, sampling included")
        self.critic_loss = gauge("learner_critic_loss", "Loss of the twin critic in the newest update")
        self.actor_loss = gauge("learner_actor_loss", "Loss of a DU's actor in the newest update", "du")
        self.td_variance = gauge(
            "learner_td_variance", "Variance of a DU's TD errors in the newest update", "du"
        )
        self.sam_active = gauge(
            "learner_sam_active", "1 if a DU's actor took a sharpness-aware step in the newest update", "du"
        )
        self.temperature = gauge(
            "learner_entropy_temperature", "Entropy temperature beta of a DU's actor", "du"
        )
        self.entropy = gauge("learner_entropy_nats", "Entropy of a DU's policy in the newest update", "du")
        self.shots = gauge("adaptation_shots", "Shots that a DU has made since its start", "du")
        self.shot_reward = gauge(
            "adaptation_reward", "Mean reward per frame of a DU between its last two shots", "du"
        )
        self.shots_diverged = counter(
            "adaptation_divergences_total", "Times that a DU stopped adapting because it diverged", "du"
        )
        self.halted = gauge("learner_diverged", "1 while updates are stopped by a divergence: an alert")
        self.divergences = counter("learner_divergences_total", "Times that learning diverged")
        self.checkpoints = counter("checkpoints_total", "Checkpoints written")
        self.checkpoint_time = gauge("checkpoint_timestamp_seconds", "Unix time of the newest checkpoint")
        self.policy_version = gauge("policy_version", "Version that a DU should run", "du")
        self.policy_delivery = gauge("policy_delivery", "Number of the newest delivery to a DU", "du")
        self.policy_pinned = gauge("policy_pinned", "1 while a DU is pinned by a roll-back", "du")
        self.policy_running = gauge("policy_running_version", "Version that a DU's dApp says it runs", "du")
        self.deliveries = counter(
            "policy_deliveries_total", "Answers of dApps to deliveries, and repetitions", "du", "result"
        )
        self.delivery_seconds = seconds(
            "policy_delivery_seconds", "Time from sending a policy to the dApp's acceptance"
        )
        self.guard_decisions = counter(
            "guard_decisions_total",
            "Controls by what the guard said of them, and what came of those that it let pass",
            "source",
            "verdict",
            "cause",
        )
        self.audit_dropped = counter(
            "guard_audit_lines_dropped_total", "Lines of the audit log dropped because too many waited"
        )
        self.breaker_state = gauge(
            "guard_breaker_state",
            "1 for the state of a DU's breaker (unproven, closed, half_open, open), 0 for the others",
            "du",
            "state",
        )
        self.breaker_opened = counter(
            "guard_breaker_opened_total",
            "Times that a DU was put under its own scheduler, or would have been",
            "du",
        )
        self.satisfaction = gauge(
            "guard_satisfaction",
            "Satisfaction in the newest frames that a DU's policy decided: measured, and as estimated for "
            "the DU's own scheduler",
            "du",
            "of",
        )
        self.model_error = gauge(
            "guard_model_error",
            "Error of a DU's model of satisfaction, measured less modelled, under its policy and under its "
            "own scheduler",
            "du",
            "under",
        )
