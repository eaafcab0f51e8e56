"""One moment of a running testbed, for the live view, the progress line and the metrics file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO, TypeVar

import numpy as np

from cadran.testbed.folder import RunFolder
from cadran.testbed.series import SLICES, EpisodeTail
from cadran.testbed.status import DuStatus, RanStatus, RappStatus, XappStatus, read_status
from cadran.testbed.supervisor import ChildState
from cadran.testbed.totals import RunTotals

MOVING_EPISODES = 20


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; a part that a service has not told yet is None.

    Attributes:
        elapsed_s: since the run's start.
        served_s: since the RAN was first heard of.
        frames: served in the whole run.
        ran: the RAN's newest status.
        xapp: the xApp's newest status.
        rapp: the rApp's newest status, where there is one.
        children: every process.
        reward_sampled: mean over DUs and the last episodes in which the dApps explored.
        reward_deterministic: the same for episodes in which they acted by the policy's mean.
        events: newest lines worth telling, oldest first.
    """

    elapsed_s: float
    served_s: float
    frames: int
    missed_frames: int
    fallback_frames: int
    ran: RanStatus | None
    xapp: XappStatus | None
    children: tuple[ChildState, ...]
    reward_sampled: float | None
    reward_deterministic: float | None
    events: tuple[str, ...]
    rapp: RappStatus | None = None

    @property
    def restarts(self) -> int:
        """Restarts of all processes."""
        return sum(child.restarts for child in self.children)


class Observer:
    """Reads what the services write into the run folder."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._episodes = EpisodeTail(folder.episodes)
        self._started = time.monotonic()
        self._ran_since: float | None = None
        self.totals = RunTotals()
        self.ran: RanStatus | None = None
        self.xapp: XappStatus | None = None
        self.rapp: RappStatus | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run's start."""
        return time.monotonic() - self._started

    @property
    def ran_elapsed_s(self) -> float:
        """Seconds since the RAN was first heard of; 0 before."""
        return 0.0 if self._ran_since is None else time.monotonic() - self._ran_since

    def observe(self, children: tuple[ChildState, ...], events: tuple[str, ...]) -> Snapshot:
        """Reads every source once.

        Raises:
            ValueError: a file is not what its service's contract says.
        """
        self.ran = read_status(self._folder.ransim_status, RanStatus) or self.ran
        self.xapp = read_status(self._folder.xapp_status, XappStatus) or self.xapp
        self.rapp = read_status(self._folder.rapp_status, RappStatus) or self.rapp
        if self.ran is not None:
            self._ran_since = self._ran_since or time.monotonic()
            self.totals.see(self.ran)
        self._episodes.read()
        return Snapshot(
            elapsed_s=self.elapsed_s,
            served_s=self.ran_elapsed_s,
            frames=self.totals.frames,
            missed_frames=self.totals.missed_frames,
            fallback_frames=self.totals.fallback_frames,
            ran=self.ran,
            xapp=self.xapp,
            children=children,
            reward_sampled=self._moving_reward(deterministic=False),
            reward_deterministic=self._moving_reward(deterministic=True),
            events=events,
            rapp=self.rapp,
        )

    def _moving_reward(self, deterministic: bool) -> float | None:
        # The deterministic ones are every n-th episode only, so look further back for them.
        recent = self._episodes.episodes(last=10 * MOVING_EPISODES)
        rewards = recent.reward[recent.deterministic == deterministic][-MOVING_EPISODES:]
        return float(np.mean(rewards)) if len(rewards) else None


T = TypeVar("T")


def entry(values: Sequence[T | None] | None, du: int) -> T | None:
    """A DU's entry of a sequence with one entry per DU; None where the service does not know the DU yet."""
    return values[du] if values is not None and du < len(values) else None


_PER_SLICE = ("qos", "prb_share", "prb_used", "delivered_bps", "queued_bytes")
METRICS_COLUMNS = (
    "elapsed_s", "time_s", "epoch", "frame", "episode", "frames_per_s", "du", "connected", "policy_version",
    "source", "reward", "missed_frames", "fallback_frames",
    *(f"{name}_{part.lower()}" for name in _PER_SLICE for part in SLICES),
    "loop_p50_ms", "loop_p99_ms", "updates", "td_variance", "sam_on", "stored", "restarts",
)  # fmt: skip


class MetricsFile:
    """The run's time series as CSV: one row per DU for each ``write``; empty cells are not known."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._file.write(",".join(METRICS_COLUMNS) + "\n")

    def write(self, snapshot: Snapshot) -> None:
        """Appends a row for each DU; nothing while the RAN has told nothing."""
        if snapshot.ran is None:
            return
        for du in snapshot.ran.dus:
            cells = _cells(snapshot, snapshot.ran, du)
            self._file.write(",".join("" if cell is None else _text(cell) for cell in cells) + "\n")
        self._file.flush()


Cell = float | int | str | None


def _cells(snapshot: Snapshot, ran: RanStatus, du: DuStatus) -> list[Cell]:
    latency, xapp = ran.loop_latency_ms, snapshot.xapp
    index = du.du
    learner: list[Cell] = [None] * 4
    if xapp is not None:
        sam_on = entry(xapp.sam_on, index)
        learner = [
            xapp.updates,
            entry(xapp.td_variance, index),
            None if sam_on is None else int(sam_on),
            entry(xapp.stored, index),
        ]
    return [
        snapshot.elapsed_s, ran.time_s, ran.epoch, ran.frame, ran.episode, ran.frames_per_s, index,
        int(du.connected), du.policy_version, du.source, du.reward, du.missed_frames, du.fallback_frames,
        *(value for name in _PER_SLICE for value in getattr(du, name) or (None,) * len(SLICES)),
        latency.p50, latency.p99, *learner, snapshot.restarts,
    ]  # fmt: skip


def _text(cell: float | int | str) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) and abs(cell) < 1e6 else str(cell)
