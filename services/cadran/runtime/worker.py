"""A thread of lower priority for heavy work beside an event loop, one piece at a time."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

T = TypeVar("T")
_NICEST = 19


class Worker:
    """The thread, and the interpreter's switch interval while it lives.

    Args:
        name: Of the thread.
        nice: Niceness added to it (Linux keeps it per thread). 19 puts it into the scheduler's idle class
            besides: a thread that is merely nice may end its time slice, milliseconds, before who wakes runs.
        thread_switch_s: The interpreter's switch interval: how long the work may keep the loop waiting.
        prepare: Runs on the thread before the first piece of work.
    """

    def __init__(self, name: str, nice: int, thread_switch_s: float, prepare: Callable[[], None]) -> None:
        self._switch_interval_s = sys.getswitchinterval()
        sys.setswitchinterval(thread_switch_s)
        self._thread = ThreadPoolExecutor(1, name, _prepared, (nice, prepare))

    async def run(self, work: Callable[[], T]) -> T:
        """Do a piece of work; raises as it does. A cancelled caller does not stop it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Finish the work under way and end the thread."""
        await asyncio.to_thread(self._thread.shutdown)
        sys.setswitchinterval(self._switch_interval_s)


def _prepared(nice: int, prepare: Callable[[], None]) -> None:
    prepare()
    if not nice:
        return
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + nice)
    if nice == _NICEST:
        try:
            os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        except OSError as error:  # a sandbox; what is lost is speed alone
            log = structlog.get_logger()
            log.warning(
                "no idle class here, the thread is only nice",
                thread=threading.current_thread().name,
                cause=str(error),
            )
