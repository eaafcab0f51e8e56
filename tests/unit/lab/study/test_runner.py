"""Whatever mishaps a crew has, in whatever order it works: each job is done once, or said to have failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.study.engine import Crew, Failed, Finished, Lost, Message, Progressed
from cadran.lab.study.job import J, Perform, Report
from cadran.lab.study.progress import Board
from cadran.lab.study.runner import StudyFailed, run_jobs

ATTEMPTS = 3


@dataclass(frozen=True)
class Made:
    """A job with one result; `mishaps` happen one after the other before it succeeds, if it does."""

    name: str
    needs: frozenset[str]
    mishaps: tuple[str, ...]
    expected_s: float

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def label(self) -> str:
        return self.name

    def without(self, done: object) -> Made:
        return self


@dataclass
class FakeCrew:
    """Does up to ``width`` jobs in an order that the seed decides."""

    rng: np.random.Generator
    width: int
    done: set[str] = field(default_factory=set)
    begun: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    attempts: int = ATTEMPTS
    running: list[Made] = field(default_factory=list)

    def free(self) -> bool:
        return len(self.running) < self.width

    def begin(self, job: Made) -> None:
        assert self.free()
        assert job.needs <= self.done, "begun before what it needs was there"
        assert job.name not in self.done, "begun although it is done"
        self.begun[job.name] += 1
        self.running.append(job)

    def hear(self, timeout_s: float) -> list[tuple[Made, Message]]:
        assert self.running, "nothing to hear"
        job = self.running[int(self.rng.integers(len(self.running)))]
        if self.rng.random() < 0.3:
            return [(job, Progressed(0.5))]
        self.running.remove(job)
        return [(job, self._message(job))]

    def end(self) -> None:
        self.ended += 1

    def _message(self, job: Made) -> Message:
        past = self.begun[job.name] - 1
        mishap = job.mishaps[past] if past < len(job.mishaps) else None
        if mishap == "lost":
            return Lost("gone")
        if mishap == "failed":
            return Failed("ValueError: no", "trace")
        self.done.add(job.name)
        return Finished()


@dataclass(frozen=True)
class FakeEngine:
    """Has one crew."""

    one: FakeCrew
    about: str = "made up"

    def crew(self, perform: Perform[J], folder: Path, jobs: int) -> Crew[J]:
        return self.one  # type: ignore[return-value]


class Nothing:
    def state(self, share: float, line: str) -> None:
        assert 0.0 <= share <= 1.0

    def say(self, text: str) -> None:
        pass


def never(job: Made, folder: Path, report: Report) -> None:
    raise AssertionError


def succeeds(job: Made) -> bool:
    """Lost less often than the crew bears, and never failed before that."""
    mishaps = job.mishaps[:ATTEMPTS]
    return "failed" not in mishaps and len(mishaps) < ATTEMPTS


def possible(jobs: list[Made]) -> set[str]:
    """Names of the jobs that succeed with all that they need; needs point backwards."""
    found: set[str] = set()
    for job in jobs:
        if succeeds(job) and job.needs <= found:
            found.add(job.name)
    return found


@st.composite
def job_lists(draw: st.DrawFn) -> list[Made]:
    count = draw(st.integers(1, 8))
    mishaps: st.SearchStrategy[list[str]] = st.lists(
        st.sampled_from(["lost", "failed"]), max_size=4
    ) | st.just([])
    return [
        Made(
            f"job-{at}",
            frozenset(
                f"job-{need}" for need in draw(st.sets(st.integers(0, at - 1)) if at else st.just(set()))
            ),
            tuple(draw(mishaps)),
            float(draw(st.integers(1, 5))),
        )
        for at in range(count)
    ]


@given(job_lists(), st.integers(1, 4), st.integers(0, 2**32))
def test_what_can_be_done_is_done_once_and_the_rest_is_named(jobs: list[Made], width: int, seed: int) -> None:
    crew = FakeCrew(np.random.default_rng(seed), width)
    board = Board(jobs, 0, Nothing())
    can = possible(jobs)
    failing = {job.name for job in jobs if not succeeds(job) and job.needs <= can}

    def run() -> None:
        with TemporaryDirectory() as folder:
            run_jobs(jobs, never, Path(folder), FakeEngine(crew), crew.done.__contains__, board, board.tick)

    if failing:
        with pytest.raises(StudyFailed) as error:
            run()
        assert str(error.value).partition(":")[0] in failing
    else:
        run()
        assert board.share == pytest.approx(1.0)
    assert crew.done == can
    assert crew.ended == 1
    expected: Mapping[str, int] = {job.name: _begins(job) for job in jobs if job.name in can | failing}
    assert crew.begun == expected


def _begins(job: Made) -> int:
    """As often as it was lost, and once more, up to the crew's patience."""
    lost = next((at for at, mishap in enumerate(job.mishaps) if mishap != "lost"), len(job.mishaps))
    return min(ATTEMPTS, lost + 1)
