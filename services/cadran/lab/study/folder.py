"""A folder of results: one command at a time works in it, computes what is missing, and reports."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cadran.lab.report import Report, Section, render, write_tables
from cadran.lab.study.engine import Engine
from cadran.lab.study.job import J, Perform
from cadran.lab.study.progress import Board, display
from cadran.lab.study.runner import run_jobs
from cadran.lab.study.session import Session, recorded
from cadran.runtime import ConfigError, atomic_write

SESSIONS = "sessions"


@dataclass(frozen=True)
class Answer:
    """What came of it: the sections, the page that shows them, and their tables as files."""

    sections: tuple[Section, ...]
    page: Path
    tables: tuple[Path, ...]


@contextmanager
def working_in(folder: Path) -> Iterator[Session]:
    """Nobody else runs studies in this folder meanwhile; the session's record says how it ended.

    Raises:
        ConfigError: The folder cannot be made, or another command works in it.
    """
    with _alone_in(folder), recorded(folder / SESSIONS) as session:
        yield session


def compute(
    jobs: Sequence[J],
    perform: Perform[J],
    folder: Path,
    engine: Engine,
    done: Callable[[str], bool],
    session: Session,
) -> None:
    """Do what is missing of the jobs, and show how far it is.

    Args:
        jobs: All that the studies need, done or not.
        perform: Does a job.
        folder: Where results are kept.
        engine: Where they are done.
        done: Whether the result of a key is there.
        session: Told how many results there are.

    Raises:
        ConfigError: The engine cannot be used.
        StudyFailed: A job failed; what was computed is kept.
        KeyboardInterrupt: Ctrl-C; what was computed is kept.
    """
    left = [rest for job in jobs if (rest := job.without(done)) is not None]
    if not left:
        return
    there = sum(len(job.keys) for job in jobs) - sum(len(job.keys) for job in left)
    with display() as show:
        board = Board(left, there, show)

        def tick() -> None:
            board.tick()
            session.beat(board.results - there)

        run_jobs(left, perform, folder, engine, done, board, tick)


def publish(
    folder: Path, title: str, facts: Mapping[str, str], sections: Sequence[Section], record: Mapping[str, Any]
) -> Answer:
    """Write tables, page and record, each file at once or not at all.

    Args:
        folder: Of the studies.
        title: Of the page.
        facts: How it came about, for the page.
        sections: In the order to be read.
        record: The facts for programs, as plain data.
    """
    tables = write_tables(folder / "tables", sections)
    page = folder / "report.html"
    atomic_write(page, render(Report(title, facts, tuple(sections))).encode())
    atomic_write(folder / "manifest.json", (json.dumps(record, indent=1) + "\n").encode())
    return Answer(tuple(sections), page, tables)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else runs studies in this folder meanwhile; a killed process holds nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise ConfigError(f"--out {folder}: cannot be made: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(f"--out {folder}: another study runs in this folder") from error
        yield
