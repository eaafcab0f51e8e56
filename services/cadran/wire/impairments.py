"""What may befall PDUs between two services: delay, jitter, loss, duplication, reordering, disconnection.

gRPC's streams lose nothing and keep the order, so none of it comes from them. Impairments stand for what sits
between the ends of a real deployment: a relay or E2 termination that restarts and forgets or repeats what it
held, a transport that keeps no order (several SCTP streams, datagrams under E3), a long way, a cut.

They take hold at the sender, between its outbox and the stream; what is exchanged before there is a session,
a setup and its refusal, is spared. What befalls a PDU is drawn when it leaves the outbox, as many numbers for
every PDU, so that its fate depends on the seed, on the association's place among those of the process, and on
the PDU's place in the association.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cadran.wire.causes import Cause, WireError

#: PDUs under way on one stream; beyond it the outbox waits, whose bounds then hold.
MOST_UNDER_WAY = 1024

Seconds = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class ImpairmentSpec(BaseModel):
    """Impairments of one interface, the same in both directions; the default is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delay_s: Seconds = Field(default=0.0, description="delay of every PDU [s]")
    jitter_s: Seconds = Field(
        default=0.0, description="further delay, uniform from 0 to this [s]; it alone keeps the order"
    )
    loss: Probability = Field(default=0.0, description="share of PDUs that never arrive")
    duplication: Probability = Field(default=0.0, description="share of PDUs that arrive twice")
    reordering: Probability = Field(default=0.0, description="share of PDUs that later ones may overtake")
    reordering_s: Seconds = Field(default=0.02, description="how much later such a PDU arrives [s]")
    disconnection: Probability = Field(
        default=0.0, description="share of PDUs in place of which the association is cut"
    )

    @property
    def none(self) -> bool:
        """Whether nothing befalls any PDU."""
        return not any(
            (self.delay_s, self.jitter_s, self.loss, self.duplication, self.reordering, self.disconnection)
        )


class ImpairmentsSpec(BaseModel):
    """A scenario's section `impairments`; services obey it, training in one process knows no PDUs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    e2: ImpairmentSpec = ImpairmentSpec()
    e3: ImpairmentSpec = ImpairmentSpec()


@dataclass(frozen=True)
class Fate:
    """What befalls one PDU.

    Attributes:
        delay_s: of its way [s]; None: it never arrives.
        copies: how often it arrives, 1 or 2.
        overtaken: whether later PDUs may arrive before it.
        cut: the association is cut in its place.
    """

    delay_s: float | None
    copies: int
    overtaken: bool
    cut: bool


class Fates:
    """Fates of the PDUs of one direction of one association, in order.

    Args:
        spec: how probable they are.
        rng: decides; five numbers for each PDU.
    """

    def __init__(self, spec: ImpairmentSpec, rng: np.random.Generator) -> None:
        self._spec = spec
        self._rng = rng

    def next(self) -> Fate:
        """The fate of the next PDU."""
        spec = self._spec
        cut, loss, duplication, reordering, jitter = self._rng.random(5)
        overtaken = bool(reordering < spec.reordering)
        delay_s = spec.delay_s + float(jitter) * spec.jitter_s + (spec.reordering_s if overtaken else 0.0)
        return Fate(
            delay_s=None if loss < spec.loss else delay_s,
            copies=2 if duplication < spec.duplication else 1,
            overtaken=overtaken,
            cut=bool(cut < spec.disconnection),
        )


class Impairments:
    """Impairments of all associations of one interface in one process.

    Args:
        spec: how probable they are.
        rng: gives each association a generator of its own.
    """

    def __init__(self, spec: ImpairmentSpec, rng: np.random.Generator) -> None:
        self._spec = spec
        self._rng = rng

    def road(self, write: Callable[[bytes], Awaitable[None]]) -> Road:
        """The way of the next association's PDUs to its stream."""
        return Road(write, Fates(self._spec, self._rng.spawn(1)[0]))


class Road:
    """The way of PDUs from an outbox to its stream.

    Args:
        write: writes one PDU to the stream.
        fates: what befalls them.
    """

    def __init__(self, write: Callable[[bytes], Awaitable[None]], fates: Fates) -> None:
        self._write = write
        self._fates = fates
        self._under_way: list[tuple[float, int, bytes]] = []  # a heap: due time, order of departure, PDU
        self._departed = 0
        self._due_s = 0.0
        self._changed = asyncio.Event()
        self._arrived = asyncio.Event()
        self._filled = False

    async def take(self, data: bytes) -> None:
        """Let a PDU depart; waits while too many are under way.

        Raises:
            WireError: the association is cut here.
        """
        fate = self._fates.next()
        if fate.cut:
            name = "transport-resource-unavailable"
            raise WireError(Cause("transport", name, "cut, as the scenario's impairments say"))
        if fate.delay_s is None:
            return
        while len(self._under_way) >= MOST_UNDER_WAY:
            self._arrived.clear()
            await self._arrived.wait()
        now_s = asyncio.get_running_loop().time()
        due_s = now_s + fate.delay_s
        if not fate.overtaken:
            due_s = self._due_s = max(self._due_s, due_s)
        for _ in range(fate.copies):
            self._departed += 1
            heapq.heappush(self._under_way, (due_s, self._departed, data))
        self._changed.set()

    async def run(self, fill: Callable[[], Awaitable[None]]) -> None:
        """Let PDUs depart as `fill` gives them to `take`, and arrive; returns when both are done.

        A cut loses what is under way. What is being written is written to its end: gRPC tells the peer
        nothing of the end of a stream on which a write was given up.

        Raises:
            WireError: the association is cut.
            grpc.aio.AioRpcError, asyncio.InvalidStateError: the stream is gone.
        """
        filling, arriving = asyncio.ensure_future(self._filling(fill)), asyncio.ensure_future(self._arrive())
        tasks = (filling, arriving)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            if filling in done:
                await asyncio.wait((arriving,))
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _filling(self, fill: Callable[[], Awaitable[None]]) -> None:
        try:
            await fill()
        except WireError:
            self._under_way.clear()
            raise
        finally:
            self._filled = True
            self._changed.set()

    async def _arrive(self) -> None:
        loop = asyncio.get_running_loop()
        while self._under_way or not self._filled:
            self._changed.clear()
            wait_s = self._under_way[0][0] - loop.time() if self._under_way else None
            if wait_s is None or wait_s > 0:
                await self._changed_within(wait_s)
                continue
            data = heapq.heappop(self._under_way)[2]
            self._arrived.set()
            await self._write(data)

    async def _changed_within(self, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return
