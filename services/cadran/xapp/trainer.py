"""The learner's work, synchronously and without a thread: what is due is done, in an order that repeats.

Given the same rows, the same limits and the same seed, a trainer makes the same updates from the same batches
as a plain loop around ``learn.Learner`` would: the decisions are those of ``learn.TrainingSchedule``, the
batches those of ``replay.Mirror`` with ``learn.batch_sampler(seed)``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.learn import Batch, DivergedError, Learner, TrainingSchedule, UpdateMetrics
from cadran.replay import Identity, Mirror
from cadran.xapp.checkpoints import Checkpoint

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Burst:
    """What one call of :meth:`Trainer.run` did.

    Attributes:
        updates: Updates made.
        publish: True if the schedule asks for a publication after one of them.
        more: True if there is more to do at once: updates due, or rows that a checkpoint had not seen.
    """

    updates: int
    publish: bool
    more: bool


class Trainer:
    """Owns learner, mirror and sampler; one thread at a time.

    Args:
        learner: Networks and optimisers.
        schedule: What is due.
        mirror: Local copy of the experience.
        rng: From ``learn.batch_sampler``.
        batch_size: Transitions per DU and update.
        reward: Reward of transitions by their KPIs, ``[N, B, K] -> [N, B]``: the xApp's own view of what is
            good, not the dApp's.
        loss_limit: A loss beyond this magnitude counts as diverged.
        observe: Called with the metrics of each update and the seconds it took.
    """

    def __init__(
        self,
        learner: Learner,
        schedule: TrainingSchedule,
        mirror: Mirror,
        rng: np.random.Generator,
        batch_size: int,
        reward: Callable[[Float32], Float32],
        loss_limit: float,
        observe: Callable[[UpdateMetrics, float], None],
    ) -> None:
        self._learner = learner
        self._schedule = schedule
        self._mirror = mirror
        self._rng = rng
        self._batch_size = batch_size
        self._reward = reward
        self._loss_limit = loss_limit
        self._observe = observe
        self._restored: tuple[int, ...] | None = None  # cursor of a checkpoint that is still to be reached

    @property
    def updates(self) -> int:
        """Updates made so far."""
        return self._learner.updates

    def run(self, upto: Sequence[int] | None, most: int, *, stop_to_publish: bool) -> Burst:
        """Make the updates that are due.

        Args:
            upto: Per DU, rows that may be seen; None for all that the store holds. After :meth:`restore`,
                None means the checkpoint's rows until what is due for these is done.
            most: Updates to make at most now.
            stop_to_publish: True ends the burst at the first update after which a publication is due.

        Raises:
            DivergedError: A loss is not finite or beyond the limit; the learner must be restored.
            ReplayUnavailable: The store does not answer; nothing was done, and the call may be repeated.
        """
        limits = self._restored if upto is None else upto
        self._mirror.refresh(limits)
        rows = min(upto) if upto is not None else min(self._mirror.counts)
        due = self._schedule.updates_due(rows, self.updates) if min(self._mirror.samplable) else 0
        made, publish = 0, False
        while made < min(due, most) and not (publish and stop_to_publish):
            self._update()
            made += 1
            publish = self._schedule.publish_due(self.updates) or publish
        more = made < due
        if upto is not None:
            self._restored = None
        elif self._restored is not None and not more:
            self._restored, more = None, True  # from here on, with the rows that came since
        return Burst(made, publish, more)

    def _update(self) -> None:
        started = time.perf_counter()
        batch = self._mirror.sample(self._rng, self._batch_size)
        metrics = self._learner.update(
            Batch(
                observation=batch.observation,
                action=batch.action,
                reward=self._reward(batch.kpis),
                next_observation=batch.next_observation,
                discount=batch.discount_mask,
            )
        )
        self._check(metrics)
        self._observe(metrics, time.perf_counter() - started)

    def _check(self, metrics: UpdateMetrics) -> None:
        worst = max(abs(metrics.critic_loss), *np.abs(metrics.actor_loss).tolist())
        if not (math.isfinite(worst) and worst <= self._loss_limit):
            raise DivergedError(f"a loss of {worst:.3g} is beyond the limit of {self._loss_limit:.3g}")

    def artefacts(
        self, version: int, problem: Mapping[str, str], effective_frame: int, created_unix_s: float
    ) -> list[bytes]:
        """The policies of all DUs, as they are now.

        Args:
            version: Version that they get.
            problem: Names of observation, action and reward.
            effective_frame: First frame that they may decide; 0 for at once.
            created_unix_s: Wall clock.
        """
        return [
            self._learner.artifact(
                agent,
                version=version,
                created_unix_s=created_unix_s,
                problem=problem,
                effective_frame=effective_frame,
            )
            for agent in range(self._learner.shape.agents)
        ]

    def checkpoint(self, policy_version: int, created_unix_s: float) -> Checkpoint:
        """Everything that :meth:`restore` needs, as of now."""
        return Checkpoint(
            updates=self.updates,
            policy_version=policy_version,
            cursor=self._mirror.counts if self._restored is None else self._restored,
            sampler_state=self._rng.bit_generator.state,
            learner=self._learner.state_bytes(),
            created_unix_s=created_unix_s,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back, or on, to a checkpoint.

        Raises:
            learn.CheckpointError: The state belongs to another learner.
        """
        self._learner.load_state(checkpoint.learner)
        self._rng.bit_generator.state = dict(checkpoint.sampler_state)
        self._restored = checkpoint.cursor

    def unseen(self, counts: Sequence[int]) -> list[list[Identity]]:
        """Per DU, identities of the rows at rest that a restored learner has not seen yet.

        Nothing is unseen by a learner that was not restored: it begins with whatever is at rest.

        Args:
            counts: Per DU, rows at rest.

        Raises:
            ReplayUnavailable: The store does not answer.
        """
        if self._restored is None:
            return [[] for _ in self._mirror.counts]
        return self._mirror.unread(self._restored, counts)
