"""The meta-trainer as a tenant of the rApp: its own thread, its own clock, its fuse.

All work on networks runs on one thread of lower priority, one round or one evaluation at a time; between them
the event loop decides what comes next. A round comes once a period, or at once while more is due. When
meta-training diverges it goes back to the newest checkpoint, an alert stands, and no iteration is made until
somebody calls ``resume``; the registry is not touched, and what is promoted stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import torch

from cadran.learn import DivergedError
from cadran.rapp.checkpoints import CheckpointStore
from cadran.rapp.desk import Considered, Cut, Desk
from cadran.rapp.kept_rows import KeptRows
from cadran.rapp.meta_trainer import MetaTrainer, Round
from cadran.rapp.redis_mirror import RedisMirror
from cadran.rapp.registry import Entry
from cadran.replay import ReplayUnavailable
from cadran.runtime.retry import RetrySpec
from cadran.runtime.worker import Worker

T = TypeVar("T")

_STATE = "experience, checkpoints and registry"
_REGISTRY = "registry from its copy"


@dataclass(frozen=True)
class HostSpec:
    """Choices of the host; times in seconds.

    Attributes:
        learn: Whether rounds are made at all.
        period_s: From the end of a round to the next one, unless more is due at once.
        candidate_every: Meta-iterations from one candidate to the next.
        nice: Niceness added to the trainer's thread.
        thread_switch_s: Switch interval of the interpreter while the host lives.
        retry: Waits while the store is away or the disk refuses.
    """

    learn: bool
    period_s: float
    candidate_every: int
    nice: int
    thread_switch_s: float
    retry: RetrySpec


class HostObserver(Protocol):
    """Whoever wants to know how the host goes; called in the event loop."""

    def round_made(self, made: Round) -> None:
        """A round was made."""

    def considered(self, considered: Considered, seconds: float) -> None:
        """A candidate was judged."""

    def store_away(self, error: ReplayUnavailable) -> None:
        """The store did not answer."""

    def store_answers(self) -> None:
        """It did."""

    def disk_refused(self, file: str, error: OSError) -> None:
        """A write failed; it is tried again."""

    def disk_written(self, file: str) -> None:
        """It did not."""

    def diverged(self, reason: str) -> None:
        """Iterations have stopped; the newest checkpoint is restored."""

    def resumed(self) -> None:
        """Iterations go on after a divergence."""


class Host:
    """Runs a meta-trainer and a desk beside an event loop.

    Args:
        trainer: The work.
        kept: Its rows, for the lineage of what it cuts.
        desk: Judges candidates.
        mirror: The registry's copy.
        checkpoints: Where the trainer's are.
        spec: Choices.
        observer: Hears of events.
        considered: Iterations of the newest candidate.
    """

    def __init__(
        self,
        trainer: MetaTrainer,
        kept: KeptRows,
        desk: Desk,
        mirror: RedisMirror,
        checkpoints: CheckpointStore,
        spec: HostSpec,
        observer: HostObserver,
        considered: int,
    ) -> None:
        self._trainer = trainer
        self._kept = kept
        self._desk = desk
        self._mirror = mirror
        self._checkpoints = checkpoints
        self._spec = spec
        self._observer = observer
        self._considered = considered
        self._wanted = asyncio.Event()
        self._halted = False
        self._extra = 0
        self._unmirrored = True
        self._worker = Worker("meta-trainer", spec.nice, spec.thread_switch_s, _one_torch_thread)

    @property
    def halted(self) -> bool:
        """True while iterations are stopped by a divergence."""
        return self._halted

    @property
    def extra(self) -> int:
        """Iterations asked for and not made yet."""
        return self._extra

    @property
    def next_candidate(self) -> int:
        """Iterations at which the next candidate is cut."""
        return self._considered + self._spec.candidate_every

    async def run(self) -> None:
        """Make rounds until cancelled.

        Raises:
            ReplayError: The store holds rows of another form, or another process reads for the group.
        """
        while True:
            more = self._spec.learn and not self._halted and await self._step()
            await self._mirrored()
            if not more:
                await self._pause()

    async def _step(self) -> bool:
        """A candidate if one is due, also one that a kill prevented; else a round. Whether more is due."""
        if self._trainer.iterations >= self.next_candidate:
            await self._consider()
            return True
        return await self._round()

    async def _pause(self) -> None:
        # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._spec.period_s):
                await self._wanted.wait()
        self._wanted.clear()  # not before: what is asked for during a round must not wait for a period

    async def _round(self) -> bool:
        """One round; whether more is due at once."""
        try:
            made = await self._answered(partial(self._trainer.round, self._extra))
        except DivergedError as error:
            await self._halt(str(error))
            return False
        self._extra = max(0, self._extra - made.iterations) if made.tasks else self._extra
        self._unmirrored = self._unmirrored or bool(made.emptied)  # the copy of the registry is gone as well
        self._observer.round_made(made)
        return made.more or self._trainer.iterations >= self.next_candidate

    async def _consider(self) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        assessed = await self._worker.run(lambda: self._desk.assess(self._cut()))
        considered = (
            assessed
            if isinstance(assessed, Considered)
            else await self._answered(partial(self._desk.settle, assessed))
        )
        self._considered = considered.iterations
        self._unmirrored = True
        self._observer.considered(considered, clock() - started)

    def _cut(self) -> Cut:
        self._trainer.refresh()
        return Cut(
            initialisation=self._trainer.initialisation(),
            iterations=self._trainer.iterations,
            rows=tuple(place.count for place in self._kept.places),
            metrics=self._trainer.metrics,
        )

    async def _answered(self, work: Callable[[], T]) -> T:
        """Work on the trainer's thread, again and again while the store is away or the disk refuses."""
        failures = 0
        while True:
            try:
                done = await self._worker.run(work)
            except ReplayUnavailable as error:
                failures += 1
                self._observer.store_away(error)
                await asyncio.sleep(self._spec.retry.wait_s(failures))
            except OSError as error:
                failures += 1
                self._observer.disk_refused(_STATE, error)
                await asyncio.sleep(self._spec.retry.wait_s(failures))
            else:
                self._observer.store_answers()
                self._observer.disk_written(_STATE)
                return done

    async def _mirrored(self) -> None:
        """Bring the registry's copy up to it if it is not; what fails now is tried at the next round."""
        if not self._unmirrored:
            with contextlib.suppress(ReplayUnavailable):  # the round itself tells that the store is away
                await asyncio.to_thread(self._mirror.seen)
            return
        self._unmirrored, pushed = False, False
        try:
            await asyncio.to_thread(self._mirror.push, self._desk.registry)
            pushed = True
        except ReplayUnavailable as error:
            self._observer.store_away(error)
        except OSError as error:
            self._observer.disk_refused(_REGISTRY, error)
        else:
            self._observer.disk_written(_REGISTRY)
        finally:  # also when cancelled: the thread goes on, but nobody hears how it ends
            self._unmirrored = self._unmirrored or not pushed

    async def _halt(self, reason: str) -> None:
        self._halted = True
        checkpoint, _ = await asyncio.to_thread(self._checkpoints.newest)
        if checkpoint is not None:
            await self._worker.run(partial(self._trainer.restore, checkpoint, torn=False))
        self._observer.diverged(reason)

    # ------------------------------------------------------------------------------ what people ask for

    def trigger(self, iterations: int) -> None:
        """Make so many iterations at once, even if too few rows have come for them."""
        self._extra += iterations
        self._wanted.set()

    def resume(self) -> bool:
        """Let iterations go on after a divergence; False if they were not stopped."""
        if not self.halted:
            return False
        self._halted = False
        self._wanted.set()
        self._observer.resumed()
        return True

    async def promote(self, version: int) -> Entry:
        """Promote a version if the gate lets it pass. Raises as ``Desk.promote``."""
        entry = await self._worker.run(partial(self._promoted, version))
        self._mirror_soon()
        return entry

    def _promoted(self, version: int) -> Entry:
        self._trainer.refresh()  # no round may have been made yet, and judging needs experience
        return self._desk.promote(version)

    async def roll_back(self, version: int | None) -> Entry:
        """Go back to a version promoted before, and pin it. Raises as ``Registry.roll_back``."""
        entry = await asyncio.to_thread(self._desk.registry.roll_back, version)
        self._mirror_soon()
        return entry

    async def release(self) -> None:
        """End a pin."""
        await asyncio.to_thread(self._desk.registry.release)
        self._mirror_soon()

    def _mirror_soon(self) -> None:
        self._unmirrored = True
        self._wanted.set()

    async def close(self) -> None:
        """Finish the round under way, which writes its checkpoint, and end the thread; then the last copy."""
        await self._worker.close()
        await self._mirrored()


def _one_torch_thread() -> None:
    torch.set_num_threads(1)
