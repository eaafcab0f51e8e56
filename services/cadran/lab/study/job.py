"""A job: what one worker does at once, and what must be there before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self, TypeVar

Report = Callable[[float], None]
"""Told which part of a job is done, in [0, 1]."""


class Job(Protocol):
    """Says what it is; who performs it is the study's choice. It travels to a worker's process by pickle."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Of its results."""

    @property
    def needs(self) -> frozenset[str]:
        """Keys of the results that must be there before it can be begun."""

    @property
    def label(self) -> str:
        """For people: what it does."""

    @property
    def expected_s(self) -> float:
        """Roughly how long it takes on one core [s]."""

    def without(self, done: Callable[[str], bool]) -> Self | None:
        """What is left of it, by which keys are done; None if nothing is."""


J = TypeVar("J", bound=Job)

Perform = Callable[[J, Path, Report], None]
"""Does a job and keeps its results in a folder; a function of a module, so that a process can import it."""
