"""When to update, when to publish, and how large the SAM radius is: pure functions of counters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cadran.learn.spec import LearnerSpec, RhoSpec, SamSpec
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


def rho_at(rho: RhoSpec, sam: SamSpec, updates: int) -> float:
    """SAM radius on its way from start to final (arXiv 2511.15002 Section VI.B fixes the ends).

    Args:
        rho: both ends.
        sam: the shape of the way, and the updates that it takes.
        updates: updates made so far, >= 0.

    Returns:
        final + (start - final) w, with x = min(1, updates / decay_updates) and w = 1 - x (linear) or
        (1 + cos(pi x)) / 2 (cosine); or start^(1-x) final^x (exponential); or twice as fast, and from x = 1/2
        once more (sawtooth).
    """
    way = min(1.0, updates / sam.decay_updates)
    if sam.schedule == "sawtooth":
        way = 2.0 * way if way < 0.5 else 2.0 * way - 1.0
    if sam.schedule == "exponential" and rho.active:
        return math.exp((1.0 - way) * math.log(rho.start) + way * math.log(rho.final))
    left = 0.5 * (1.0 + math.cos(math.pi * way)) if sam.schedule == "cosine" else 1.0 - way
    return rho.final + (rho.start - rho.final) * left
