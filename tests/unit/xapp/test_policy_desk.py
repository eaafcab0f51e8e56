from __future__ import annotations

import asyncio
import errno
import threading
from pathlib import Path

import pytest

from cadran.replay import Identity
from cadran.wire.causes import Cause
from cadran.xapp.courier import Answer, Order
from cadran.xapp.learner_host import Publication
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore, Target, UnknownVersionError

from .conftest import Artefact
from .guarding import GuardBench, free_guard
from .test_rest import Deaf


class Link:
    """An association that takes policies, or never does."""

    epoch = 1

    def __init__(self, takes: bool) -> None:
        self._takes = takes
        self.versions: list[int] = []

    async def deliver(self, order: Order, effective_frame: int) -> None:
        if not self._takes:
            await asyncio.sleep(60)
        self.versions.append(order.version)


@pytest.mark.parametrize("effective", [None, (1, 9)])
async def test_a_du_that_reads_nothing_keeps_no_publication_and_no_other_du_waiting(
    tmp_path: Path, artefact: Artefact, effective: Identity | None
) -> None:
    timeout_s = 60.0 if effective is None else 0.05  # in lock-step a publication waits for that long at most
    desk = PolicyDesk(PolicyStore(tmp_path, dus=2, kept=5), Deaf(), timeout_s, free_guard())
    stuck, reading = Link(takes=False), Link(takes=True)
    desk.couriers[0].connected(stuck)
    desk.couriers[1].connected(reading)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        for version in (1, 2):
            made = (artefact(0, version), artefact(1, version))
            await desk.publish(Publication(version, made, effective))
        while 2 not in reading.versions:
            await asyncio.sleep(0.005)
    assert stuck.versions == []
    running.cancel()


async def test_what_the_guard_refuses_is_kept_but_not_delivered(tmp_path: Path, artefact: Artefact) -> None:
    bench = GuardBench()
    store = PolicyStore(tmp_path, dus=2, kept=5)
    desk = PolicyDesk(store, Deaf(), 1.0, bench.guard)
    await desk.publish(Publication(1, (artefact(0, 1), artefact(1, 1)), None))
    await desk.roll_back(0, 1)
    await desk.publish(Publication(2, (artefact(0, 2), artefact(1, 2)), None))
    targets = [store.target(du) for du in range(2)]
    assert [target.version for target in targets if target] == [1, 2]
    assert [stored.meta.version for stored in store.versions(0)] == [1, 2]
    refused = [event for event in bench.events if event.verdict == "refused"]
    assert [(event.du, event.source, event.cause) for event in refused] == [(0, "learner", "reserved")]
    assert (await desk.release(0)).version == 2
    await desk.publish(Publication(3, (artefact(0, 3), artefact(1, 3)), None))
    assert store.target(0).version == 3  # type: ignore[union-attr]


async def test_a_pin_holds_against_the_learner_after_a_restart(tmp_path: Path, artefact: Artefact) -> None:
    store = PolicyStore(tmp_path, dus=2, kept=5)
    first = PolicyDesk(store, Deaf(), 1.0, free_guard())
    await first.publish(Publication(1, (artefact(0, 1), artefact(1, 1)), None))
    await first.roll_back(0, 1)
    bench = GuardBench()
    again = PolicyDesk(PolicyStore(tmp_path, dus=2, kept=5), Deaf(), 1.0, bench.guard)
    await again.open()
    await again.publish(Publication(2, (artefact(0, 2), artefact(1, 2)), None))
    assert [event.verdict for event in bench.events] == ["refused", "allowed"]


