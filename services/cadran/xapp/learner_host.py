"""The learner as a tenant of the xApp: its own thread, its checkpoints, its publications, its fuse.

All of the trainer's work runs on one thread of its own, lowered in priority, one burst of updates at a
time; between bursts the event loop decides what comes next. In free running the learner does what is due as
rows arrive. In lock-step it does exactly what a complete frame makes due, and the frame is acknowledged
after that.

When learning diverges, the learner goes back to the newest checkpoint, its policies go out as a new version
(a diverged one may be in the field), an alert stands, and no update is made until somebody calls ``resume``.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import torch

from cadran.learn import DivergedError
from cadran.policy import PolicyError
from cadran.replay import Identity, ReplayUnavailable
from cadran.runtime.retry import RetrySpec
from cadran.runtime.worker import Worker
from cadran.xapp.checkpoints import Checkpoint, CheckpointStore
from cadran.xapp.frame_gate import CompleteFrame
from cadran.xapp.trainer import Burst

T = TypeVar("T")

_BURST_UPDATES = 16
"""Updates between two looks at the rest of the world: short beside every period in the settings."""
_IDLE_S = 0.01
"""Wait when nothing is due: one frame."""
_CHECKPOINTS, _POLICIES = "checkpoints", "policies"


@dataclass(frozen=True)
class Publication:
    """New policies.

    Attributes:
        version: Version of each of them.
        artefacts: One for each DU that has a new one, which the artefact names.
        effective: (epoch, frame) from which they may decide; None for at once.
    """

    version: int
    artefacts: tuple[bytes, ...]
    effective: Identity | None


@dataclass(frozen=True)
class HostSpec:
    """Choices of the host; times in seconds.

    Attributes:
        problem: Names of observation, action and reward, written into each artefact.
        checkpoint_period_s: Time between checkpoints.
        nice: Niceness added to the learner's thread.
        thread_switch_s: Switch interval of the interpreter while the host lives.
        push_delay_frames: Lock-step: a policy computed from frame f acts from f + 1 + this.
        retry: Waits while the replay store is away or the disk refuses.
    """

    problem: Mapping[str, str]
    checkpoint_period_s: float
    nice: int
    thread_switch_s: float
    push_delay_frames: int
    retry: RetrySpec


class Training(Protocol):
    """The work of a host: `trainer.Trainer`, or another that is called as it is."""

    @property
    def updates(self) -> int:
        """Updates made so far."""

    def run(self, upto: Sequence[int] | None, most: int, *, stop_to_publish: bool) -> Burst:
        """Do what is due."""

    def artefacts(
        self, version: int, problem: Mapping[str, str], effective_frame: int, created_unix_s: float
    ) -> list[bytes]:
        """Policies of the DUs that have a new one."""

    def checkpoint(self, policy_version: int, created_unix_s: float) -> Checkpoint:
        """Everything that `restore` needs, as of now."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back, or on, to a checkpoint; every DU then gets a new policy."""

    def unseen(self, counts: Sequence[int]) -> list[list[Identity]]:
        """Per DU, the rows at rest that came after a checkpoint gone back to."""


class HostObserver(Protocol):
    """Whoever wants to know how the host goes; called in the event loop."""

    def checkpointed(self) -> None:
        """A checkpoint is on disk."""

    def store_away(self, error: ReplayUnavailable) -> None:
        """The replay store did not answer; the learner waits."""

    def disk_refused(self, file: str, error: OSError) -> None:
        """A write failed; it is tried again."""

    def disk_written(self, file: str) -> None:
        """It did not."""

    def diverged(self, reason: str) -> None:
        """Updates have stopped; the newest checkpoint is restored."""

    def resumed(self) -> None:
        """Updates go on after a divergence."""


