"""A process that does jobs, on one thread. It dies with the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Generic

from cadran.lab.study.engine import ONE_THREAD, Finished, Message, Progressed, failure, now_and_then
from cadran.lab.study.job import J, Perform

_END_S = 10.0


class WorkerDied(Exception):
    """A worker's process ended by itself; the text says how."""


class Worker(Generic[J]):
    """A process that does one job at a time.

    Args:
        perform: Does the jobs.
        folder: Where results are kept.

    Attributes:
        job: What it does now; None while it waits.
    """

    def __init__(self, perform: Perform[J], folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, perform, folder), daemon=True)
        with _environment(ONE_THREAD), _deaf_to_interrupts():
            self._process.start()
        far_end.close()
        self.job: J | None = None

    def begin(self, job: J) -> None:
        """Give it a job. Should its process be dead, `hear` says so."""
        self.job = job
        try:
            self.connection.send(job)
        except (BrokenPipeError, ConnectionResetError):
            return

    def hear(self) -> Message:
        """What it says; to be called when there is something to hear.

        Raises:
            WorkerDied: Nothing: it is dead.
        """
        try:
            message: Message = self.connection.recv()
        except (EOFError, ConnectionResetError) as error:
            self._process.join(_END_S)
            raise WorkerDied(_how_it_ended(self._process)) from error
        if not isinstance(message, Progressed):
            self.job = None
        return message

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()


def _how_it_ended(process: multiprocessing.process.BaseProcess) -> str:
    status = process.exitcode
    if status is None:
        return f"process {process.pid} fell silent"
    if status >= 0:
        return f"process {process.pid} ended with status {status}"
    name = signal.Signals(-status).name
    hint = ", perhaps because memory ran out" if name == "SIGKILL" else ""
    return f"process {process.pid} was ended by {name}{hint}"


# ------------------------------------------------------------------------------ inside the process


def _serve(connection: Connection, perform: Perform[J], folder: Path) -> None:
    _end_with_parent()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            perform(job, folder, now_and_then(lambda part: connection.send(Progressed(part))))
            message: Message = Finished()
        except Exception as error:
            message = failure(error, traceback.format_exc())
        connection.send(message)


def _end_with_parent() -> None:
    """A killed parent ends this process at once; nothing half-written counts."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent").start()


# --------------------------------------------------------------------------------- while it starts


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """What a child inherits: libraries read the number of their threads when they are loaded."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A child never hears Ctrl-C, which reaches the whole process group: the parent ends it.

    The parent hears it too, once it is out of here.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    resource_tracker.ensure_running()  # when it starts, it lifts what is blocked here
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which a child inherits
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
