"""How learning goes: a line per so many updates in ``learner.jsonl``, and a summary of the last ones.

Fields of a line: ``time_s`` (Unix seconds), ``updates``, ``critic_loss``, ``actor_loss`` [per DU],
``td_variance`` [per DU], ``sam_share`` [per DU: share of these updates with SAM on], ``beta`` and ``entropy``
(means over DUs), ``value`` (mean Q), ``td_threshold``, ``update_s`` (seconds of an update),
``policy_version``, and ``reward`` [per DU: of the newest frames at rest, or null]. All are means over the
updates since the line before, except the counters and the reward.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cadran.learn import UpdateMetrics
from cadran.runtime.files import append_line


@dataclass(frozen=True)
class LearningSummary:
    """Means over the newest line's updates; None before the first.

    Attributes:
        updates_per_s: Rate over the newest line's span of wall time.
        line: The line as written, see the module.
    """

    updates_per_s: float
    line: dict[str, Any]


class Progress:
    """Collects the metrics of updates; written to by the learner's thread, read by anybody.

    Args:
        path: File to append to.
        every: Updates per line.
        unix_s: Wall clock.
        told: Hears of every line, on the learner's thread.
        rewards: Newest reward per frame of each DU; asked on the learner's thread.
    """

    def __init__(
        self,
        path: Path,
        every: int,
        unix_s: Callable[[], float],
        told: Callable[[Mapping[str, Any]], None] | None = None,
        rewards: Callable[[], list[float | None]] = list,
    ) -> None:
        self._path = path
        self._every = every
        self._unix_s = unix_s
        self._told = told
        self._rewards = rewards
        self._lock = threading.Lock()
        self._pending: list[tuple[UpdateMetrics, float]] = []
        self._since_s = unix_s()
        self._summary: LearningSummary | None = None
        self.policy_version = 0

    @property
    def summary(self) -> LearningSummary | None:
        """The newest line and the rate; None before the first line."""
        with self._lock:
            return self._summary

    def observe(self, metrics: UpdateMetrics, seconds: float) -> None:
        """One update was made, in so many seconds."""
        self._pending.append((metrics, seconds))
        if len(self._pending) >= self._every:
            self.flush()

    def flush(self) -> None:
        """Write the updates since the last line, if there are any; call it from the learner's thread only.

        Raises:
            OSError: The disk refuses; that line is lost.
        """
        if not self._pending:
            return
        now = self._unix_s()
        line = {**_line(self._pending, now, self.policy_version), "reward": self._rewards()}
        rate = len(self._pending) / max(now - self._since_s, 1e-6)
        with self._lock:
            self._summary = LearningSummary(rate, line)
        if self._told is not None:
            self._told(line)
        self._pending.clear()
        self._since_s = now
        append_line(self._path, json.dumps(line, separators=(",", ":")))


def _line(pending: list[tuple[UpdateMetrics, float]], now_s: float, policy_version: int) -> dict[str, Any]:
    metrics = [entry[0] for entry in pending]

    def mean(name: str) -> float:
        return float(np.mean([getattr(m, name) for m in metrics]))

    def per_du(name: str) -> list[float]:
        stacked = np.array([getattr(m, name) for m in metrics], dtype=np.float64)
        return [float(value) for value in stacked.mean(axis=0)]

    return {
        "time_s": now_s,
        "updates": metrics[-1].updates,
        "critic_loss": mean("critic_loss"),
        "actor_loss": per_du("actor_loss"),
        "td_variance": per_du("td_variance"),
        "td_threshold": mean("td_threshold"),
        "sam_share": per_du("sam_on"),
        "beta": mean("beta"),
        "entropy": mean("entropy"),
        "value": mean("value_mean"),
        "update_s": float(np.mean([entry[1] for entry in pending])),
        "policy_version": policy_version,
    }
