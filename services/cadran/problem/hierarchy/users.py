"""What is measured of each user in one frame, and what is granted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.arithmetic import ordered_sum
from cadran.problem.measurements import Float32

Int16 = NDArray[np.int16]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class UserMeasurements:
    """One frame of one DU, or of any leading batch shape ``...``; users of a slice hold its first places.

    Attributes:
        arrived_bytes: Bytes that arrived in the frame, int ``[..., S, U]``.
        delivered_bytes: Bytes delivered over the air, int ``[..., S, U]``.
        queued_bytes: Bytes waiting at the frame's end, those in HARQ included, int ``[..., S, U]``.
        mean_se: Average spectral efficiency in bit/s/Hz, float32 ``[..., S, U]``; 0 where no user is.
        rbs: RBs transmitted on, added up over the frame's TTIs, int ``[..., S, U]``.
        power: Mean power of the slice's granted RBs as a fraction of the most, in [0, 1], float32
            ``[..., S]``; 0 where none was granted.
    """

    arrived_bytes: NDArray[np.integer[Any]]
    delivered_bytes: NDArray[np.integer[Any]]
    queued_bytes: NDArray[np.integer[Any]]
    mean_se: Float32
    rbs: NDArray[np.integer[Any]]
    power: Float32

    def select(self, index: Any) -> UserMeasurements:
        """Take a part of the batch; ``index`` addresses the leading axes."""
        return UserMeasurements(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


@dataclass(frozen=True)
class UserGrants:
    """RBs of each user per TTI, and their power; which RBs these are is the MAC's choice.

    Attributes:
        ue_rbs: int16 ``[..., S, U]``, at least 0, in sum over a DU at most its RBs; 0 where no user is.
        ue_power: Power of each of the user's RBs as a fraction of the most, float32 ``[..., S, U]``: in
            (0, 1] where it has RBs, else 0.
    """

    ue_rbs: Int16
    ue_power: Float32

    @staticmethod
    def stack(parts: Sequence[UserGrants]) -> UserGrants:
        """Several grants ``[...]`` as one ``[n, ...]``, in their order."""
        return UserGrants(
            np.stack([part.ue_rbs for part in parts]), np.stack([part.ue_power for part in parts])
        )

    def kept_for(self, ues: NDArray[np.integer[Any]]) -> UserGrants:
        """These grants without those of places that no user holds, where slices have ``ues[..., S]``."""
        held = places_held(ues, self.ue_rbs.shape[-1])
        return UserGrants(
            np.where(held, self.ue_rbs, np.int16(0)), np.where(held, self.ue_power, np.float32(0.0))
        )

    @property
    def mean_power(self) -> Float32:
        """Mean power of each slice's granted RBs, float32 ``[..., S]``; 0 where none is granted."""
        rbs = self.ue_rbs.astype(np.float64)
        granted = ordered_sum(rbs)
        return np.asarray(ordered_sum(rbs * self.ue_power) / np.maximum(granted, 1.0), dtype=np.float32)


def places_held(ues: NDArray[np.integer[Any]], places: int) -> Bool:
    """Which of a slice's places hold a user, bool ``[..., S, places]``, for ``ues[..., S]`` users."""
    held: Bool = np.arange(places) < np.asarray(ues)[..., np.newaxis]
    return held
