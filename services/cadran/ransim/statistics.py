"""What the RAN tells people about itself: a status file and one line per DU and episode."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cadran.problem import Assessment, Measurements, Problem
from cadran.problem.measurements import SLICES
from cadran.ransim.ran import ByteLedger, FrameResult
from cadran.ransim.relayed import RelayedRows
from cadran.ransim.status_files import StatusFiles

EPISODE_FIELDS = (
    "episode",
    "first_frame",
    "du",
    "deterministic",
    "reward_mean",
    "qos_embb",
    "qos_mmtc",
    "qos_urllc",
    "prb_embb",
    "prb_mmtc",
    "prb_urllc",
    "missed",
    "fallback",
    "policy_version",
    "wall_s",
)
_LATENCY_SAMPLES = 4096


class _Means:
    """Sums over frames of what is shown as a mean, per DU."""

    def __init__(self, dus: int, rbs: int, frame_s: float) -> None:
        self._dus, self._rbs, self._frame_s = dus, rbs, frame_s
        self.clear()

    def clear(self) -> None:
        self.frames = 0
        self.reward = np.zeros(self._dus)
        self.qos = np.zeros((self._dus, SLICES))
        self.quota = np.zeros((self._dus, SLICES))
        self.used = np.zeros((self._dus, SLICES))
        self.delivered = np.zeros((self._dus, SLICES))

    def add(self, outcomes: Measurements, assessed: Assessment) -> None:
        """Adds consecutive frames, arrays [N, C, ...]."""
        self.frames += len(outcomes.ues)
        self.reward += assessed.reward.sum(axis=0)
        self.qos += assessed.qos.sum(axis=0)
        self.quota += outcomes.rbs_quota.sum(axis=0)
        self.used += outcomes.rbs_used.sum(axis=0)
        self.delivered += outcomes.delivered_bytes.sum(axis=0)

    def of(self, du: int) -> dict[str, Any]:
        """Means of one DU; reward in problem units, PRB shares of all PRBs, rates in bit/s."""
        if self.frames == 0:
            nothing = [None] * SLICES
            return {
                "reward": None,
                "qos": nothing,
                "prb_share": nothing,
                "prb_used": nothing,
                "delivered_bps": nothing,
            }
        n = self.frames
        return {
            "reward": float(self.reward[du] / n),
            "qos": (self.qos[du] / n).tolist(),
            "prb_share": (self.quota[du] / (n * self._rbs)).tolist(),
            "prb_used": (self.used[du] / (n * self._rbs)).tolist(),
            "delivered_bps": (8 * self.delivered[du] / (n * self._frame_s)).tolist(),
        }


@dataclass
class _Episode:
    first_frame: int
    missed_before: tuple[int, ...]
    fallback_before: tuple[int, ...]


@dataclass(frozen=True)
class TraceShare:
    """How much of a measured trace was played.

    Attributes:
        path: the trace file.
        bytes_played: bytes of the played portions, summed from the file itself.
        bytes_offered: bytes that the radio counted as offered to the slice that the trace drives.
    """

    path: str
    bytes_played: int
    bytes_offered: int


class RanStatistics:
    """Follows the frames of one epoch.

    Args:
        problem: gives reward and quality of each frame.
        dus: number of DUs.
        files: where status and episodes are written; None: nowhere.
        epoch: identity of this life of the RAN.
    """

    def __init__(self, problem: Problem, dus: int, files: StatusFiles | None, epoch: int) -> None:
        self._problem = problem
        self._dus = dus
        self._files = files
        self._epoch = epoch
        frame = problem.frame
        self._recent = _Means(dus, frame.rbs, frame.frame_s)
        self._whole = _Means(dus, frame.rbs, frame.frame_s)
        self._episode = _Episode(0, (0,) * dus, (0,) * dus)
        self._latencies_s: deque[float] = deque(maxlen=_LATENCY_SAMPLES)
        self._last: FrameResult | None = None
        self._frames = 0
        self._rate_mark: tuple[float, int] | None = None
        self._frames_per_s = 0.0

    def latencies(self, seconds: Sequence[float]) -> None:
        """Takes times from an indication to its decision."""
        self._latencies_s.extend(seconds)

    def frames(self, results: Sequence[FrameResult], outcomes: Measurements) -> Assessment:
        """Takes and judges consecutive frames of one episode; `outcomes` are theirs, arrays [N, C, ...]."""
        assessed = self._problem.assess(outcomes)
        self._recent.add(outcomes, assessed)
        self._whole.add(outcomes, assessed)
        self._last = results[-1]
        self._frames = self._last.frame + 1
        return assessed

    def end_episode(self, missed: tuple[int, ...], fallback: tuple[int, ...], now_s: float) -> None:
        """Writes the episode's lines; an episode without a frame writes none."""
        if self._files is not None and self._last is not None and self._whole.frames > 0:
            self._files.append_episode(
                [self._episode_row(du, self._last, missed, fallback, now_s) for du in range(self._dus)]
            )
        self._whole.clear()
        self._episode = _Episode(self._frames, missed, fallback)

    def _episode_row(
        self, du: int, last: FrameResult, missed: tuple[int, ...], fallback: tuple[int, ...], now_s: float
    ) -> list[object]:
        mean = self._whole.of(du)
        return [
            last.episode,
            self._episode.first_frame,
            du,
            int(last.deterministic),
            f"{mean['reward']:.6f}",
            *(f"{value:.6f}" for value in (*mean["qos"], *mean["prb_share"])),
            missed[du] - self._episode.missed_before[du],
            fallback[du] - self._episode.fallback_before[du],
            last.applied[du].policy_version,
            f"{now_s:.3f}",
        ]

    def write_status(
        self,
        connected: tuple[bool, ...],
        missed: tuple[int, ...],
        fallback: tuple[int, ...],
        ledger: ByteLedger,
        relayed: tuple[RelayedRows, ...],
        trace: TraceShare | None,
        now_s: float,
    ) -> None:
        """Replaces status.json; means in it are over the frames since the write before."""
        if self._files is None:
            return
        self._measure_rate(now_s)
        last = self._last
        status = {
            "epoch": self._epoch,
            "frame": self._frames,
            "episode": last.episode if last else 0,
            "time_s": now_s,
            "frames_per_s": self._frames_per_s,
            "missed_frames": sum(missed),
            "fallback_frames": sum(fallback),
            "loop_latency_ms": self._latency_quantiles_ms(),
            "bytes": asdict(ledger),
            "reports": {
                "relayed": sum(one.reports for one in relayed),
                "rows": sum(one.rows for one in relayed),
                "acked": sum(one.acknowledged for one in relayed),
            },
            "trace": asdict(trace) if trace else None,
            "dus": [
                {
                    "du": du,
                    "connected": connected[du],
                    "policy_version": last.applied[du].policy_version if last else 0,
                    "source": last.applied[du].source.value if last else None,
                    "queued_bytes": last.outcome.queued_bytes[du].tolist() if last else None,
                    "missed_frames": missed[du],
                    "fallback_frames": fallback[du],
                    "acknowledged_rows": relayed[du].acknowledged,
                    "acknowledged_frame": relayed[du].acknowledged_frame,
                    **self._recent.of(du),
                }
                for du in range(self._dus)
            ],
        }
        self._files.replace_status(json.dumps(status).encode())
        self._recent.clear()

    def _measure_rate(self, now_s: float) -> None:
        if self._rate_mark is not None and now_s > self._rate_mark[0]:
            then_s, frames = self._rate_mark
            self._frames_per_s = (self._frames - frames) / (now_s - then_s)
        self._rate_mark = (now_s, self._frames)

    def _latency_quantiles_ms(self) -> dict[str, float | None]:
        if not self._latencies_s:
            return {"p50": None, "p99": None, "max": None}
        p50, p99, worst = np.quantile(np.array(self._latencies_s), [0.5, 0.99, 1.0]) * 1e3
        return {"p50": float(p50), "p99": float(p99), "max": float(worst)}
