"""Runs jobs with a crew, the longest first, each when what it needs is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic

from cadran.lab.study.engine import Crew, Engine, Failed, Finished, Lost, Message, Progressed
from cadran.lab.study.job import J, Job, Perform
from cadran.lab.study.progress import Board

ERRORS = "errors.log"
_TICK_S = 1.0


class StudyFailed(Exception):
    """A job could not be done; one line."""


def run_jobs(
    jobs: Sequence[J],
    perform: Perform[J],
    folder: Path,
    engine: Engine,
    done: Callable[[str], bool],
    board: Board,
    tick: Callable[[], None],
) -> None:
    """Do all jobs. Every result is kept as soon as it is there.

    A job that fails does not hold up the others: what can be done without it is done before the error.

    Args:
        jobs: What is to be done.
        perform: Does a job.
        folder: Where results are kept.
        engine: Where jobs are done.
        done: Whether the result of a key is there.
        board: Told how far the jobs are.
        tick: Called about every second.

    Raises:
        ConfigError: The engine cannot be used.
        StudyFailed: A job raised an error, or who did it was lost as often as the crew bears; which one was
            first, and how many.
        KeyboardInterrupt: Ctrl-C; no process is left.
    """
    crew = engine.crew(perform, folder, len(jobs))
    try:
        _Shift(crew, jobs, folder, done, board).work(tick)
    finally:
        crew.end()


class _Shift(Generic[J]):
    """The crew at work on a list of jobs."""

    def __init__(
        self,
        crew: Crew[J],
        jobs: Sequence[J],
        folder: Path,
        done: Callable[[str], bool],
        board: Board,
    ) -> None:
        self._crew = crew
        self._waiting = sorted(jobs, key=_longest_first)
        self._running = 0
        self._begun = Counter[int]()
        self._errors = folder / ERRORS
        self._done = done
        self._board = board
        self._failures: list[str] = []

    def work(self, tick: Callable[[], None]) -> None:
        """Until nothing is left that could be done."""
        while True:
            self._hand_out()
            if not self._running:
                break
            for job, message in self._crew.hear(_TICK_S):
                self._take(job, message)
            tick()
        if self._failures:
            more = len(self._failures) - 1
            raise StudyFailed(self._failures[0] + (f" (and {more} more failed)" if more else ""))

    def _hand_out(self) -> None:
        """Begin the longest jobs that can be begun."""
        while self._crew.free():
            ready = next((job for job in self._waiting if self._ready(job)), None)
            if ready is None:
                return
            self._waiting.remove(ready)
            self._running += 1
            self._begun[id(ready)] += 1
            self._board.begun(ready)
            self._crew.begin(ready)

    def _ready(self, job: J) -> bool:
        return all(map(self._done, job.needs))

    def _take(self, job: J, message: Message) -> None:
        match message:
            case Progressed(part):
                self._board.progressed(job, part)
                return
            case Finished():
                self._board.finished(job)
            case Failed(line, trace):
                with self._errors.open("a", encoding="utf-8") as file:
                    file.write(f"{job.label}\n{trace}\n")
                self._fail(job, f"{line}; more in {self._errors}")
            case Lost(line):
                self._lose(job, line)
        self._running -= 1

    def _lose(self, job: J, line: str) -> None:
        """Try a job again whose worker was lost, unless that happened too often."""
        begun, most = self._begun[id(job)], self._crew.attempts
        if begun >= most:
            self._fail(job, line if most == 1 else f"{line}; given up after {most} attempts")
            return
        self._board.dropped(job)
        self._board.say(f"lost: {job.label}: {line}; attempt {begun + 1} of {most} follows")
        self._waiting = sorted([*self._waiting, job], key=_longest_first)

    def _fail(self, job: J, line: str) -> None:
        self._board.dropped(job)
        self._failures.append(f"{job.label}: {line}")
        self._board.say(f"failed: {self._failures[-1]}")


def _longest_first(job: Job) -> float:
    return -job.expected_s
