"""A frame waits for its decisions, then for its time; waits do not add up."""

from __future__ import annotations

import asyncio

import pytest

from cadran.ransim.pacing import Pace
from cadran.runtime import ClockSpec
from virtual_time import in_virtual_time


async def test_fast_waits_until_the_last_has_decided() -> None:
    decided, left = asyncio.Event(), {0, 1}
    pace = Pace("fast", ClockSpec(), 0.01, lambda: 0.0)
    waiting = asyncio.create_task(pace.decisions(lambda: not left, decided))
    for du in (1, 0):
        await asyncio.sleep(0)
        assert not waiting.done()
        left.discard(du)
        decided.set()
    await asyncio.wait_for(waiting, 60)


async def test_fast_goes_on_after_its_time_out_and_its_frames_have_no_end_of_their_own() -> None:
    pace = Pace("fast", ClockSpec(decision_timeout_s=0.001), 0.01, lambda: 0.0)
    await asyncio.wait_for(pace.decisions(lambda: False, asyncio.Event()), 60)
    await asyncio.wait_for(pace.frame_end(), 60)
    assert not pace.ends_soon()


def now_s() -> float:
    return asyncio.get_running_loop().time()


def realtime() -> Pace:
    pace = Pace("realtime", ClockSpec(), 0.01, now_s)
    pace.start()
    return pace


@in_virtual_time
async def test_realtime_keeps_to_the_time_of_the_start() -> None:
    pace, started_s = realtime(), now_s()
    for work_s in (0.002, 0.009, 0.0, 0.013, 0.001):
        await asyncio.sleep(work_s)
        await pace.decisions(lambda: True, asyncio.Event())
        await pace.frame_end()
    assert now_s() == pytest.approx(started_s + 5 * 0.01)


@in_virtual_time
async def test_realtime_does_not_hurry_after_a_long_delay() -> None:
    pace = realtime()
    await asyncio.sleep(1.0)
    late_s = now_s()
    for _ in range(3):
        await pace.decisions(lambda: True, asyncio.Event())
        await pace.frame_end()
    assert now_s() == pytest.approx(late_s + 2 * 0.01)


@in_virtual_time
async def test_in_real_time_a_dapp_that_does_not_decide_holds_nothing_up() -> None:
    pace, started_s = realtime(), now_s()
    await pace.decisions(lambda: False, asyncio.Event())
    assert 0.0 < now_s() - started_s < 0.01
    assert not pace.ends_soon()
    await pace.frame_end()
    assert now_s() == pytest.approx(started_s + 0.01)


@in_virtual_time
async def test_other_work_begins_with_the_last_decision_and_not_shortly_before_the_frames_end() -> None:
    pace, started_s = realtime(), now_s()
    await pace.decisions(lambda: True, asyncio.Event())
    assert now_s() == started_s
    assert not pace.ends_soon()
    await asyncio.sleep(0.009)
    assert pace.ends_soon()