@pytest.mark.parametrize("pinned", [False, True])
async def test_going_back_takes_nothing_from_the_learner_where_the_disk_refuses(
    tmp_path: Path, artefact: Artefact, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    def refuses(*_: object) -> Target:
        raise OSError(errno.ENOSPC, "No space left on device")

    bench, store = GuardBench(), PolicyStore(tmp_path, dus=1, kept=5)
    desk = PolicyDesk(store, Deaf(), 1.0, bench.guard)
    await desk.publish(Publication(1, (artefact(0, 1),), None))
    await desk.publish(Publication(2, (artefact(0, 2),), None))
    if pinned:
        await desk.roll_back(0, 2)
    with monkeypatch.context() as patch:
        patch.setattr(store, "rollback", refuses)
        with pytest.raises(OSError, match="No space"):
            await desk.roll_back(0, 1)
    await desk.publish(Publication(3, (artefact(0, 3),), None))
    assert store.target(0).version == (2 if pinned else 3)  # type: ignore[union-attr]
    assert bool(bench.guard.reservations) is pinned


async def test_going_back_to_what_is_not_held_takes_nothing_from_the_learner(
    tmp_path: Path, artefact: Artefact
) -> None:
    bench = GuardBench()
    desk = PolicyDesk(PolicyStore(tmp_path, dus=1, kept=5), Deaf(), 1.0, bench.guard)
    await desk.publish(Publication(1, (artefact(0, 1),), None))
    with pytest.raises(UnknownVersionError):
        await desk.roll_back(0, 9)
    assert bench.guard.reservations == ()


class Watching(Deaf):
    """Hears of the disk and of targets."""

    def __init__(self) -> None:
        self.disk: list[str] = []
        self.deliveries: list[int] = []

    def targeted(self, du: int, target: Target) -> None:
        self.deliveries.append(target.delivery)

    def disk_refused(self, file: str, error: OSError) -> None:
        self.disk.append(f"{file} refused")

    def disk_written(self, file: str) -> None:
        self.disk.append(f"{file} written")


@pytest.mark.parametrize("failing", ["renumber", "artifact"])
async def test_a_number_that_the_disk_refuses_is_tried_again(
    tmp_path: Path, artefact: Artefact, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A courier asks for it once: a dApp of an earlier xApp took no policy until its DU connected anew."""
    told, store = Watching(), PolicyStore(tmp_path, dus=1, kept=5)
    works, failures = getattr(store, failing), [OSError(errno.EIO, "I/O error")] * 2

    def fails_twice(*arguments: int) -> object:
        if failures:
            raise failures.pop()
        return works(*arguments)

    desk = PolicyDesk(store, told, 0.01, free_guard())
    await desk.publish(Publication(1, (artefact(0, 1),), None))
    monkeypatch.setattr(store, failing, fails_twice)
    stale = Answer(1, accepted=False, cause=Cause("policy", "stale-version"), running_version=9)
    async with asyncio.timeout(60):
        desk.couriers[0].connected(Link(takes=True))
        await desk.couriers[0].push()
        desk.couriers[0].answer(stale)
        while len(told.deliveries) < 2:
            await asyncio.sleep(0.005)
    assert told.deliveries == [1, 100_001]
    assert told.disk.count("policies refused") == 2
    assert told.disk[-1] == "policies written"


async def test_an_older_target_is_not_ordered_after_a_newer_one(
    tmp_path: Path, artefact: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, store = Watching(), PolicyStore(tmp_path, dus=1, kept=5)
    reads, reading, published = store.artifact, threading.Event(), threading.Event()

    def slow(du: int, version: int) -> bytes:
        reading.set()
        assert published.wait(60)
        return reads(du, version)

    desk = PolicyDesk(store, told, 60.0, free_guard())
    await desk.publish(Publication(1, (artefact(0, 1),), None))
    await desk.roll_back(0, 1)
    monkeypatch.setattr(store, "artifact", slow)
    releasing = asyncio.create_task(desk.release(0))
    await asyncio.to_thread(reading.wait, 60)
    await desk.publish(Publication(2, (artefact(0, 2),), None))
    published.set()
    assert (await releasing).version == 1
    assert told.deliveries == [1, 2, 4]
