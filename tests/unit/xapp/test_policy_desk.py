from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from cadran.replay import Identity
from cadran.xapp.courier import Order
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
