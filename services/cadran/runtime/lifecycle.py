"""The life of a service's process: run, stop when told, end in bounded time."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

import structlog

from cadran.runtime.http import Health
from cadran.runtime.settings import ConfigError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_STUCK = 70
"""The service was told to stop and did not in its grace time (EX_SOFTWARE of sysexits.h)."""

_BEAT_S = 1.0


def run(main: Callable[[], Awaitable[int]], health: Health | None = None, grace_s: float = 5.0) -> int:
    """Run a service to its end and return the process's exit status.

    SIGTERM and SIGINT cancel `main`, which cleans up in its `finally` blocks and context managers. If that
    takes longer than `grace_s`, or the event loop itself is stuck, the process is ended from a thread with
    status 70.

    To be called once, from the process's main thread.

    Args:
        main: the service; its result is the exit status.
        health: gets a beat every second while the event loop turns.
        grace_s: time to clean up after the signal [s].

    Returns:
        `main`'s result; 0 if it was told to stop; 2 after one line on standard error for a `ConfigError`; 1
        for any other error, which is logged.
    """
    try:
        return asyncio.run(_until_told(main, health, grace_s))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    except Exception:
        structlog.get_logger().exception("service failed")
        return EXIT_FAILED


def cause_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that a person can act on, out of what the tasks of a service raised together."""
    errors: list[BaseException] = [group]
    while isinstance(errors[0], BaseExceptionGroup):
        errors = [*errors[0].exceptions, *errors[1:]]
    return next((error for error in errors if isinstance(error, ConfigError)), errors[0])


async def _until_told(main: Callable[[], Awaitable[int]], health: Health | None, grace_s: float) -> int:
    service = asyncio.ensure_future(main())
    stop = _Stop(asyncio.get_running_loop(), service, grace_s)
    beating = asyncio.ensure_future(_beat(health)) if health else None
    try:
        return await service
    except asyncio.CancelledError:
        if not stop.told:
            raise
        return EXIT_OK
    finally:
        if beating:
            beating.cancel()
        if not stop.told:
            stop.forget()


class _Stop:
    """Handles SIGTERM and SIGINT.

    A handler of the `signal` module runs even while the event loop is blocked, so the grace time is kept then
    too. Once told, it stays in place to the end of the process: Ctrl-C reaches the whole process group, and
    then the supervisor's SIGTERM comes as well, which must not cut the clean-up short.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, service: asyncio.Future[int], grace_s: float) -> None:
        self.told = False
        self._loop = loop
        self._service = service
        self._grace_s = grace_s
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in self._before:
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: object) -> None:
        if self.told:
            return
        self.told = True
        _end_after(self._grace_s)
        self._loop.call_soon_threadsafe(self._cancel, signal.Signals(number).name)

    def _cancel(self, name: str) -> None:
        structlog.get_logger().info("stopping", signal=name)
        self._service.cancel()

    def forget(self) -> None:
        """Put the handlers back that were there before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


async def _beat(health: Health) -> None:
    settled = False
    while True:
        health.beat()
        if not settled and not health.reasons:
            # What is there when a service is first ready stays. Looking it through for garbage would stop
            # the event loop for a quarter of a second where PyTorch is loaded.
            gc.freeze()
            settled = True
        await asyncio.sleep(_BEAT_S)


def _end_after(grace_s: float) -> None:
    """End this process in `grace_s` if it is still there, whatever its event loop and threads do."""

    def end() -> None:
        os.write(sys.stderr.fileno(), f"did not stop within {grace_s:g} s: ended\n".encode())
        os._exit(EXIT_STUCK)

    timer = threading.Timer(grace_s, end)
    timer.daemon = True
    timer.start()
