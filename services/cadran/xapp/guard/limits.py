"""Bounds that A1 policies put on the PRB ratios of slices; the guard holds every quota to them."""

from __future__ import annotations

from dataclasses import dataclass

from cadran.wire.codecs import SLICES

_SSTS = tuple(slice_.sst for slice_ in SLICES)


class LimitError(ValueError):
    """A limit that cannot stand; nothing was changed."""


@dataclass(frozen=True)
class SliceLimit:
    """Bounds on the PRB ratios of one slice in percent, 0 <= floor <= ceiling <= 100.

    Attributes:
        sst: Slice/service type: 1 eMBB, 2 URLLC, 3 mMTC.
        floor_percent: The minimum ratio is never below it.
        ceiling_percent: The maximum ratio is never above it.
        origin: Who set it, such as the id of an A1 policy; empty where nobody did.

    Raises:
        LimitError: There is no such slice, or the bounds are not in order.
    """

    sst: int
    floor_percent: int
    ceiling_percent: int
    origin: str

    def __post_init__(self) -> None:
        if self.sst not in _SSTS:
            raise LimitError(f"limit of '{self.origin}': no slice with SST {self.sst}, there are {_SSTS}")
        if not 0 <= self.floor_percent <= self.ceiling_percent <= 100:
            raise LimitError(
                f"limit of '{self.origin}' for SST {self.sst}: floor {self.floor_percent} % and ceiling "
                f"{self.ceiling_percent} % must be in order within 0..100 %"
            )


class Limits:
    """Limits in force, by origin. Used from one event loop."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int | None, int], SliceLimit] = {}

    def set(self, du: int | None, limit: SliceLimit) -> None:
        """Put a limit in force, in place of the same origin's for the same DU and slice.

        Args:
            du: The DU; None for all DUs.
            limit: Bounds and origin.

        Raises:
            LimitError: The origin is empty, or the floors of a DU's slices would sum to more than 100 %.
        """
        if not limit.origin:
            raise LimitError("a limit needs an origin, or it could never be cleared")
        wanted = {**self._held, (limit.origin, du, limit.sst): limit}
        for one in {named for _, named, _ in wanted}:
            floors = sum(_tightest(wanted, one, sst).floor_percent for sst in _SSTS)
            if floors > 100:
                where = "every DU" if one is None else f"DU {one}"
                raise LimitError(
                    f"limit of '{limit.origin}' for SST {limit.sst}: the floors of {where} would sum to "
                    f"{floors} %; at most 100"
                )
        self._held = wanted

    def clear(self, origin: str) -> None:
        """Take all limits of an origin out of force; none is no error."""
        self._held = {key: limit for key, limit in self._held.items() if key[0] != origin}

    def of(self, du: int, sst: int) -> SliceLimit:
        """The tightest bounds of all origins: the highest floor, the lowest ceiling.

        Where two origins contradict each other the ceiling stands and the floor comes down to it: a ceiling
        protects the other slices. The origin names whoever set one of the two bounds, joined by commas.
        """
        return _tightest(self._held, du, sst)


def _tightest(held: dict[tuple[str, int | None, int], SliceLimit], du: int | None, sst: int) -> SliceLimit:
    found = [limit for (_, named, slice_), limit in held.items() if slice_ == sst and named in (None, du)]
    floor = max((limit.floor_percent for limit in found), default=0)
    ceiling = min((limit.ceiling_percent for limit in found), default=100)
    binding = {
        limit.origin
        for limit in found
        if 0 < floor == limit.floor_percent or 100 > ceiling == limit.ceiling_percent
    }
    return SliceLimit(sst, min(floor, ceiling), ceiling, ",".join(sorted(binding)))
