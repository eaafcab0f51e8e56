"""Runs jobs on worker processes, the longest first, each when what it needs is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Generic

from cadran.lab.study.job import J, Perform
from cadran.lab.study.progress import Board
from cadran.lab.study.worker import Failed, Finished, Progressed, Worker, WorkerDied

ERRORS = "errors.log"
_TICK_S = 1.0


class StudyFailed(Exception):
    """A job could not be done; one line."""


def run_jobs(
    jobs: Sequence[J],
    perform: Perform[J],
    folder: Path,
    workers: int,
    done: Callable[[str], bool],
    board: Board,
    tick: Callable[[], None],
) -> None:
    """Do all jobs. Every result is kept as soon as it is there.

    A job that fails does not hold up the others: what can be done without it is done before the error.

    Args:
        jobs: What is to be done.
        perform: Does a job, in a worker's process.
        folder: Where results are kept.
        workers: Processes at most, at least 1.
        done: Whether the result of a key is there.
        board: Told how far the jobs are.
        tick: Called about every second.

    Raises:
        StudyFailed: A job raised an error, or its process died; which one was first, and how many.
        KeyboardInterrupt: Ctrl-C; no process is left.
    """
    crew = [Worker(perform, folder) for _ in range(min(workers, len(jobs)))]
    try:
        _Shift(crew, jobs, folder, done, board).work(tick)
    finally:
        for worker in crew:
            worker.end()


class _Shift(Generic[J]):
    """The crew at work on a list of jobs."""

    def __init__(
        self,
        crew: list[Worker[J]],
        jobs: Sequence[J],
        folder: Path,
        done: Callable[[str], bool],
        board: Board,
    ) -> None:
        self._crew = crew
        self._waiting = sorted(jobs, key=lambda job: -job.expected_s)
        self._errors = folder / ERRORS
        self._done = done
        self._board = board
        self._failures: list[str] = []

    def work(self, tick: Callable[[], None]) -> None:
        """Until nothing is left that could be done."""
        while True:
            self._hand_out()
            busy = [worker for worker in self._crew if worker.job is not None]
            if not busy:
                break
            spoke = wait([worker.connection for worker in busy], _TICK_S)
            for worker in busy:
                if worker.connection in spoke:
                    self._hear(worker)
            tick()
        if self._failures:
            more = len(self._failures) - 1
            raise StudyFailed(self._failures[0] + (f" (and {more} more failed)" if more else ""))

    def _hand_out(self) -> None:
        """Give idle workers the longest jobs that can be begun."""
        for worker in self._crew:
            if worker.job is not None:
                continue
            ready = next((job for job in self._waiting if self._ready(job)), None)
            if ready is None:
                return
            self._waiting.remove(ready)
            self._board.begun(ready)
            worker.begin(ready)

    def _ready(self, job: J) -> bool:
        return all(map(self._done, job.needs))

    def _hear(self, worker: Worker[J]) -> None:
        job = worker.job
        assert job is not None
        try:
            message = worker.hear()
        except WorkerDied as death:
            self._crew.remove(worker)
            worker.end()
            self._fail(job, str(death))
            return
        match message:
            case Progressed(part):
                self._board.progressed(job, part)
            case Finished():
                self._board.finished(job)
            case Failed(line, trace):
                with self._errors.open("a", encoding="utf-8") as file:
                    file.write(f"{job.label}\n{trace}\n")
                self._fail(job, f"{line}; more in {self._errors}")

    def _fail(self, job: J, line: str) -> None:
        self._board.dropped(job)
        self._failures.append(f"{job.label}: {line}")
        self._board.say(f"failed: {self._failures[-1]}")
