"""Moves policies: from the learner or an operator past the guard into the store, and on to the couriers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from cadran.policy import decode
from cadran.replay.schema import Identity
from cadran.wire.causes import Cause
from cadran.xapp.courier import Courier, CourierObserver, Order
from cadran.xapp.guard.control import GuardRefusedError, Source, SourceKind
from cadran.xapp.guard.guard import Guard
from cadran.xapp.learner_host import Publication
from cadran.xapp.policy_store import PolicyStore, Target, UnknownVersionError

_LEARNER = Source(SourceKind.LEARNER)
_OPERATOR = Source(SourceKind.OPERATOR)
_FILE = "policies"


class DeskObserver(CourierObserver, Protocol):
    """Whoever wants to know of deliveries and targets; called in the event loop."""

    def targeted(self, du: int, target: Target) -> None:
        """A DU has a new target."""

    def disk_refused(self, file: str, error: OSError) -> None:
        """A target could not be written, or its policy not read."""

    def disk_written(self, file: str) -> None:
        """They were."""


class PolicyDesk:
    """The store and one courier per DU.

    Args:
        store: Policies at rest.
        observer: Hears of events.
        timeout_s: Wait for a dApp's answer before a delivery is repeated; also before a number that the disk
            refused is tried again.
        guard: Judges every delivery that is new; it holds the policy of a pinned DU for the operator.
    """

    def __init__(self, store: PolicyStore, observer: DeskObserver, timeout_s: float, guard: Guard) -> None:
        self.store = store
        self._guard = guard
        self._observer = observer
        self._timeout_s = timeout_s
        self.couriers = tuple(Courier(du, self, timeout_s) for du in range(store.dus))
        self._renumbering: dict[int, asyncio.Task[None]] = {}

    @property
    def running_versions(self) -> list[int | None]:
        """Per DU, the version that its dApp says it runs; None if it has said nothing."""
        return [courier.running_version for courier in self.couriers]

    async def open(self) -> None:
        """Take up the targets that the store holds from an earlier life."""
        for du in range(self.store.dus):
            target = self.store.target(du)
            if target is not None:
                if target.pinned:
                    self._guard.pinned(_OPERATOR, du)
                await self._order(du, target)

    async def publish(self, publication: Publication) -> None:
        """Store new policies, and hand those that the guard lets pass to their streams.

        With an effective frame (lock-step) they are on the streams on return, in front of what is sent next;
        otherwise the couriers bring them when they can, so that no DU keeps the learner waiting.
        """
        dus = await asyncio.to_thread(_dus_of, publication)
        held = {
            du for du in dus if self._guard.policy(_LEARNER, du, publication.version, reserve=False).refused
        }
        targets = await asyncio.to_thread(self.store.publish, publication.artefacts, held)
        for (du, target), artefact in zip(targets.items(), publication.artefacts, strict=True):
            if target.version == publication.version:
                self._assign(du, target, artefact, publication.effective)
        if publication.effective is not None:
            await asyncio.gather(*(courier.push() for courier in self.couriers))

    async def roll_back(self, du: int, version: int | None, source: Source = _OPERATOR) -> Target:
        """Go back to an older version and pin the DU to it.

        Raises:
            GuardRefusedError: The guard let it not pass.
            UnknownVersionError, OSError: As ``PolicyStore.rollback``; nothing was changed.
        """
        self.store.require_older(du, version)
        decision = self._guard.policy(source, du, version, reserve=True)
        if decision.refused:
            raise GuardRefusedError(decision)
        try:
            target = await asyncio.to_thread(self.store.rollback, du, version)
        except (OSError, UnknownVersionError):
            self._let_go(source, du)
            raise
        return await self._order(du, target)

    def _let_go(self, source: Source, du: int) -> None:
        """A roll-back came to nothing: the learner's policies pass again, unless the DU was pinned before."""
        target = self.store.target(du)
        if target is None or not target.pinned:
            self._guard.release(source, du)

    async def release(self, du: int, source: Source = _OPERATOR) -> Target:
        """End a pin. Raises as ``PolicyStore.release``."""
        target = await asyncio.to_thread(self.store.release, du)
        self._guard.release(source, du)
        return await self._order(du, target)

    async def _order(self, du: int, target: Target) -> Target:
        artefact = await asyncio.to_thread(self.store.artifact, du, target.version)
        if self.store.target(du) == target:  # else it was changed meanwhile, and the newer one is ordered too
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
        if du not in self._renumbering:
            self._renumbering[du] = task = asyncio.create_task(self._renumber(du))
            task.add_done_callback(lambda _: self._renumbering.pop(du))

    async def _renumber(self, du: int) -> None:
        target = await self._retrying(lambda: asyncio.to_thread(self.store.renumber, du))
        await self._retrying(lambda: self._order(du, target))

    async def _retrying(self, attempt: Callable[[], Awaitable[Target]]) -> Target:
        """Try again while the disk refuses: a courier asks once, and the dApp takes nothing before."""
        while True:
            try:
                target = await attempt()
            except OSError as error:
                self._observer.disk_refused(_FILE, error)
                await asyncio.sleep(self._timeout_s)
            else:
                self._observer.disk_written(_FILE)
                return target


def _dus_of(publication: Publication) -> list[int]:
    """The DUs that its artefacts are for. Raises `PolicyError` for an unsound one."""
    return [decode(artefact)[0].du for artefact in publication.artefacts]
