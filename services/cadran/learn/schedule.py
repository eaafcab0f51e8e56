"""When to update, when to publish, and how large the SAM radius is: pure functions of counters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cadran.learn.spec import LearnerSpec, RhoSpec


@dataclass(frozen=True)
class TrainingSchedule:
    """Ties updates to experience, so that lab and services train alike.

    Attributes:
        warmup_transitions: transitions per DU before the first update.
        updates_per_frame: updates per further transition per DU.
        publish_every_updates: updates between two publications.
    """

    warmup_transitions: int
    updates_per_frame: float
    publish_every_updates: int

    @classmethod
    def of(cls, spec: LearnerSpec) -> TrainingSchedule:
        """The schedule that a specification asks for."""
        return cls(spec.warmup_transitions, spec.updates_per_frame, spec.publish_every_updates)

    def updates_due(self, transitions_per_du_min: int, updates_done: int) -> int:
        """How many updates to make now.

        Args:
            transitions_per_du_min: transitions ever stored for the DU that has fewest.
            updates_done: updates made so far.

        Returns:
            floor((transitions - warm-up + 1) * updates_per_frame) - updates_done, at least 0; the transition
            that ends the warm-up is the first to count.
        """
        counted = transitions_per_du_min - self.warmup_transitions + 1
        if counted <= 0:
            return 0
        return max(0, math.floor(counted * self.updates_per_frame) - updates_done)

    def publish_due(self, updates_done: int) -> bool:
        """Whether the actors are to be published after this many updates."""
        return updates_done > 0 and updates_done % self.publish_every_updates == 0


def rho_at(rho: RhoSpec, decay_updates: int, updates: int) -> float:
    """SAM radius, linear from start to final (arXiv 2511.15002 Section VI.B).

    Args:
        rho: both ends.
        decay_updates: updates from one to the other, >= 1.
        updates: updates made so far, >= 0.

    Returns:
        final + (start - final) * (1 - updates / decay_updates), and final from there on.
    """
    left = max(0.0, 1.0 - updates / decay_updates)
    return rho.final + (rho.start - rho.final) * left
