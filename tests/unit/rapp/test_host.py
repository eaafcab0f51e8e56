from __future__ import annotations

import asyncio
import errno
import itertools
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cadran.learn.meta import LEVELS
from cadran.rapp.checkpoints import CheckpointStore
from cadran.rapp.desk import Considered, Desk, Kind
from cadran.rapp.host import Host, HostSpec
from cadran.rapp.meta_trainer import Round
from cadran.rapp.registry import Registry, UnknownVersionError
from cadran.replay import ReplayUnavailable
from cadran.runtime.retry import RetrySpec

from .test_desk import Scores
from .test_meta_trainer import Bench


@dataclass
class Events:
    """Counts what it hears."""

    rounds: list[Round] = field(default_factory=list)
    judged: list[Considered] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    away: int = 0
    refused: list[str] = field(default_factory=list)

    def round_made(self, made: Round) -> None:
        self.rounds.append(made)

    def considered(self, considered: Considered, seconds: float) -> None:
        self.judged.append(considered)

    def store_away(self, error: ReplayUnavailable) -> None:
        self.away += 1

    def store_answers(self) -> None: ...

    def disk_refused(self, file: str, error: OSError) -> None:
        self.refused.append(file)

    def disk_written(self, file: str) -> None: ...

    def diverged(self, reason: str) -> None:
        self.alerts.append(reason)

    def resumed(self) -> None:
        self.alerts.clear()