class LearnerHost:
    """Runs a trainer beside an event loop.

    Args:
        trainer: The work.
        checkpoints: Where checkpoints go.
        publish: Takes a publication: stores it and hands it to the streams.
        spec: Choices.
        observer: Hears of events.
        policy_version: Newest version given out before.
        unix_s: Wall clock.
    """

    def __init__(
        self,
        trainer: Training,
        checkpoints: CheckpointStore,
        publish: Callable[[Publication], Awaitable[None]],
        spec: HostSpec,
        observer: HostObserver,
        policy_version: int,
        unix_s: Callable[[], float],
    ) -> None:
        self._trainer = trainer
        self._checkpoints = checkpoints
        self._publish = publish
        self._spec = spec
        self._observer = observer
        self._unix_s = unix_s
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._giving_out = asyncio.Lock()
        self._saving = asyncio.Lock()
        self._save_at_s = -math.inf  # when the next checkpoint is due
        self._save_failures = 0
        self._worker = Worker("learner", spec.nice, spec.thread_switch_s, _one_torch_thread)
        self.policy_version = policy_version

    @property
    def halted(self) -> bool:
        """True while updates are stopped by a divergence."""
        return not self._allowed.is_set()

    async def publish(self, effective: Identity | None = None) -> None:
        """Give out the policies as they are now, as the next version; nothing where none is new."""
        async with self._giving_out:
            version, frame = self.policy_version + 1, effective[1] if effective else 0
            make = partial(self._trainer.artefacts, version, self._spec.problem, frame, self._unix_s())
            try:
                artefacts = await self._worker.run(make)
            except PolicyError as error:  # weights that are not finite under losses that still are
                await self._halt(str(error))
                artefacts = await self._worker.run(make)
            if artefacts:
                self.policy_version = version
                await self._given_out(Publication(version, tuple(artefacts), effective))

    async def _given_out(self, publication: Publication) -> None:
        """Give out, again and again while the disk refuses: the trainer makes these policies only once."""
        failures = 0
        while True:
            try:
                await self._publish(publication)
            except OSError as error:
                failures += 1
                self._observer.disk_refused(_POLICIES, error)
                await asyncio.sleep(self._spec.retry.wait_s(failures))
            else:
                self._observer.disk_written(_POLICIES)
                return

    async def save(self) -> None:
        """Write a checkpoint now; one that the disk refuses is tried again after growing waits."""
        async with self._saving:
            checkpoint = await self._worker.run(
                partial(self._trainer.checkpoint, self.policy_version, self._unix_s())
            )
            try:
                await asyncio.to_thread(self._checkpoints.save, checkpoint)
            except OSError as error:
                self._save_failures += 1
                self._save_in(self._spec.retry.wait_s(self._save_failures))
                self._observer.disk_refused(_CHECKPOINTS, error)
                return
            self._save_failures = 0
            self._save_in(self._spec.checkpoint_period_s)
        self._observer.disk_written(_CHECKPOINTS)
        self._observer.checkpointed()

    def _save_in(self, seconds: float) -> None:
        self._save_at_s = asyncio.get_running_loop().time() + seconds

    async def amend(self, change: Callable[[], T]) -> T:
        """Change the trainer between two bursts; what it changed is given out and at rest on return.

        Args:
            change: Works on the trainer; what it raises is raised here, and nothing is given out.
        """
        changed = await self._worker.run(change)
        await self.publish()
        await self.save()
        return changed

    async def _save_if_due(self) -> None:
        if asyncio.get_running_loop().time() >= self._save_at_s:
            await self.save()

    async def run_free(self) -> None:
        """Do what is due as rows arrive, until cancelled."""
        while True:
            await self._allowed.wait()
            burst = await self._burst(partial(self._trainer.run, None, _BURST_UPDATES, stop_to_publish=True))
            if burst.publish:
                await self.publish()
            await self._save_if_due()
            if not burst.more:
                await asyncio.sleep(_IDLE_S)

    async def complete(self, frame: CompleteFrame) -> None:
        """Lock-step: make the updates that a complete frame makes due, and at most one publication."""
        if self.halted:
            return
        burst = await self._burst(partial(self._trainer.run, frame.rows, sys.maxsize, stop_to_publish=False))
        if burst.publish:
            epoch, number = frame.identity
            await self.publish((epoch, number + 1 + self._spec.push_delay_frames))
        await self._save_if_due()

    async def unseen(self, counts: Sequence[int]) -> list[list[Identity]]:
        """Lock-step: per DU, rows at rest that came after the checkpoint which the learner goes on from.

        Args:
            counts: Per DU, rows at rest.
        """
        return await self._answered(partial(self._trainer.unseen, counts))

    async def _burst(self, work: Callable[[], Burst]) -> Burst:
        try:
            return await self._answered(work)
        except DivergedError as error:
            await self._halt(str(error))
            return Burst(0, publish=True, more=False)

    async def _answered(self, work: Callable[[], T]) -> T:
        """Work on the learner's thread, again and again while the replay store is away."""
        failures = 0
        while True:
            try:
                return await self._worker.run(work)
            except ReplayUnavailable as error:
                failures += 1
                self._observer.store_away(error)
                await asyncio.sleep(self._spec.retry.wait_s(failures))

    async def _halt(self, reason: str) -> None:
        self._allowed.clear()
        checkpoint, _ = await asyncio.to_thread(self._checkpoints.newest)
        if checkpoint is not None:
            await self._restore(checkpoint)
        self._observer.diverged(reason)

    async def _restore(self, checkpoint: Checkpoint) -> None:
        await self._worker.run(partial(self._trainer.restore, checkpoint))

    def resume(self) -> bool:
        """Let updates go on after a divergence; False if they were not stopped."""
        if not self.halted:
            return False
        self._allowed.set()
        self._observer.resumed()
        return True

    async def close(self) -> None:
        """Finish the burst under way, write a last checkpoint (if there was a first), end the thread."""
        if math.isfinite(self._save_at_s):
            await self.save()
        await self._worker.close()


def _one_torch_thread() -> None:
    torch.set_num_threads(1)
