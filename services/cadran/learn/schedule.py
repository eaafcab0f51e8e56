"""When to update, when to publish, and how large the SAM radius is: pure functions of counters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadran.learn.spec import LearnerSpec, RhoSpec
from cadran.replay import RateLimiter


@dataclass(frozen=True)
class TrainingSchedule:
    """Ties updates to experience, so that lab and services train alike.

    Attributes:
        limiter: Updates per transition; one sample is one batch of every DU, one insert one row of every DU.
        publish_every_updates: updates between two publications.
    """

    limiter: RateLimiter
    publish_every_updates: int

    @classmethod
    def of(cls, spec: LearnerSpec) -> TrainingSchedule:
        """The schedule that a specification asks for."""
        return cls(RateLimiter(spec.updates_per_frame, spec.warmup_transitions), spec.publish_every_updates)

    def updates_due(self, transitions_per_du_min: int, updates_done: int) -> int:
        """How many updates to make now: as many as the limiter allows.

        Args:
            transitions_per_du_min: transitions ever stored for the DU that has fewest.
            updates_done: updates made so far.
        """
        return self.limiter.allowed(transitions_per_du_min, updates_done)

    def publish_due(self, updates_done: int) -> bool:
        """Whether the actors are to be published after this many updates."""
        return updates_done > 0 and updates_done % self.publish_every_updates == 0


def batch_sampler(seed: int) -> np.random.Generator:
    """The generator that draws the learner's batches: a stream of its own beside the learner's."""
    return np.random.default_rng([seed, 1])


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
