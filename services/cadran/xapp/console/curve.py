"""A curve over the whole life of a service in bounded memory: the longer it gets, the coarser its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """Means over some observations.

    Attributes:
        time_s: Unix time of the last of them.
        values: One mean for each line of the curve.
    """

    time_s: float
    values: tuple[float, ...]


class Curve:
    """Means over equally many observations each; when there are too many points, neighbours become one.

    Args:
        limit: Points kept at most, even.
    """

    def __init__(self, limit: int) -> None:
        if limit < 2 or limit % 2:
            raise ValueError(f"limit: {limit} points, must be even and at least 2")
        self._limit = limit
        self._span = 1
        self._open: list[Point] = []
        self._points: list[Point] = []

    @property
    def points(self) -> tuple[Point, ...]:
        """Complete points, oldest first."""
        return tuple(self._points)

    def add(self, time_s: float, values: Sequence[float]) -> None:
        """Take one observation; always as many values."""
        self._open.append(Point(time_s, tuple(values)))
        if len(self._open) < self._span:
            return
        self._points.append(_mean(self._open))
        self._open = []
        if len(self._points) == self._limit:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [_mean(pair) for pair in pairs]
            self._span *= 2


def _mean(points: Sequence[Point]) -> Point:
    columns = zip(*(point.values for point in points), strict=True)
    return Point(points[-1].time_s, tuple(sum(column) / len(points) for column in columns))
