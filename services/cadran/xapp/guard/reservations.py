"""Who holds which parameter of which DU, and until when."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cadran.xapp.guard.control import Source

Parameter = tuple[str, int]
"""What may be held: ("slice_quota", SST) or ("policy", 0)."""
POLICY: Parameter = ("policy", 0)


@dataclass(frozen=True)
class Reservation:
    """A parameter held by a source.

    Attributes:
        du: The DU.
        parameter: What is held.
        holder: By whom.
        until_s: End on the guard's clock; infinity: until released.
    """

    du: int
    parameter: Parameter
    holder: Source
    until_s: float


class Reservations:
    """Reservations in force; one holder for each parameter of a DU."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, Parameter], Reservation] = {}

    def against(
        self, source: Source, du: int, parameters: Iterable[Parameter], now_s: float
    ) -> list[Reservation]:
        """Reservations of other sources on these parameters, that have not run out."""
        found = (self._held.get((du, parameter)) for parameter in parameters)
        return [one for one in found if one and one.until_s > now_s and not one.holder.same(source)]

    def hold(
        self, source: Source, du: int, parameters: Iterable[Parameter], for_s: float, now_s: float
    ) -> None:
        """Reserve parameters, whoever held them; for no time frees them."""
        for parameter in parameters:
            if for_s > 0:
                self._held[du, parameter] = Reservation(du, parameter, source, now_s + for_s)
            else:
                self._held.pop((du, parameter), None)

    def release(self, du: int, parameter: Parameter) -> None:
        """Free a parameter; one that nobody holds is no error."""
        self._held.pop((du, parameter), None)

    def now(self, now_s: float) -> tuple[Reservation, ...]:
        """All that have not run out, by DU."""
        self._held = {key: one for key, one in self._held.items() if one.until_s > now_s}
        return tuple(self._held[key] for key in sorted(self._held))


def said(reservation: Reservation, now_s: float) -> str:
    """Who holds what and until when, for people."""
    name, sst = reservation.parameter
    what = f"{name} of SST {sst}" if sst else name
    if math.isinf(reservation.until_s):
        return f"{what} is held by {reservation.holder} until released"
    return f"{what} is held by {reservation.holder} for {reservation.until_s - now_s:.1f} s more"
