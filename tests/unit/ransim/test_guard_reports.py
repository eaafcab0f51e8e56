"""Orders of the RIC take effect with the next frame, and every followed frame is reported once."""

from __future__ import annotations

import numpy as np
import pytest
from rans import EPOCH, percent, problem, ran

from cadran.problem import Quota
from cadran.ransim.guard_reports import GuardReports
from cadran.ransim.ladder import Source, Submitted
from cadran.ransim.ran import FrameResult, Ran
from cadran.wire.causes import Cause as WireCause
from cadran.wire.causes import QueueFullError, WireError
from cadran.wire.gen.e2sm.v1 import guard_pb2

DECISION = Quota.hard(percent(50, 20, 30))
LEARNED, BASELINE = guard_pb2.GUARD_MODE_LEARNED, guard_pb2.GUARD_MODE_BASELINE


def order(number: int, mode: guard_pb2.GuardMode = LEARNED, frames: int = 4) -> guard_pb2.GuardOrder:
    return guard_pb2.GuardOrder(du_id=0, order=number, mode=mode, report_frames=frames, reason="a test")


class Bench:
    def __init__(self) -> None:
        self.ran: Ran = ran()
        self.reports = GuardReports(problem(), self.ran.ladders, EPOCH)
        self.sent: list[guard_pb2.GuardReport] = []

    def take(self, one: guard_pb2.GuardOrder) -> bool | None:
        return self.reports.take(0, one, self.ran.frame, self.sent.append)

    def run(self, frames: int, decided: bool = True) -> list[FrameResult]:
        results = []
        for _ in range(frames):
            for du in range(2):
                if decided:
                    self.ran.submit(du, Submitted(self.ran.frame, 1, DECISION))
            results.append(self.ran.run_frame())
            self.reports.frames(results[-1:])
        return results


def test_an_order_is_answered_at_once_and_rules_from_the_next_frame_until_the_next_order() -> None:
    bench = Bench()
    bench.run(2)
    assert bench.take(order(7, BASELINE)) is True
    (answer,) = bench.sent
    assert (answer.order, answer.mode, answer.effective_frame, answer.epoch) == (7, BASELINE, 2, EPOCH)
    assert answer.learned.frames == answer.own.frames == 0
    result = bench.run(1)[0]
    assert [applied.source for applied in result.applied] == [Source.ORDERED, Source.DAPP]
    assert bench.take(order(8, LEARNED)) is False
    assert bench.run(1)[0].applied[0].source is Source.DAPP


def test_the_same_order_again_changes_nothing_and_is_answered_again() -> None:
    bench = Bench()
    bench.take(order(1, BASELINE))
    bench.run(3)
    assert bench.take(order(1, BASELINE)) is None
    assert [report.effective_frame for report in bench.sent] == [0, 0]
    assert bench.run(1)[0].applied[0].source is Source.ORDERED


def test_what_was_ordered_outlives_the_association() -> None:
    bench = Bench()
    bench.take(order(1, BASELINE))
    bench.reports.forget(0)
    bench.run(12)
    assert bench.ran.ladders[0].ordered
    assert len(bench.sent) == 1


def test_every_frame_is_reported_once_under_who_decided_it() -> None:
    bench = Bench()
    bench.take(order(1, frames=4))
    bench.run(5)
    bench.run(7, decided=False)  # the ladder of these tests repeats a decision for three frames
    reports = bench.sent[1:]
    assert [report.learned.frames for report in reports] == [4, 4, 0]
    assert [report.own.frames for report in reports] == [0, 0, 4]


def test_frames_before_an_order_are_not_reported_under_it() -> None:
    bench = Bench()
    bench.take(order(1, frames=1000))
    for _ in range(3):
        bench.ran.submit(0, Submitted(bench.ran.frame, 1, DECISION))
        bench.reports.note(bench.ran.run_frame())  # followed later, when there is time
    bench.take(order(2, frames=2))
    bench.run(2)
    assert [one.learned.frames + one.own.frames for one in bench.sent if one.order == 2] == [0, 2]


def test_measured_means_are_those_of_the_frames() -> None:
    bench = Bench()
    bench.take(order(1, frames=4))
    results = bench.run(4)
    qualities = np.stack([problem().qos(problem().kpis(result.outcome))[0] for result in results])
    report = bench.sent[-1]
    np.testing.assert_allclose(list(report.learned.measured), qualities.mean(axis=0), rtol=1e-5)
    assert len(report.learned.modelled) == len(report.learned.baseline) == 3
    assert list(report.own.measured) == []


@pytest.mark.parametrize(
    "bad",
    [
        order(0),
        order(1, guard_pb2.GUARD_MODE_UNSPECIFIED),
        order(1, 77),  # type: ignore[arg-type]
        order(1, BASELINE, frames=0),
        order(1, BASELINE, frames=100_001),
    ],
)
def test_an_order_that_says_nothing_sensible_is_refused_and_changes_nothing(
    bad: guard_pb2.GuardOrder,
) -> None:
    bench = Bench()
    with pytest.raises(WireError, match="control-message-invalid"):
        bench.take(bad)
    assert not bench.ran.ladders[0].ordered
    assert bench.sent == []


def test_a_ric_that_does_not_read_stops_no_frame() -> None:
    bench = Bench()

    def full(report: guard_pb2.GuardReport) -> None:
        raise QueueFullError(WireCause("transport", "unspecified", "full"))

    bench.reports.take(0, order(1, frames=1), 0, full)
    bench.run(3)
