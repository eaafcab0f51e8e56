"""What the RAN counts, by the Prometheus conventions."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from cadran.problem import Assessment
from cadran.ransim.ladder import Source
from cadran.ransim.ran import ByteLedger, FrameResult

_LOOP_BUCKETS_S = (2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 7.5e-3, 1e-2, 2e-2, 5e-2, 0.1, 1.0)
_STEP_BUCKETS_S = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)
_SLICES = ("embb", "mmtc", "urllc")


class RansimMetrics:
    """The RAN's own metrics.

    Args:
        registry: where they live.
        dus: number of DUs.

    Attributes:
        disk_refusals: writes that the disk refused, by file.
    """

    def __init__(self, registry: CollectorRegistry, dus: int) -> None:
        self._frames = Counter("cadran_ransim_frames_total", "Frames run.", registry=registry)
        decisions = Counter(
            "cadran_ransim_decisions_total",
            "Frames of a DU by where the decision in force came from.",
            ["du", "source"],
            registry=registry,
        )
        self._decisions = [
            {source: decisions.labels(du=str(du), source=source.value) for source in Source}
            for du in range(dus)
        ]
        self._step_seconds = Histogram(
            "cadran_ransim_frame_compute_duration_seconds",
            "Time to compute one frame of the radio.",
            buckets=_STEP_BUCKETS_S,
            registry=registry,
        )
        self._loop_seconds = Histogram(
            "e3_loop_duration_seconds",
            "Time from a frame's indication to its decision.",
            buckets=_LOOP_BUCKETS_S,
            registry=registry,
        )
        self.disk_refusals = Counter(
            "cadran_ransim_disk_refusals_total",
            "Writes that the disk refused.",
            ["file"],
            registry=registry,
        )
        self._bytes = Counter(
            "cadran_ransim_traffic_bytes_total",
            "Bytes offered to the RAN and what became of them.",
            ["fate"],
            registry=registry,
        )
        quality = Counter(
            "cadran_ransim_slice_quality_total",
            "Sum over frames of the quality of a slice, each in [0, 1]; over the frames it is the mean.",
            ["du", "slice"],
            registry=registry,
        )
        self._quality = [[quality.labels(du=str(du), slice=name) for name in _SLICES] for du in range(dus)]
        reward = Gauge(
            "cadran_ransim_reward",
            "Reward per frame of a DU, mean over the frames booked last.",
            ["du"],
            registry=registry,
        )
        self._reward = [reward.labels(du=str(du)) for du in range(dus)]
        self._booked = {"offered": 0, "delivered": 0, "dropped": 0, "discarded": 0}

    def frames(self, results: Sequence[FrameResult]) -> None:
        """Frames were run."""
        self._frames.inc(len(results))
        for du, children in enumerate(self._decisions):
            for source, count in Counts(result.applied[du].source for result in results).items():
                children[source].inc(count)

    def assessed(self, assessed: Assessment) -> None:
        """Consecutive frames were judged, arrays [N, C, ...]."""
        quality, reward = assessed.qos.sum(axis=0).tolist(), assessed.reward.mean(axis=0).tolist()
        for counters, gauge, qualities, mean in zip(
            self._quality, self._reward, quality, reward, strict=True
        ):
            gauge.set(mean)
            for counter, total in zip(counters, qualities, strict=True):
                counter.inc(total)

    def timed(self, compute_s: Iterable[float], loop_s: Iterable[float]) -> None:
        """Times of computing frames, and from indications to decisions."""
        for seconds in compute_s:
            self._step_seconds.observe(seconds)
        for seconds in loop_s:
            self._loop_seconds.observe(seconds)

    def bytes(self, ledger: ByteLedger) -> None:
        """The books as they stand now."""
        for fate, booked in self._booked.items():
            total = getattr(ledger, fate)
            self._bytes.labels(fate=fate).inc(total - booked)
            self._booked[fate] = total
