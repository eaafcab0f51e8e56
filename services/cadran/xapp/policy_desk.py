"""Decides nothing, moves policies: from the learner or an operator into the store, and on to the couriers."""

from __future__ import annotations

import asyncio
from typing import Protocol

from cadran.replay.schema import Identity
from cadran.wire.causes import Cause
from cadran.xapp.courier import Courier, CourierObserver, Order
from cadran.xapp.learner_host import Publication
from cadran.xapp.policy_store import PolicyStore, Target


class DeskObserver(CourierObserver, Protocol):
    """Whoever wants to know of deliveries and targets; called in the event loop."""

    def targeted(self, du: int, target: Target) -> None:
        """A DU has a new target."""


class PolicyDesk:
    """The store and one courier per DU.

    Args:
        store: Policies at rest.
        observer: Hears of events.
        timeout_s: Wait for a dApp's answer before a delivery is repeated.
    """

    def __init__(self, store: PolicyStore, observer: DeskObserver, timeout_s: float) -> None:
        self.store = store
        self._observer = observer
        self.couriers = tuple(Courier(du, self, timeout_s) for du in range(store.dus))
        self._renumbering: set[asyncio.Task[None]] = set()

    @property
    def running_versions(self) -> list[int | None]:
        """Per DU, the version that its dApp says it runs; None if it has said nothing."""
        return [courier.running_version for courier in self.couriers]

    async def open(self) -> None:
        """Take up the targets that the store holds from an earlier life."""
        for du in range(self.store.dus):
            target = self.store.target(du)
            if target is not None:
                await self._order(du, target)

    async def publish(self, publication: Publication) -> None:
        """Store new policies, and hand those of the DUs that are not pinned to their streams.

        With an effective frame (lock-step) they are on the streams on return, in front of what is sent next;
        otherwise the couriers bring them when they can, so that no DU keeps the learner waiting.
        """
        targets = await asyncio.to_thread(self.store.publish, publication.artefacts)
        for (du, target), artefact in zip(targets.items(), publication.artefacts, strict=True):
            if target.version == publication.version:
                self._assign(du, target, artefact, publication.effective)
        if publication.effective is not None:
            await asyncio.gather(*(courier.push() for courier in self.couriers))

    async def roll_back(self, du: int, version: int | None) -> Target:
        """Go back to an older version and pin the DU to it. Raises as ``PolicyStore.rollback``."""
        return await self._order(du, await asyncio.to_thread(self.store.rollback, du, version))

    async def release(self, du: int) -> Target:
        """End a pin. Raises as ``PolicyStore.release``."""
        return await self._order(du, await asyncio.to_thread(self.store.release, du))

    async def _order(self, du: int, target: Target) -> Target:
        artefact = await asyncio.to_thread(self.store.artifact, du, target.version)
        self._assign(du, target, artefact, None)
        return target

    def _assign(self, du: int, target: Target, artefact: bytes, effective: Identity | None) -> None:
        self.couriers[du].assign(Order(target.version, target.delivery, artefact, effective))
        self._observer.targeted(du, target)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for courier in self.couriers:
                tasks.create_task(courier.run(), name=f"courier of DU {courier.du}")

    # What couriers tell.

    def delivered(self, du: int, order: Order, seconds: float) -> None:
        """A dApp accepted an order."""
        self._observer.delivered(du, order, seconds)

    def refused(self, du: int, order: Order, cause: Cause) -> None:
        """A dApp refused an order."""
        self._observer.refused(du, order, cause)

    def repeated(self, du: int, order: Order) -> None:
        """An order is sent again."""
        self._observer.repeated(du, order)

    def outnumbered(self, du: int, order: Order) -> None:
        """A dApp holds a higher delivery number: give the same target a much higher one."""
        self._observer.outnumbered(du, order)
        task = asyncio.create_task(self._renumber(du))
        self._renumbering.add(task)
        task.add_done_callback(self._renumbering.discard)

    async def _renumber(self, du: int) -> None:
        await self._order(du, await asyncio.to_thread(self.store.renumber, du))
