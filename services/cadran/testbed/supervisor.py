"""Starts child processes, watches them, restarts what dies, and leaves none behind.

Every child runs in a process group of its own, so that Ctrl-C in a terminal reaches the supervisor alone,
which then stops the children stage by stage. They share the supervisor's session: Linux schedules sessions
against each other first, and niceness would mean nothing between children of different ones. Every child is
tethered (see ``tether.py``): should the supervisor itself be killed, the kernel kills the children.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from cadran.testbed import tether

EXIT_BAD_CONFIGURATION = 2
READY_POLL_S = 0.05
REAP_TIMEOUT_S = 5.0
LOG_TAIL_BYTES = 4096


class ChildFailedError(Exception):
    """A child that cannot be kept alive; the text is one line: which, how it ended, where its log is."""


class ConfigRefusedError(ChildFailedError):
    """A child that ended with the exit status of a bad configuration; starting it again would not help."""


class Phase(Enum):
    """Where a child is in its life."""

    IDLE = "idle"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True)
class Backoff:
    """Pauses between restarts: ``first_s``, then ``factor`` times longer each time, at most ``most_s``.

    A child that has lived ``forget_after_s`` begins again at ``first_s``; one that dies ``give_up_after``
    times in a row without living that long is given up.
    """

    first_s: float = 0.25
    factor: float = 2.0
    most_s: float = 5.0
    forget_after_s: float = 30.0
    give_up_after: int = 10

    def pause_s(self, failures: int) -> float:
        """Seconds to wait after the ``failures``-th death in a row (1, 2, ...)."""
        return float(min(self.most_s, self.first_s * self.factor ** (failures - 1)))


@dataclass(frozen=True)
class Child:
    """What to run and how.

    Attributes:
        name: short and unique, such as ``dapp-3``.
        command: gives the command line, from the number of restarts so far (0 at the first start).
        log: file that standard output and error are appended to.
        environment: variables added to the supervisor's own environment.
        stage: stages are stopped from the highest to the lowest, the children of one stage together.
        ends_run: an exit with status 0 ends the run, instead of being a death to repair.
        ready: answers whether the child serves; the children after it are started only then.
        begins: returns when the child may be started; None: at once. The others do not wait for it.
        ready_timeout_s: how long ``ready`` may take after the first start.
        stop_timeout_s: how long the child has between SIGTERM and SIGKILL.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stage: int = 0
    ends_run: bool = False
    ready: Callable[[], Awaitable[bool]] | None = None
    begins: Callable[[], Awaitable[None]] | None = None
    ready_timeout_s: float = 30.0
    stop_timeout_s: float = 10.0


@dataclass(frozen=True)
class ChildState:
    """What is known of one child now; ``last_exit`` as in ``subprocess`` (negative: killed by a signal)."""

    name: str
    phase: Phase
    pid: int | None
    restarts: int
    last_exit: int | None


class _Watch:
    """One child's life: spawn, wait, pause, spawn again."""

    def __init__(self, child: Child, backoff: Backoff, notify: Callable[[str], None]) -> None:
        self.child = child
        self._backoff = backoff
        self._notify = notify
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.phase = Phase.IDLE
        self.restarts = 0
        self.last_exit: int | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.phase is Phase.RUNNING else None

    def state(self) -> ChildState:
        return ChildState(self.child.name, self.phase, self.pid, self.restarts, self.last_exit)

    async def live(self) -> None:
        """Keeps the child alive; returns when it ended the run or was stopped.

        Raises:
            ConfigRefusedError: it refused its configuration.
            ChildFailedError: it died too often in a row.
        """
        failures = 0
        if self.child.begins is not None:
            await self.child.begins()
        while not self._stopping:
            started = time.monotonic()
            status = await self._run_once()
            if self._stopping or (status == 0 and self.child.ends_run):
                break
            failures = 1 if time.monotonic() - started >= self._backoff.forget_after_s else failures + 1
            self._raise_if_hopeless(status, failures)
            pause_s = self._backoff.pause_s(failures)
            self._notify(f"{self.child.name} {describe_exit(status)}; restart in {pause_s:.2g} s")
            self.phase = Phase.WAITING
            await asyncio.sleep(pause_s)
            self.restarts += 1
        self.phase = Phase.ENDED

    async def stop(self) -> None:
        """Ends the child: SIGTERM to its process group, SIGKILL after its time."""
        self._stopping = True
        process, running = self._process, self.phase is Phase.RUNNING
        self.phase = Phase.ENDED
        if process is None or not running:
            return
        _signal_group(process.pid, signal.SIGTERM)
        try:
            # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the end.
            async with asyncio.timeout(self.child.stop_timeout_s):
                await process.wait()
        except TimeoutError:
            self._notify(f"{self.child.name} did not end within {self.child.stop_timeout_s:g} s; killed")
            self.kill()
        self.last_exit = await process.wait()
        _signal_group(process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to the child's whole process group, at once, where it still runs."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            _signal_group(self._process.pid, signal.SIGKILL)

    async def reap(self) -> None:
        """Waits for the end of a child that was killed, so that nothing of it is left to clean up."""
        if self._process is not None:
            async with asyncio.timeout(REAP_TIMEOUT_S):
                await self._process.wait()

    async def _run_once(self) -> int:
        """Starts the child, waits for its end, and kills what it may have left in its process group."""
        process = self._process = await self._spawn()
        self.phase = Phase.RUNNING
        if self._stopping:
            self.kill()
        self.last_exit = await process.wait()
        _signal_group(process.pid, signal.SIGKILL)
        return self.last_exit

    async def _spawn(self) -> asyncio.subprocess.Process:
        guard = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid())]
        with self.child.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *guard,
                *self.child.command(self.restarts),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.child.environment},
                process_group=0,
            )

    def _raise_if_hopeless(self, status: int, failures: int) -> None:
        name, log = self.child.name, self.child.log
        if status == EXIT_BAD_CONFIGURATION:
            raise ConfigRefusedError(f"{name} refused its configuration: {last_line(log)}")
        if failures >= self._backoff.give_up_after:
            raise ChildFailedError(
                f"{name} died {failures} times in a row, last it {describe_exit(status)}: "
                f"{last_line(log)} (see {log})"
            )


