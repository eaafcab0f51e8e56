"""Throughputs of policies as bounds on PRB ratios, by the spectral efficiency that is measured.

A guarantee becomes a floor, ``ceil(100 R / (SE B))`` percent, and a maximum a ceiling, rounded the same way,
with the slice's mean spectral efficiency SE over the window and the bandwidth B of the DU. ASSUMED: what the
link loses against the mean of its channels is left to the reward. A DU gets its bounds with the first
measurements of UEs of the slice, and keeps the last ones while there are none: there is nothing to reckon new
ones by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cadran.problem import Frame
from cadran.wire.codecs import SLICES
from cadran.xapp.a1.effects import Standing
from cadran.xapp.a1.measured import MeasuredWindow, SliceMeasured
from cadran.xapp.a1.statements import GUARANTEED, GUARANTEED_PER_UE, MAXIMUM
from cadran.xapp.guard.limits import LimitError, Limits, SliceLimit

_STEP_PERCENT = 2
"""Bounds move in no smaller steps: a channel that wavers is no news."""


class Bounds:
    """Keeps the guard's limits what the policies ask for, as measurements come.

    Args:
        limits: The guard's.
        window: What was measured.
        frame: Facts of the RAN.
    """

    def __init__(self, limits: Limits, window: MeasuredWindow, frame: Frame) -> None:
        self._limits = limits
        self._window = window
        self._hertz = frame.rbs * frame.rb_bandwidth_hz
        self._policies: Mapping[str, Standing] = {}
        self._set: dict[tuple[str, int], SliceLimit] = {}
        self._unfit: dict[tuple[str, int], str] = {}

    def stand(self, policies: Mapping[str, Standing]) -> None:
        """From now on these policies stand, by their origin; limits of all others are cleared."""
        for origin, policy in self._policies.items():
            if policies.get(origin) != policy:
                self._forget(origin)
        self._policies = policies
        for du in sorted({du for policy in policies.values() for du in policy.dus}):
            self.measured(du)

    def _forget(self, origin: str) -> None:
        self._limits.clear(origin)
        self._set = {key: limit for key, limit in self._set.items() if key[0] != origin}
        self._unfit = {key: text for key, text in self._unfit.items() if key[0] != origin}

    def measured(self, du: int) -> None:
        """A DU has measured anew."""
        for origin, policy in self._policies.items():
            wanted = self._wanted(origin, policy, du) if du in policy.dus else None
            if wanted is not None and self._moves(self._set.get((origin, du)), wanted):
                self._try(du, wanted)

    def unfit(self, origin: str) -> str | None:
        """Why a bound of a policy is not in force as it should be; None: they all are."""
        return next((text for (name, _), text in self._unfit.items() if name == origin), None)

    def _try(self, du: int, limit: SliceLimit) -> None:
        key = (limit.origin, du)
        try:
            self._limits.set(du, limit)
        except LimitError as error:
            self._unfit[key] = str(error)
        else:
            self._set[key] = limit
            self._unfit.pop(key, None)

    def _wanted(self, origin: str, policy: Standing, du: int) -> SliceLimit | None:
        measured = self._window.of(du, policy.slice_index)
        most = policy.said.value(MAXIMUM)
        least = _least_bps(policy, measured)
        if not measured.spectral_efficiency or (most is None and least is None):
            return None
        capacity_bps = measured.spectral_efficiency * self._hertz
        floor = 0 if least is None else _percent(least, capacity_bps)
        ceiling = 100 if most is None else _percent(most, capacity_bps)
        return SliceLimit(SLICES[policy.slice_index].sst, min(floor, ceiling), ceiling, origin)

    @staticmethod
    def _moves(held: SliceLimit | None, wanted: SliceLimit) -> bool:
        if held is None:
            return True
        floor, ceiling = held.floor_percent, held.ceiling_percent
        moved = max(abs(floor - wanted.floor_percent), abs(ceiling - wanted.ceiling_percent))
        return moved >= _STEP_PERCENT


def _least_bps(policy: Standing, measured: SliceMeasured) -> float | None:
    per_ue = policy.said.value(GUARANTEED_PER_UE)
    return policy.said.value(GUARANTEED) if per_ue is None else per_ue * measured.ues


def _percent(rate_bps: float, capacity_bps: float) -> int:
    return 100 if rate_bps >= capacity_bps else math.ceil(100.0 * rate_bps / capacity_bps)
