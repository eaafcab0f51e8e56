"""A frame waits for its decisions, or for its time; waits do not add up."""

from __future__ import annotations

import asyncio

import pytest

from cadran.ransim.pacing import Pace
from cadran.runtime import ClockSpec


async def test_fast_waits_until_the_last_has_decided() -> None:
    decided, left = asyncio.Event(), {0, 1}
    pace = Pace("fast", ClockSpec(), 0.01, lambda: 0.0)
    waiting = asyncio.create_task(pace.wait(lambda: not left, decided))
    for du in (1, 0):
        await asyncio.sleep(0)
        assert not waiting.done()
        left.discard(du)
        decided.set()
    await asyncio.wait_for(waiting, 60)


async def test_fast_goes_on_after_its_time_out() -> None:
    pace = Pace("fast", ClockSpec(decision_timeout_s=0.001), 0.01, lambda: 0.0)
    await asyncio.wait_for(pace.wait(lambda: False, asyncio.Event()), 60)


class Time:
    """A clock that only sleeping and working move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr("cadran.ransim.pacing.asyncio.sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


async def test_realtime_keeps_to_the_time_of_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    pace = Pace("realtime", ClockSpec(), 0.01, lambda: time.now_s)
    pace.start()
    for work_s in (0.002, 0.009, 0.0, 0.013, 0.001):
        time.now_s += work_s
        await pace.wait(lambda: True, asyncio.Event())
    assert time.now_s == pytest.approx(100.0 + 5 * 0.01)


async def test_realtime_does_not_hurry_after_a_long_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    pace = Pace("realtime", ClockSpec(), 0.01, lambda: time.now_s)
    pace.start()
    time.now_s += 1.0
    for _ in range(3):
        await pace.wait(lambda: True, asyncio.Event())
    assert time.now_s == pytest.approx(101.0 + 2 * 0.01)