class Copy:
    """A mirror that is away for its first calls."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.pushed: list[int | None] = []
        self.sightings = 0
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def push(self, registry: Registry) -> None:
        self.begun.set()
        self.go_on.wait(60)
        self.away -= 1
        if self.away >= 0:
            raise ReplayUnavailable("away")
        self.pushed.append(registry.promoted_version)

    def seen(self) -> None:
        self.sightings += 1


@dataclass
class Running:
    host: Host
    events: Events
    bench: Bench
    copy: Copy
    desk: Desk
    task: asyncio.Task[None]

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0.005)

    async def made(self, count: int) -> None:
        await self.until(lambda: sum(made.iterations for made in self.events.rounds) >= count)


@asynccontextmanager
async def running(
    root: Path,
    frames: int,
    *worth: float,
    loss_limit: float = 1e6,
    candidate_every: int = 10,
    away: int = 0,
    period_s: float = 0.005,
    learn: bool = True,
) -> AsyncIterator[Running]:
    bench, events, copy = Bench(root), Events(), Copy(away)
    bench.write(frames)  # before the first round, so that rounds are the same in each run
    trainer = bench.trainer(loss_limit=loss_limit)
    kind = Kind({}, 5, {level: bench.learner.levels[level].shape for level in LEVELS}, "demo")
    desk = Desk(Registry(root / "registry", 5, lambda: 1.0), Scores(*worth), kind, 0.0, 0, lambda: 1.0)
    host = Host(
        trainer,
        bench.kept,
        desk,
        copy,  # type: ignore[arg-type]
        CheckpointStore(root / "checkpoints", 2),
        HostSpec(learn, period_s, candidate_every, 0, 0.005, RetrySpec(0.001, 0.01)),
        events,
        considered=0,
    )
    task = asyncio.create_task(host.run())
    try:
        yield Running(host, events, bench, copy, desk, task)
    finally:
        task.cancel()
        await asyncio.wait({task})
        await host.close()


async def test_candidates_come_every_so_many_iterations_and_reach_the_copy(tmp_path: Path) -> None:
    async with running(tmp_path, 300, 0.5, 0.6, 0.4, away=1) as run:
        await run.made(30)
        await run.until(lambda: len(run.events.judged) == 3 and run.copy.pushed)
        assert [judged.promoted for judged in run.events.judged] == [True, True, False]
        assert [judged.iterations for judged in run.events.judged] == [10, 20, 30]
        assert run.events.away >= 1
    assert run.copy.pushed[-1] == 2


async def test_a_divergence_stops_iterations_and_touches_nothing_that_is_promoted(tmp_path: Path) -> None:
    async with running(tmp_path, 100, 0.5) as run:
        await run.made(10)
        await run.until(lambda: run.events.judged)
    before = run.bench.state
    async with running(tmp_path, 100, loss_limit=1e-12, candidate_every=1000) as again:
        again.host.trigger(1)
        await again.until(lambda: again.events.alerts)
        assert again.host.halted
        assert "is beyond 1e-12" in again.events.alerts[0]
        assert again.bench.state == before
        assert again.desk.registry.promoted_version == 1
        rounds = len(again.events.rounds)
        await asyncio.sleep(0.05)
        assert len(again.events.rounds) == rounds
        assert again.host.resume()
        assert not again.host.resume()


async def test_a_divergence_of_the_first_round_goes_back_to_the_start(tmp_path: Path) -> None:
    start = Bench(tmp_path / "other")
    start.trainer()
    async with running(tmp_path, 100, loss_limit=1e-12, candidate_every=1000) as run:
        await run.until(lambda: run.events.alerts)
        assert run.bench.state == start.state


async def test_what_people_do_reaches_the_copy_while_iterations_are_stopped(tmp_path: Path) -> None:
    async with running(tmp_path, 200, 0.5, 0.6) as run:
        await run.until(lambda: run.copy.pushed and run.copy.pushed[-1] == 2)
    async with running(tmp_path, 220, loss_limit=1e-12, candidate_every=1000) as again:
        again.host.trigger(1)
        await again.until(lambda: again.events.alerts)
        await again.host.roll_back(None)
        await again.until(lambda: again.copy.pushed[-1] == 1)
        assert again.host.halted


async def test_a_version_is_judged_for_a_person_on_the_rows_kept_though_no_round_was_made(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, 100, learn=False) as run:
        with pytest.raises(UnknownVersionError):
            await run.host.promote(9)
        assert len(run.bench.experience.held(0).lower) == 0


async def test_what_is_asked_for_during_a_round_does_not_wait_for_a_period(tmp_path: Path) -> None:
    async with running(tmp_path, 100, candidate_every=1000, period_s=60) as run:

        def ask(made: Round) -> None:
            run.events.rounds.append(made)
            if sum(each.iterations for each in run.events.rounds) == 10:  # no more is due by itself
                run.host.trigger(3)

        run.events.round_made = ask  # type: ignore[method-assign]
        async with asyncio.timeout(60):
            await run.made(13)


async def test_people_promote_and_roll_back_while_rounds_go_on(tmp_path: Path) -> None:
    async with running(tmp_path, 200, 0.5, 0.6) as run:
        await run.made(20)
        await run.until(lambda: len(run.events.judged) == 2)
        assert (await run.host.roll_back(None)).meta.version == 1
        assert (await run.host.promote(2)).meta.version == 2
        await run.host.roll_back(1)
        await run.host.release()
        assert not run.desk.registry.pinned
    assert run.copy.pushed[-1] == 1


async def test_a_copy_that_an_end_cuts_off_is_made_again(tmp_path: Path) -> None:
    async with running(tmp_path, 100, 0.5, candidate_every=10) as run:
        await run.until(lambda: run.copy.pushed[-1:] == [1])
        before = len(run.copy.pushed)
        run.copy.go_on.clear()
        run.copy.begun.clear()
        await run.host.release()
        await run.until(run.copy.begun.is_set)
        run.task.cancel()
        await asyncio.wait({run.task})
        run.copy.go_on.set()
    assert len(run.copy.pushed) == before + 2


async def test_a_host_that_is_cancelled_as_somebody_asks_for_something_ends(tmp_path: Path) -> None:
    async with running(tmp_path, 100, candidate_every=1000, period_s=60) as run:
        await run.made(10)
        await asyncio.sleep(0.1)
        run.host.trigger(1)
        run.task.cancel()
        await asyncio.wait({run.task}, timeout=60)
        assert run.task.cancelled()


async def test_iterations_asked_for_are_made_without_new_rows(tmp_path: Path) -> None:
    async with running(tmp_path, 100, candidate_every=1000) as run:
        await run.made(10)
        run.host.trigger(7)
        await run.made(17)
        assert run.host.extra == 0
        assert run.host.next_candidate == 1000


async def test_a_store_that_shrank_is_told_once_and_gets_the_registrys_copy_again(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, 100, candidate_every=1000) as run:
        await run.made(5)
        pushed = len(run.copy.pushed)
        run.bench.store._count[0] = 5
        await run.until(lambda: len(run.copy.pushed) > pushed)
        rounds = len(run.events.rounds)
        await run.until(lambda: len(run.events.rounds) > rounds + 2)
        assert [made.emptied for made in run.events.rounds if made.emptied] == [(0,)]


async def test_a_full_disk_is_waited_for_and_changes_nothing_of_what_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "whole", 100, 0.5) as whole:
        await whole.until(lambda: whole.events.judged)
    calls, real = itertools.count(), os.fsync

    def sometimes(descriptor: int) -> None:
        if next(calls) % 7 == 0:  # to register a version takes four in a row
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("cadran.runtime.files.os.fsync", sometimes)
    async with running(tmp_path / "full", 100, 0.5) as full:
        await full.until(lambda: full.events.judged)
        assert full.events.refused
        with monkeypatch.context() as patched:
            patched.setattr("cadran.runtime.files.os.fsync", refuse)
            before = full.desk.registry.state
            with pytest.raises(OSError, match="No space left"):
                await full.host.release()
            assert full.desk.registry.state == before
    assert full.bench.state == whole.bench.state
    assert full.desk.registry.promoted_version == 1
    assert not list((tmp_path / "full").rglob("*.partial"))


def refuse(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
