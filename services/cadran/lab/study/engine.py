"""The seam between what is to be done and where: an engine maps jobs to results in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

from cadran.lab.study.job import J, Perform, Report

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
"""What processes that do jobs have in their environment, whatever the engine: sums then have one order."""
_REPORT_EVERY_S = 0.5


@dataclass(frozen=True)
class Progressed:
    """Which part of the job is done, in [0, 1]."""

    part: float


@dataclass(frozen=True)
class Finished:
    """The job is done, its results are kept in the study's folder."""


@dataclass(frozen=True)
class Failed:
    """The job raised an error; results that it had made before are kept.

    Attributes:
        line: What happened, in one line.
        trace: Where.
    """

    line: str
    trace: str


@dataclass(frozen=True)
class Lost:
    """Who did the job is gone; the line says how."""

    line: str


Message = Progressed | Finished | Failed | Lost


class Crew(Protocol[J]):
    """Does jobs, several at a time. Any message but `Progressed` is the last one of its job."""

    @property
    def attempts(self) -> int:
        """How often a job is begun at most when who does it is lost, at least 1."""

    def free(self) -> bool:
        """Whether one more job can be begun."""

    def begin(self, job: J) -> None:
        """Begin a job; only when one more can be begun."""

    def hear(self, timeout_s: float) -> list[tuple[J, Message]]:
        """What there is to hear of jobs; waits for something to hear, but not longer than this [s]."""

    def end(self) -> None:
        """End, whatever is being done; no process is left."""


class Engine(Protocol):
    """Where jobs are done."""

    @property
    def about(self) -> str:
        """Where they were done, for the record of a study that ends."""

    def crew(self, perform: Perform[J], folder: Path, jobs: int) -> Crew[J]:
        """Assemble who does the jobs.

        Args:
            perform: Does a job; a function of a module.
            folder: Where results are kept.
            jobs: How many there are.

        Raises:
            ConfigError: The engine cannot be used as it was ordered.
        """


def failure(error: Exception, trace: str) -> Failed:
    """An error that a job raised, as a message."""
    return Failed(f"{type(error).__name__}: {' '.join(str(error).split())}", trace)


def now_and_then(report: Report, time_s: Callable[[], float] = monotonic) -> Report:
    """Pass on what is reported, but not more often than twice a second."""
    last_s = -_REPORT_EVERY_S

    def throttled(part: float) -> None:
        nonlocal last_s
        now_s = time_s()
        if now_s - last_s >= _REPORT_EVERY_S:
            last_s = now_s
            report(part)

    return throttled
