"""A log of updates that stays short however many there are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.learn import UpdateMetrics

ROWS = 500
"""Rows at most: enough for any plot."""


class UpdateLog:
    """Means over windows of updates of one run.

    Args:
        updates: how many there will be, at least 0.
    """

    def __init__(self, updates: int) -> None:
        self._window = max(1, -(-updates // ROWS))
        self._open: list[UpdateMetrics] = []
        self._rows: list[dict[str, NDArray[Any]]] = []

    def add(self, metrics: UpdateMetrics) -> None:
        """Take in one update."""
        self._open.append(metrics)
        if len(self._open) == self._window:
            self._close()

    def columns(self) -> dict[str, NDArray[Any]]:
        """``updates`` [L], the last one of each window, and the mean of every other number, ``[L, ...]``."""
        if self._open:
            self._close()
        if not self._rows:
            return {}
        return {name: np.stack([row[name] for row in self._rows]) for name in self._rows[0]}

    def _close(self) -> None:
        names = [field.name for field in fields(UpdateMetrics) if field.name != "updates"]
        row: dict[str, NDArray[Any]] = {
            name: np.asarray(
                np.mean([getattr(metrics, name) for metrics in self._open], axis=0, dtype=np.float64)
            )
            for name in (*names, "sam_on")
        }
        row["updates"] = np.asarray(self._open[-1].updates, dtype=np.int64)
        self._rows.append(row)
        self._open = []
