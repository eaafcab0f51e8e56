"""The rApp's metrics, by the Prometheus conventions."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LONG_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0)
_SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class RappMetrics:
    """Every metric of the rApp; one attribute each, named as the metric without its prefix.

    Args:
        registry: Where they live.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"cadran_rapp_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"cadran_rapp_{name}", text, labels, registry=registry)

        def seconds(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"cadran_rapp_{name}", text, buckets=buckets, registry=registry)

        self.rows = gauge("rows_read", "Transitions ever read", "du")
        self.rows_skipped = gauge(
            "rows_skipped", "Transitions that the store overwrote before they were read", "du"
        )
        self.transitions = gauge("transitions", "Transitions of a level at hand", "du", "level")
        self.disk_refusals = counter("disk_refusals_total", "Writes that the disk refused", "file")
        self.store_emptied = counter(
            "store_emptied_total", "Times that the store was found without rows that had been read"
        )
        self.store_retries = counter("store_retries_total", "Attempts to reach Redis that failed")
        self.iterations = counter("iterations_total", "Meta-iterations")
        self.iteration_seconds = seconds(
            "iteration_seconds", "Time of a meta-iteration, mean over a round, sampling included", _SHORT_S
        )
        self.task_active = gauge("task_active", "1 if a DU was a task in the newest round", "du")
        self.task_weight = gauge("task_weight", "Weight of a task in the newest iteration", "du", "level")
        self.td_variance = gauge("task_td_variance", "Running variance of a task's TD errors", "du", "level")
        self.critic_loss = gauge(
            "task_critic_loss", "Loss of a task's adapted critic on validation rows", "du", "level"
        )
        self.candidates = counter("candidates_total", "Candidates by what became of them", "result")
        self.evaluation_seconds = seconds("evaluation_seconds", "Time to judge a candidate", _LONG_S)
        self.promoted = gauge("promoted_version", "Version promoted now; 0 if there is none")
        self.pinned = gauge("pinned", "1 while a roll-back holds later versions back")
        self.deliveries = counter(
            "deliveries_total", "Answers of the xApp to initialisations delivered", "result"
        )
        self.shots = gauge("adaptation_shots", "Shots that a DU has made since its start", "du")
        self.shots_to_95 = gauge(
            "adaptation_shots_to_95",
            "Shots until 95 % of a DU's gain were there; none while too few",
            "du",
        )
        self.adaptation_reward = gauge(
            "adaptation_reward", "Mean reward per frame of a DU since its newest shot", "du"
        )
        self.halted = gauge("diverged", "1 while iterations are stopped by a divergence: an alert")
        self.divergences = counter("divergences_total", "Times that meta-training diverged")
