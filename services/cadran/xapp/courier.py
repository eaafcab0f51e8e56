"""Brings each DU's target policy to its dApp, and knows what the dApp answered.

A courier serves one DU. It holds one order, the newest; an order is sent once over an association, and again
when the dApp does not answer in time, answers that the chunks did not come through, or reports that it holds
nothing (it was restarted). A policy refused for what it is (wrong shape, not finite, ...) is not sent again.

Whatever a dApp does, a courier holds one order and sends it at most once per time-out: a dApp that refuses
for ever, or a DU that never reads, costs no more than that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol

from cadran.replay.schema import Identity
from cadran.wire.causes import Cause

_FINAL_CAUSES = frozenset({"shape-mismatch", "not-finite", "incompatible", "too-large"})
"""Causes of group ``policy`` that another transmission of the same artefact cannot cure."""


@dataclass(frozen=True)
class Order:
    """What a DU should run.

    Attributes:
        version: Policy version.
        delivery: Number of the delivery; grows with each order.
        artefact: The policy.
        effective: (epoch, frame) from which the policy may decide; None for at once.
    """

    version: int
    delivery: int
    artefact: bytes
    effective: Identity | None = None


@dataclass(frozen=True)
class Answer:
    """What a dApp says about its policy.

    Attributes:
        delivery: The delivery that it answers; 0 if it speaks unasked, as a dApp that has just connected.
        accepted: False if it refused what it was sent.
        cause: Why it refused; None if it accepted.
        running_version: Version that decides now; 0 for none.
        running_sha256: Digest of its tensors, hex; empty for none.
    """

    delivery: int
    accepted: bool
    cause: Cause | None
    running_version: int
    running_sha256: str = ""


@dataclass(frozen=True)
class Refusal:
    """The last time that a dApp refused an order.

    Attributes:
        version: Policy version refused.
        delivery: Number of the delivery.
        cause: Why.
        final: True if the order is not sent again over this association.
    """

    version: int
    delivery: int
    cause: Cause
    final: bool


DeliveryState = Literal["no_policy", "not_connected", "awaited", "accepted", "refused"]
"""Where the newest order stands: nothing to deliver, no E2 node, no answer yet, or what the dApp answered."""


class PolicyLink(Protocol):
    """The association of one DU, as far as policies go."""

    @property
    def epoch(self) -> int:
        """Epoch of the RAN behind the association."""

    async def deliver(self, order: Order, effective_frame: int) -> None:
        """Hand all chunks of the artefact to the stream, in order; returns once they are queued."""


class CourierObserver(Protocol):
    """Whoever wants to know how deliveries go; called in the event loop."""

    def delivered(self, du: int, order: Order, seconds: float) -> None:
        """The dApp accepted the order, this long after it was sent."""

    def refused(self, du: int, order: Order, cause: Cause) -> None:
        """The dApp refused the order."""

    def repeated(self, du: int, order: Order) -> None:
        """The order is sent once more."""

    def outnumbered(self, du: int, order: Order) -> None:
        """The dApp holds a delivery with a higher number (of an xApp whose state directory is lost).

        Told once per association: numbers do not leap again for a dApp that finds a leap stale too.
        """


class Courier:
    """Deliveries to one DU.

    Args:
        du: The DU.
        observer: Hears of events.
        timeout_s: Wait for an answer before an order is sent again; also for room on the stream.

    Attributes:
        running_version: Version that the dApp says it runs; None if it has said nothing.
        running_sha256: Digest that it says this version's tensors have; empty if it runs none.
        refusal: The newest refusal since the dApp last accepted something; None if there is none.
    """

    def __init__(self, du: int, observer: CourierObserver, timeout_s: float) -> None:
        self.du = du
        self._observer = observer
        self._timeout_s = timeout_s
        self._order: Order | None = None
        self._link: PolicyLink | None = None
        self._sending = asyncio.Lock()
        self._wake = asyncio.Event()
        self._sent = 0
        self._sent_at_s = 0.0
        self._settled = 0
        self._leapt = False
        self.running_version: int | None = None
        self.running_sha256 = ""
        self.refusal: Refusal | None = None

    @property
    def state(self) -> DeliveryState:
        """Where the newest order stands."""
        if self._order is None:
            return "no_policy"
        if self._link is None:
            return "not_connected"
        if self.refusal is not None and self.refusal.delivery == self._order.delivery:
            return "refused"
        return "accepted" if self._settled == self._order.delivery else "awaited"

    def assign(self, order: Order) -> None:
        """Replace the order; :meth:`push` or :meth:`run` sends it."""
        self._order = order
        self._wake.set()

    def connected(self, link: PolicyLink) -> None:
        """The DU's association is up; whatever was sent over an older one counts no more."""
        self._link = link
        self._sent = self._settled = 0
        self._leapt = False
        self._wake.set()

    def disconnected(self, link: PolicyLink) -> None:
        """The association is gone, unless a newer one has taken its place."""
        if self._link is link:
            self._link = None
            self.running_version = None
            self.running_sha256 = ""

    async def push(self) -> None:
        """Send the order now, unless it was sent over this association already.

        A stream that takes nothing for ``timeout_s`` is left alone until :meth:`run` tries again.
        """
        async with self._sending:
            order, link = self._order, self._link
            if order is None or link is None or self._sent == order.delivery:
                return
            at = order.effective
            try:
                async with asyncio.timeout(self._timeout_s):
                    await link.deliver(order, at[1] if at is not None and at[0] == link.epoch else 0)
            except TimeoutError:
                return
            if link is self._link:
                self._sent = order.delivery
                self._sent_at_s = asyncio.get_running_loop().time()

    def answer(self, answer: Answer) -> None:
        """The dApp told what it holds."""
        order = self._order
        self.running_version = answer.running_version
        self.running_sha256 = answer.running_sha256
        if order is None:
            return
        if answer.delivery == 0:
            if answer.running_version != order.version:
                self._repeat(order)
        elif answer.delivery == order.delivery:
            if answer.accepted:
                self._accepted(order)
            elif self._settled != order.delivery:
                # Else it came whole before: what is refused is a chunk of it that came once more.
                self._refused(order, answer.cause or Cause("misc", "unspecified"))

    def _accepted(self, order: Order) -> None:
        self.refusal = None
        if self._settled != order.delivery:
            self._settled = order.delivery
            self._observer.delivered(self.du, order, asyncio.get_running_loop().time() - self._sent_at_s)

    def _refused(self, order: Order, cause: Cause) -> None:
        stale = cause.label == "policy/stale-version"
        final = (stale and self._leapt) or (cause.group == "policy" and cause.name in _FINAL_CAUSES)
        self.refusal = Refusal(order.version, order.delivery, cause, final)
        self._observer.refused(self.du, order, cause)
        if final:
            self._settled = order.delivery
        elif stale:
            self._leapt = True
            self._observer.outnumbered(self.du, order)

    def _repeat(self, order: Order) -> None:
        if self._sent == order.delivery:
            self._observer.repeated(self.du, order)
        self._sent = self._settled = 0
        self._wake.set()

    async def run(self) -> None:
        """Send new orders as they come, and unanswered ones again, until cancelled."""
        while True:
            await self.push()
            try:
                # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(self._timeout_s):
                    await self._wake.wait()
            except TimeoutError:
                self._repeat_if_unanswered()
            self._wake.clear()

    def _repeat_if_unanswered(self) -> None:
        order = self._order
        if order is None or self._link is None or self._settled == order.delivery:
            return
        if asyncio.get_running_loop().time() - self._sent_at_s >= self._timeout_s:
            self._repeat(order)
