"""What the console shows of the past: quality and reward, RBs of slices, learning; all in bounded memory.

It begins with the service's start, or with what the progress file has of the time before. Rows and
measurements come in the event loop, progress of learning on the learner's thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cadran.problem.measurements import Float32
from cadran.replay import Rows
from cadran.wire.codecs import SLICES
from cadran.xapp.console.curve import Curve, Point
from cadran.xapp.console.past import PastLine
from cadran.xapp.console.quality import Judge, Quality
from cadran.xapp.kpm_board import KpmReport

CURVE_POINTS = 120
"""Most points of a curve: what a small chart can show."""
PRB_WINDOWS = 60
"""Measurement windows of which the RBs are kept."""
QUALITY_FRAMES = 100
"""Frames of a quality: one second of the RAN's time, or what came in one report if that is more."""


class DuHistory:
    """Of one DU.

    Attributes:
        quality: Of the newest window of rows; None before the first is full.
        rows_at_s: Unix time at which rows came last; None: never.
        measured_at_s: Unix time at which measurements came last; None: never.
        reward: One line: the reward per frame.
        rbs: RBs transmitted on per slice, of the newest measurement windows, oldest first.
    """

    def __init__(self) -> None:
        self.quality: Quality | None = None
        self.rows_at_s: float | None = None
        self.measured_at_s: float | None = None
        self.reward = Curve(CURVE_POINTS)
        self.rbs: deque[tuple[int, ...]] = deque(maxlen=PRB_WINDOWS)
        self.waiting: list[Float32] = []
        self.frames = 0


class History:
    """Of all DUs and of learning.

    Args:
        dus: Number of DUs.
        judge: Judges the KPIs of rows.
        unix_s: Wall clock.

    Attributes:
        started_s: Unix time of the service's start.
        began_s: At which the curves begin: the start, less the time of which the past tells.
        dus: Each one's own.
    """

    def __init__(self, dus: int, judge: Judge, unix_s: Callable[[], float]) -> None:
        self._judge = judge
        self._unix_s = unix_s
        self._lock = threading.Lock()
        self._learning = Curve(CURVE_POINTS)
        self.started_s = self.began_s = unix_s()
        self.dus = tuple(DuHistory() for _ in range(dus))

    def begin_with(self, past: Sequence[PastLine]) -> None:
        """Let the curves begin with what an earlier process wrote down; to be called before anything else.

        The time between that process's last line and this one's start is left out: nobody learned in it.
        """
        if not past:
            return
        times_s = np.maximum.accumulate([line.time_s for line in past])  # a clock may have been set back
        times_s += self.started_s - times_s[-1]
        self.began_s = float(times_s[0])
        for line, time_s in zip(past, times_s.tolist(), strict=True):
            self.learned({**line.model_dump(), "time_s": time_s})
            for du, reward in zip(self.dus, line.reward, strict=False):
                if reward is not None:
                    du.reward.add(time_s, [reward])

    def rewards(self) -> list[float | None]:
        """Newest reward per frame of each DU; None while there is none."""
        newest = [du.quality for du in self.dus]
        return [None if quality is None else quality.reward for quality in newest]

    def stored(self, du: int, rows: Rows) -> None:
        """Rows of a DU are at rest."""
        held = self.dus[du]
        held.rows_at_s = self._unix_s()
        held.waiting.append(rows["kpis"].copy())
        held.frames += len(rows)
        if held.frames >= QUALITY_FRAMES:
            kpis = np.concatenate(held.waiting)
            held.waiting, held.frames = [], 0
            held.quality = self._judge.judge(du, kpis)
            held.reward.add(held.rows_at_s, [held.quality.reward])

    def measured(self, du: int, report: KpmReport) -> None:
        """A DU reported measurements."""
        held = self.dus[du]
        held.measured_at_s = self._unix_s()
        used = per_slice(report, "RRU.PrbUsedDl")
        held.rbs.append(tuple(round(count or 0.0) for count in used))

    def learned(self, line: Mapping[str, Any]) -> None:
        """A line of the learner's progress: critic loss, temperature, then each DU's share of SAM."""
        with self._lock:
            values = [line["critic_loss"], line["beta"], *line["sam_share"]]
            self._learning.add(line["time_s"], values)

    def learning(self) -> tuple[Point, ...]:
        """Points of `learned`."""
        with self._lock:
            return self._learning.points


def per_slice(report: KpmReport, name: str) -> list[float | None]:
    """A measurement's values, slices in the order eMBB, mMTC, URLLC; None: nothing was measured."""
    found = {sample.slice: sample.value for sample in report.samples if sample.measurement.name == name}
    return [found.get(slice_) for slice_ in SLICES]


def of_du(report: KpmReport, name: str) -> float | None:
    """A measurement of the whole DU; None: nothing was measured."""
    return next((sample.value for sample in report.samples if sample.measurement.name == name), None)
