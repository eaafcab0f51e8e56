"""A measurement window holds exactly its frames, however they come in."""

from __future__ import annotations

from typing import Any

from rans import EPOCH, WORLD, problem, ran

from cadran.ransim.kpm import KpmReporting
from cadran.wire.e2_session import KPM_FUNCTION_ID
from cadran.wire.e2_subscriptions import Subscription

VOLUME = "DRB.RlcSduTransmittedVolumeDL"
PERIOD_FRAMES = 4


class Session:
    def __init__(self) -> None:
        self.windows: list[tuple[int, int, Any]] = []

    def send_kpm(self, subscription: Subscription, header: Any, message: Any) -> None:
        self.windows.append((header.first_frame, header.last_frame, message))


def windows(batches: list[int]) -> list[tuple[int, int, Any]]:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * PERIOD_FRAMES * WORLD.frame_s)
    reporting.subscribe(1, session, Subscription((1, 1), KPM_FUNCTION_ID, 1, "", (VOLUME,), period_ms))
    for count in batches:
        first = made.frame
        reporting.measured(first, [made.run_frame().kpis for _ in range(count)])
    return session.windows


def test_windows_do_not_depend_on_how_frames_are_booked() -> None:
    singly, batched = windows([1] * 13), windows([3, 10])
    assert [(first, last) for first, last, _ in singly] == [(0, 3), (4, 7), (8, 11)]
    assert singly == batched


def test_nothing_is_sent_to_a_node_that_left() -> None:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * WORLD.frame_s)
    reporting.subscribe(1, session, Subscription((1, 1), KPM_FUNCTION_ID, 1, "", (VOLUME,), period_ms))
    reporting.forget(1)
    reporting.measured(0, [made.run_frame().kpis])
    assert session.windows == []


def test_an_ended_subscription_ends_alone() -> None:
    made, reporting, session = ran(), KpmReporting(problem().frame, WORLD.ttis_per_frame, EPOCH), Session()
    period_ms = round(1e3 * WORLD.frame_s)
    first, second = (Subscription((1, n), KPM_FUNCTION_ID, 1, "", (VOLUME,), period_ms) for n in (1, 2))
    for one in (first, second):
        reporting.subscribe(1, session, one)
    reporting.unsubscribe(1, first)
    reporting.measured(0, [made.run_frame().kpis])
    assert len(session.windows) == 1
    reporting.unsubscribe(1, second)
    reporting.measured(1, [made.run_frame().kpis])
    assert len(session.windows) == 1
