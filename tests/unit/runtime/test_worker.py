"""Heavy work steps back behind what an event loop waits for."""

from __future__ import annotations

import os
import threading

import pytest
from structlog.testing import capture_logs

from cadran.runtime.worker import Worker


def standing() -> tuple[int, int]:
    """The calling thread's niceness and class."""
    thread = threading.get_native_id()
    return os.getpriority(os.PRIO_PROCESS, thread), os.sched_getscheduler(thread)


@pytest.mark.parametrize(("nice", "policy"), [(0, os.SCHED_OTHER), (5, os.SCHED_OTHER), (19, os.SCHED_IDLE)])
async def test_the_thread_is_nice_and_at_the_most_idle_while_the_loops_is_as_before(
    nice: int, policy: int
) -> None:
    before = standing()
    worker = Worker("heavy", nice, 0.005, lambda: None)
    try:
        found = await worker.run(standing)
    finally:
        await worker.close()
    assert found == (min(19, before[0] + nice), policy if before[1] == os.SCHED_OTHER else found[1])
    assert standing() == before


async def test_a_sandbox_without_the_idle_class_costs_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    worker = Worker("heavy", 19, 0.005, lambda: None)
    try:
        with capture_logs() as told:
            assert await worker.run(lambda: 7) == 7
    finally:
        await worker.close()
    assert [one["log_level"] for one in told] == ["warning"]
