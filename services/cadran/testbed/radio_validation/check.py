"""What a validation consists of: checks, figures, and themes that hold them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Verdict(StrEnum):
    """Checks pass or fail. Comparisons with the field agree or differ, and a difference is no failure."""

    passed = "pass"
    failed = "fail"
    agrees = "agrees"
    differs = "differs"


class Bound(StrEnum):
    """What a value has to be."""

    within = "within"
    at_most = "at most"
    at_least = "at least"


@dataclass(frozen=True)
class Check:
    """One value of the simulator beside what it should be.

    Attributes:
        name: what is measured.
        value: found in the simulator.
        expected: by theory, table, or measurement.
        tolerance: how far the value may lie from it, >= 0, in the same unit.
        unit: of all three; empty for plain numbers.
        source: where ``expected`` comes from.
        bound: within the tolerance on both sides, or on one.
        comparison: with measurements of a network that the simulator does not model: informs only.
    """

    name: str
    value: float
    expected: float
    tolerance: float
    unit: str
    source: str
    bound: Bound = Bound.within
    comparison: bool = False

    @property
    def verdict(self) -> Verdict:
        """A value that is not finite never holds."""
        if self.comparison:
            return Verdict.agrees if self._holds() else Verdict.differs
        return Verdict.passed if self._holds() else Verdict.failed

    @property
    def deviation(self) -> float | None:
        """Value less expected over the tolerance: within -1 … 1 it holds on both sides; None without one."""
        if self.tolerance == 0 or not isfinite(self.value):
            return None
        return (self.value - self.expected) / self.tolerance

    def _holds(self) -> bool:
        difference = self.value - self.expected
        if self.bound is Bound.at_most:
            return difference <= self.tolerance
        if self.bound is Bound.at_least:
            return difference >= -self.tolerance
        return abs(difference) <= self.tolerance


@dataclass(frozen=True)
class Figure:
    """A figure of the report.

    Attributes:
        file: name of its PNG file.
        caption: what it shows.
        draw: draws it on an empty canvas.
        panels: how many axes stand side by side: sets the width.
    """

    file: str
    caption: str
    draw: Callable[[Canvas], None]
    panels: int = 1


@dataclass(frozen=True)
class Theme:
    """A chapter of the report.

    Attributes:
        title: what is validated.
        text: how, in a few sentences.
        checks: may be empty, if ``text`` says why.
        figures: may be empty.
    """

    title: str
    text: str
    checks: Sequence[Check] = ()
    figures: Sequence[Figure] = ()


def checks_of(
    rows: Sequence[tuple[str, float, float]], tolerance: float, unit: str, source: str
) -> list[Check]:
    """Checks of (name, value, expected) that share the rest."""
    return [Check(name, value, expected, tolerance, unit, source) for name, value, expected in rows]
