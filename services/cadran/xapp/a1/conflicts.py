"""Policies that cannot both stand: they ask for the same thing of the same slice at the same DU."""

from __future__ import annotations

from cadran.xapp.a1.effects import Standing
from cadran.xapp.a1.statements import DELAY, GUARANTEED, GUARANTEED_PER_UE, MAXIMUM, Said

_ONE_OF = ((DELAY,), (GUARANTEED, GUARANTEED_PER_UE), (MAXIMUM,))
"""Meanings of which a slice of a DU has one at most: each decides one threshold or one bound."""


def conflict(one: Standing, other: Standing) -> str | None:
    """What two policies disagree about; None if both can stand."""
    shared = sorted(one.dus & other.dus)
    if one.slice_index != other.slice_index or not shared:
        return None
    for meanings in _ONE_OF:
        first, second = _named(one.said, meanings), _named(other.said, meanings)
        if first and second:
            return f"both set the {meanings[0]} of the slice at DU {shared[0]} ({first}, {second})"
    for low, high in ((one, other), (other, one)):
        least, most = low.said.value(GUARANTEED), high.said.value(MAXIMUM)
        if least is not None and most is not None and least > most:
            return f"a guarantee of {least / 1e3:g} kbit/s and a maximum of {most / 1e3:g} at DU {shared[0]}"
    return None


def _named(said: Said, meanings: tuple[str, ...]) -> str:
    return ", ".join(one.name for one in said.statements if one.meaning in meanings)
