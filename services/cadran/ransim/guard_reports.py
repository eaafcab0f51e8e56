"""The DUs' part of the circuit breaker: orders of the near-RT RIC, and reports of how frames went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cadran.problem import Measurements, Problem, Quota
from cadran.problem.measurements import SLICES
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.ran import FrameResult
from cadran.ransim.shadow import Compared, Float64, Shadow, ShadowFrame
from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e2sm.v1 import guard_pb2

MOST_REPORT_FRAMES = 100_000
_JUDGED_FRAMES = 25
_MODES = {
    guard_pb2.GUARD_MODE_LEARNED: False,
    guard_pb2.GUARD_MODE_BASELINE: True,
}
Send = Callable[[guard_pb2.GuardReport], None]


@dataclass
class _Sums:
    """Over frames of one kind: how many, and the sums of measured, modelled and baseline quality."""

    frames: int = 0
    quality: NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, SLICES)))

    def add(self, quality: NDArray[np.float32]) -> None:
        """Add frames ``[3, n, S]``."""
        self.frames += quality.shape[1]
        self.quality += quality.sum(axis=1, dtype=np.float64)

    def message(self) -> guard_pb2.GuardFrames:
        message = guard_pb2.GuardFrames(frames=self.frames)
        if self.frames:
            means = (self.quality / self.frames).tolist()
            message.measured[:], message.modelled[:], message.baseline[:] = means
        return message


@dataclass(frozen=True)
class _Followed:
    """A frame that is to be judged."""

    outcome: Measurements
    own: NDArray[np.bool_]
    delay_s: Float64


class _Du:
    """One DU: what was ordered, and what is to be reported."""

    def __init__(self) -> None:
        self.order = 0
        self.effective_frame = 0
        self.report_frames = 0
        self.send: Send | None = None
        self.clear()

    def clear(self) -> None:
        self.learned, self.own = _Sums(), _Sums()


class GuardReports:
    """Takes orders for all DUs, follows their frames, and reports.

    Frames are followed, at some cost, only while somebody is there who has asked for reports.

    Args:
        problem: Judges quality; of the slices where decisions have two levels.
        ladders: One per DU; an order changes what they choose.
        epoch: Identity of this life of the RAN.
    """

    def __init__(self, problem: Problem, ladders: Sequence[DecisionLadder], epoch: int) -> None:
        self._ladders = ladders
        self._epoch = epoch
        self._shadow = Shadow(problem, self._baseline())
        self._following = False
        self._noted: list[FrameResult] = []
        self._followed: list[_Followed] = []
        self._dus = [_Du() for _ in ladders]

    def _baseline(self) -> Quota:
        return Quota.stack([ladder.fallback for ladder in self._ladders])

    def take(self, du: int, order: guard_pb2.GuardOrder, frame: int, send: Send) -> bool | None:
        """Obey an order and answer it.

        Args:
            du: The DU.
            order: What it is to do.
            frame: The next frame: the first that the order can change.
            send: The way to who ordered.

        Returns:
            Whether the DU's own scheduler rules from now on; None if that is as it was.

        Raises:
            WireError: The order says nothing sensible, and nothing was changed.
        """
        if order.mode not in _MODES or not 1 <= order.report_frames <= MOST_REPORT_FRAMES or not order.order:
            text = f"guard order {order.order}, mode {order.mode}, report_frames {order.report_frames}"
            raise WireError(Cause("ric_request", "control-message-invalid", text))
        held, ladder, baseline = self._dus[du], self._ladders[du], _MODES[order.mode]
        changed = ladder.ordered != baseline
        if changed:
            ladder.ordered, held.effective_frame = baseline, frame
        self.follow()
        self._judge()
        held.order, held.report_frames, held.send = order.order, order.report_frames, send
        held.clear()
        self._report(du)
        return baseline if changed else None

    def forget(self, du: int) -> None:
        """Nobody listens any more; what was ordered stays in force."""
        self._dus[du].send = None

    def frames(self, results: Sequence[FrameResult]) -> None:
        """Follow consecutive frames, and report what is due."""
        for result in results:
            self.note(result)
        self.follow()
        self._judge()

    def note(self, result: FrameResult) -> None:
        """Take the next frame; `follow` does the work, when there is time for it."""
        if any(held.send is not None for held in self._dus):
            self._noted.append(result)
        else:
            self._noted.clear()
            self._followed.clear()
            self._following = False

    def follow(self) -> None:
        """Follow what was noted, and report what is due."""
        if self._noted and not self._following:
            self._shadow.begin()
            self._following = True
        self._shadow.rule_by(self._baseline())
        for result in self._noted:
            own = np.array([not applied.source.learned for applied in result.applied])
            delays = self._shadow.follow(ShadowFrame(result.outcome, own, result.start is not None))
            self._followed.append(_Followed(result.outcome, own, delays))
        self._noted.clear()
        if len(self._followed) >= _JUDGED_FRAMES:
            self._judge()

    def _judge(self) -> None:
        if not self._followed:
            return
        followed, self._followed = self._followed, []
        compared = self._shadow.judge([one.outcome for one in followed], [one.delay_s for one in followed])
        self._add(compared, np.stack([one.own for one in followed]))

    def _add(self, compared: Compared, own: NDArray[np.bool_]) -> None:
        quality = np.stack([compared.measured, compared.modelled, compared.baseline])
        for du, held in enumerate(self._dus):
            if held.send is None:
                continue
            held.learned.add(quality[:, ~own[:, du], du])
            held.own.add(quality[:, own[:, du], du])
            if held.learned.frames + held.own.frames >= held.report_frames:
                self._report(du)

    def _report(self, du: int) -> None:
        """Send what was gathered; a report that finds no way is lost: the next one comes."""
        held = self._dus[du]
        if held.send is None:
            return
        ordered = self._ladders[du].ordered
        report = guard_pb2.GuardReport(
            du_id=du,
            order=held.order,
            mode=guard_pb2.GUARD_MODE_BASELINE if ordered else guard_pb2.GUARD_MODE_LEARNED,
            effective_frame=held.effective_frame,
            epoch=self._epoch,
            learned=held.learned.message(),
            own=held.own.message(),
        )
        held.clear()
        try:
            held.send(report)
        except WireError:
            return
