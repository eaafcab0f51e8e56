from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cadran.replay import Identity
from cadran.xapp.courier import Order
from cadran.xapp.learner_host import Publication
from cadran.xapp.policy_desk import PolicyDesk
from cadran.xapp.policy_store import PolicyStore

from .conftest import Artefact
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
    desk = PolicyDesk(PolicyStore(tmp_path, dus=2, kept=5), Deaf(), timeout_s)
    stuck, reading = Link(takes=False), Link(takes=True)
    desk.couriers[0].connected(stuck)
    desk.couriers[1].connected(reading)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(10):
        for version in (1, 2):
            made = (artefact(0, version), artefact(1, version))
            await desk.publish(Publication(version, made, effective))
        while 2 not in reading.versions:
            await asyncio.sleep(0.005)
    assert stuck.versions == []
    running.cancel()
