"""Brings the promoted initialisation to the xApp, and brings back how DUs adapt from it.

Once a period, whatever is promoted is compared with what the xApp says it holds. So it does not matter which
of the two is started first, or restarted, and a roll-back is delivered like anything else.
"""

from __future__ import annotations

import asyncio
from typing import Literal, Protocol

from cadran.rapp.registry import DamagedError, Entry, Registry
from cadran.rapp.xapp_client import Adaptation, XappAwayError, XappRefusedError

State = Literal["nothing_promoted", "away", "refused", "damaged", "delivered"]


class Client(Protocol):
    """An xApp; see `xapp_client.XappClient`. Calls block."""

    def adaptation(self) -> Adaptation:
        """How its DUs adapt."""

    def deliver(self, artifact: bytes) -> None:
        """Give it an initialisation."""


class CourierObserver(Protocol):
    """Whoever wants to know of deliveries; called in the event loop."""

    def delivered(self, version: int) -> None:
        """The xApp took an initialisation."""

    def delivery_refused(self, version: int, reason: str) -> None:
        """The xApp refused one."""

    def adapting(self, adaptation: Adaptation) -> None:
        """The xApp told how its DUs adapt."""


class Courier:
    """Delivers until cancelled.

    Args:
        client: The xApp.
        registry: What is promoted.
        observer: Hears of events.
        period_s: Time between two looks.

    Attributes:
        state: Where the promoted version stands.
        reason: Why it is not delivered; None if it is, or if nothing is promoted.
        adaptation: What the xApp told last; None before it has answered.
    """

    def __init__(
        self, client: Client, registry: Registry, observer: CourierObserver, period_s: float
    ) -> None:
        self._client = client
        self._registry = registry
        self._observer = observer
        self._period_s = period_s
        self._refused: tuple[str, str] | None = None  # digest of what the xApp refused, and why
        self.state: State = "nothing_promoted"
        self.reason: str | None = None
        self.adaptation: Adaptation | None = None

    async def run(self) -> None:
        """Look and deliver, once a period."""
        while True:
            try:
                await self.look()
            except XappAwayError as error:
                # It may come back as another one, which takes what this one refused.
                self._refused, self.state, self.reason = None, "away", str(error)
            except DamagedError as error:
                self.state, self.reason = "damaged", str(error)
            await asyncio.sleep(self._period_s)

    async def look(self) -> None:
        """Hear how DUs adapt, and deliver what is promoted if the xApp does not hold it.

        Raises:
            XappAwayError: The xApp does not answer.
            DamagedError: The promoted version's file cannot be read.
        """
        try:
            self.adaptation = await asyncio.to_thread(self._client.adaptation)
        except XappRefusedError as error:
            self.state, self.reason = "refused", str(error)
            return
        self._observer.adapting(self.adaptation)
        version = self._registry.promoted_version
        if version is None:
            self.state, self.reason = "nothing_promoted", None
            return
        held = self.adaptation.initialisation
        await self._bring(self._registry.entry(version), held.sha256 if held else None)

    async def _bring(self, entry: Entry, held: str | None) -> None:
        version, wanted = entry.meta.version, entry.meta.sha256
        if held != wanted and (self._refused is None or self._refused[0] != wanted):
            await self._deliver(version, wanted)
        if self._refused is not None and held != wanted:
            self.state, self.reason = "refused", self._refused[1]
        else:
            self._refused, self.state, self.reason = None, "delivered", None

    async def _deliver(self, version: int, digest: str) -> None:
        artifact = await asyncio.to_thread(self._registry.artifact, version)
        try:
            await asyncio.to_thread(self._client.deliver, artifact)
        except XappRefusedError as error:
            self._refused = (digest, str(error))
            self._observer.delivery_refused(version, str(error))
        else:
            self._refused = None
            self._observer.delivered(version)
