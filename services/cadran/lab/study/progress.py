"""How far a study is: a bar on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cadran.lab.study.job import Job
from cadran.runtime.durations import clock

LINE_EVERY_S = 30.0


class Board:
    """Knows what is done of a study.

    Args:
        jobs: All that is still to be done.
        there: Results that are there already.
        show: Told the state of things at every tick.
        time_s: Monotonic time [s].

    Attributes:
        results: Results that are there now.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        there: int,
        show: Show,
        time_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._left = {id(job): job for job in jobs}
        self._parts: dict[int, float] = {}
        self.results = there
        self._all_results = there + sum(len(job.keys) for job in jobs)
        self._work_s = sum(job.expected_s for job in jobs)
        self._show = show
        self._time_s = time_s
        self._started_s = time_s()

    def begun(self, job: Job) -> None:
        """A worker has begun a job."""
        self._parts[id(job)] = 0.0

    def progressed(self, job: Job, part: float) -> None:
        """This part of a job is done, in [0, 1]."""
        self._parts[id(job)] = part

    def finished(self, job: Job) -> None:
        """A job is done."""
        self.dropped(job)
        del self._left[id(job)]
        self.results += len(job.keys)

    def dropped(self, job: Job) -> None:
        """A job failed: nobody does it any more."""
        self._parts.pop(id(job), None)

    def say(self, text: str) -> None:
        """A line of its own."""
        self._show.say(text)

    def tick(self) -> None:
        """Show the present state."""
        self._show.state(self.share, self.line())

    @property
    def share(self) -> float:
        """Share of the work of this session that is done, in [0, 1]."""
        return 1.0 - self._remaining_s() / self._work_s if self._work_s > 0 else 1.0

    @property
    def elapsed_s(self) -> float:
        """Since the session began [s]."""
        return self._time_s() - self._started_s

    def line(self) -> str:
        """The state of things in one line of plain text."""
        parts = [
            f"{self.results}/{self._all_results} results",
            f"{100 * self.share:.0f} %",
            f"{clock(self.elapsed_s)} elapsed",
        ]
        left_s = self._left_s()
        if left_s is not None:
            parts.append(f"about {clock(round(left_s))} left")
        running = [self._left[number] for number in self._parts]
        if running:
            shown = [f"{job.label} {100 * self._parts[id(job)]:.0f} %" for job in running]
            parts.append("now " + "; ".join(shown))
        return ", ".join(parts)

    def _remaining_s(self) -> float:
        return sum(
            job.expected_s * (1.0 - self._parts.get(number, 0.0)) for number, job in self._left.items()
        )

    def _left_s(self) -> float | None:
        """Time left at the pace so far; None before there is a pace."""
        if self.share <= 0.0:
            return None
        return self.elapsed_s * (1.0 - self.share) / self.share


class Show(Protocol):
    """Where progress is seen."""

    def state(self, share: float, line: str) -> None:
        """The present state."""

    def say(self, text: str) -> None:
        """A line of its own."""


class Lines:
    """Plain lines on standard error, the state not more often than every half minute."""

    def __init__(self, time_s: Callable[[], float] = time.monotonic) -> None:
        self._time_s = time_s
        self._next_s = time_s() + LINE_EVERY_S / 3

    def state(self, share: float, line: str) -> None:
        """Written if it is time for it."""
        if self._time_s() >= self._next_s:
            self._next_s = self._time_s() + LINE_EVERY_S
            self.say(line)

    def say(self, text: str) -> None:
        """Written at once."""
        sys.stderr.write(f"  {text}\n")
        sys.stderr.flush()


class Bar:
    """A bar and a line under it, for a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0, line="starting")

    def state(self, share: float, line: str) -> None:
        """Moves the bar."""
        self._progress.update(self._task, completed=share, line=line)

    def say(self, text: str) -> None:
        """Written above the bar."""
        self._progress.console.print(text, markup=False, highlight=False)


@contextmanager
def display() -> Iterator[Show]:
    """A bar where standard error is a terminal, else lines."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.fields[line]}", markup=False))
    with Progress(*columns, console=console, refresh_per_second=2) as progress:
        yield Bar(progress)
