"""What both levels learn from, derived from the rows that the rApp keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cadran.learn.ddpg import DdpgBatch
from cadran.learn.levels import draw_batches, frames_of
from cadran.learn.meta import LEVELS, Level
from cadran.problem.hierarchy import (
    HierarchicalProblem,
    Transitions,
    higher_transitions,
    lower_transitions,
)
from cadran.rapp.kept_rows import KeptRows


class Held(NamedTuple):
    """Transitions of one DU by level; which ones depends on the rows kept alone, not on how they came."""

    higher: Transitions
    lower: Transitions

    def of(self, level: Level) -> Transitions:
        """One level's."""
        return self.higher if level == "higher" else self.lower


class Experience:
    """Transitions of every DU, as of the last `refresh`.

    Args:
        problem: The decision problem; each DU's own rewards are taken from it.
        kept: The rows.
    """

    def __init__(self, problem: HierarchicalProblem, kept: KeptRows) -> None:
        self._kept = kept
        self._problems = [problem.of_du(du) for du in range(len(kept))]
        self._counts = [-1] * len(kept)
        self._held: list[Held | None] = [None] * len(kept)

    def refresh(self) -> None:
        """Take up the rows that are valid now."""
        for du, place in enumerate(self._kept.places):
            if place.count != self._counts[du]:
                self._counts[du] = place.count
                self._held[du] = self._derived(du)

    def _derived(self, du: int) -> Held:
        frames = frames_of(self._kept.rows(du))
        problem = self._problems[du]
        return Held(higher_transitions(problem, frames), lower_transitions(problem, frames))

    def held(self, du: int) -> Held:
        """Transitions of one DU."""
        found = self._held[du]
        if found is None:
            raise LookupError(f"DU {du}: refresh comes first")
        return found

    def sizes(self, du: int) -> dict[str, int]:
        """Transitions of one DU by level; none before the first `refresh`."""
        held = self._held[du]
        return {level: len(held.of(level)) if held else 0 for level in LEVELS}

    def tasks(self, least: int) -> list[int]:
        """DUs that have at least so many transitions at each level."""
        return [
            du
            for du, held in enumerate(self._held)
            if held is not None and min(len(held.higher), len(held.lower)) >= least
        ]

    def draw(
        self, rng: np.random.Generator, dus: Sequence[int], rows: Mapping[Level, int], batches: int
    ) -> dict[Level, list[DdpgBatch]]:
        """Batches of both levels that have no transition in common; see `learn.levels.draw_batches`.

        Args:
            rng: Source of the draw.
            dus: Tasks of the batches, in this order.
            rows: Rows per task and batch, by level.
            batches: How many of each level.
        """
        return {
            level: draw_batches(rng, [self.held(du).of(level) for du in dus], rows[level], batches)
            for level in LEVELS
        }
