"""Tells the dApps which of their rows are at rest, cumulatively."""

from __future__ import annotations

from collections.abc import Callable

from cadran.replay.schema import Identity

Send = Callable[[Identity], None]


class Acknowledger:
    """What was acknowledged to each DU; never goes back, and is told again when a DU sends again or returns.

    Args:
        dus: Number of DUs.
    """

    def __init__(self, dus: int) -> None:
        self._upto: list[Identity | None] = [None] * dus
        self._send: list[Send | None] = [None] * dus

    def upto(self, du: int) -> Identity | None:
        """Identity of the last row acknowledged to a DU."""
        return self._upto[du]

    def connect(self, du: int, send: Send) -> None:
        """A DU can be told from now on; it is told at once what was acknowledged before."""
        self._send[du] = send
        self.repeat(du)

    def disconnect(self, du: int) -> None:
        """A DU cannot be told any more."""
        self._send[du] = None

    def acknowledge(self, du: int, identity: Identity) -> None:
        """All rows of the DU up to this one are at rest."""
        before = self._upto[du]
        self._upto[du] = identity if before is None else max(before, identity)
        self.repeat(du)

    def repeat(self, du: int) -> None:
        """Tell a DU again what was acknowledged to it, if anything was."""
        upto, send = self._upto[du], self._send[du]
        if upto is not None and send is not None:
            send(upto)