class Supervisor:
    """Runs a list of children, started in its order and stopped by stages.

    Args:
        children: what to run; names are unique.
        backoff: pauses between restarts, the same for every child.
        notify: receives one line for each event worth telling (a death, a restart, a kill).
    """

    def __init__(
        self,
        children: Sequence[Child],
        backoff: Backoff | None = None,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        names = [child.name for child in children]
        if len(set(names)) != len(names):
            raise ValueError(f"children's names must be unique, got {names}")
        self._watches = [_Watch(child, backoff or Backoff(), notify) for child in children]
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def states(self) -> tuple[ChildState, ...]:
        """What is known of every child now, in their order."""
        return tuple(watch.state() for watch in self._watches)

    @property
    def restarts(self) -> dict[str, int]:
        """How often each child was restarted so far."""
        return {watch.child.name: watch.restarts for watch in self._watches}

    async def run(self, stop: asyncio.Event) -> str | None:
        """Keeps the children alive until one ends the run or ``stop`` is set, then ends them all.

        Returns:
            The name of the child that ended the run, or None where ``stop`` did.

        Raises:
            ChildFailedError: a child was never ready or died too often in a row.
            ConfigRefusedError: a child refused its configuration.
        """
        stopped = asyncio.create_task(stop.wait())
        try:
            await self._start(stopped)
            return await self._watch(stopped)
        finally:
            stopped.cancel()
            await self._end()

    async def _start(self, stopped: asyncio.Task[bool]) -> None:
        for watch in self._watches:
            if stopped.done():
                return
            task = asyncio.create_task(watch.live(), name=watch.child.name)
            self._tasks[watch.child.name] = task
            if watch.child.ready is not None:
                await self._until_ready(watch.child, watch.child.ready, task, stopped)

    async def _until_ready(
        self,
        child: Child,
        ready: Callable[[], Awaitable[bool]],
        task: asyncio.Task[None],
        stopped: asyncio.Task[bool],
    ) -> None:
        deadline = time.monotonic() + child.ready_timeout_s
        while not (task.done() or stopped.done() or await ready()):
            if time.monotonic() > deadline:
                raise ChildFailedError(
                    f"{child.name} was not ready within {child.ready_timeout_s:g} s: "
                    f"{last_line(child.log)} (see {child.log})"
                )
            await asyncio.sleep(READY_POLL_S)
        if task.done():
            task.result()

    async def _watch(self, stopped: asyncio.Task[bool]) -> str | None:
        lives = list(self._tasks.values())
        await asyncio.wait([stopped, *lives], return_when=asyncio.FIRST_COMPLETED)
        for task in lives:
            if task.done():
                task.result()
        return next((task.get_name() for task in lives if task.done()), None)

    async def _end(self) -> None:
        """Stops stage by stage; whatever interrupts this, every group is killed in the end."""
        try:
            for stage in sorted({watch.child.stage for watch in self._watches}, reverse=True):
                await asyncio.gather(*(w.stop() for w in self._watches if w.child.stage == stage))
        finally:
            for watch in self._watches:
                watch.kill()
            for task in self._tasks.values():
                task.cancel()
            reaped = (watch.reap() for watch in self._watches)
            await asyncio.gather(*self._tasks.values(), *reaped, return_exceptions=True)


def describe_exit(status: int) -> str:
    """In words: ``exited with status 1`` or ``was killed by SIGKILL``."""
    if status >= 0:
        return f"exited with status {status}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-status).name}"
    return f"was killed by signal {-status}"


def last_line(log: Path) -> str:
    """The last line of a log file that is not blank, or a remark that there is none."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "its log is empty"


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signals the process group led by ``pid``; an empty group is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
