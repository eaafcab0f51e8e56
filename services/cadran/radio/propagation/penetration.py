"""Loss into buildings, TR 38.901 clause 7.4.3."""

from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

INDOOR_LOSS_DB_PER_M = 0.5
DEEPEST_M = 25.0
_OLD_MODEL_BELOW_HZ = 6e9
_OLD_WALL_DB = 20.0


class Wall(NamedTuple):
    """Outer wall of the buildings.

    Attributes:
        loss_db: PL_tw.
        deviation_db: standard deviation sigma_P of the loss between UEs.
        draws: the way inside is the least of so many uniform draws from 0 to 25 m.
        per_link: whether the way inside differs from site to site, or belongs to the UE.
    """

    loss_db: float
    deviation_db: float
    draws: int
    per_link: bool


def wall(penetration: str, carrier_hz: float) -> Wall | None:
    """The wall that ``world.channel.penetration`` names, or None if there are no buildings.

    Tables 7.4.3-2 and 7.4.3-1 for low and high loss; Table 7.4.3-3 for the model kept below 6 GHz.
    """
    carrier_ghz = carrier_hz / 1e9
    if penetration == "by_carrier":
        penetration = "below_6ghz" if carrier_hz < _OLD_MODEL_BELOW_HZ else "low"
    concrete_db = 5 + 4 * carrier_ghz
    if penetration == "below_6ghz":
        return Wall(_OLD_WALL_DB, 0.0, 1, per_link=True)
    if penetration == "low":
        return Wall(_mixture_db(0.3, 2 + 0.2 * carrier_ghz, concrete_db), 4.4, 2, per_link=False)
    if penetration == "high":
        return Wall(_mixture_db(0.7, 25.4 + 0.11 * carrier_ghz, concrete_db), 6.5, 2, per_link=False)
    return None


def _mixture_db(glass_share: float, glass_db: float, concrete_db: float) -> float:
    through = glass_share * 10 ** (-glass_db / 10) + (1 - glass_share) * 10 ** (-concrete_db / 10)
    return float(5 - 10 * log10(through))


def draw_indoors(
    wall: Wall, indoor: NDArray[np.bool_], sites: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wall losses float64[N] in dB and ways inside float64[N, sites] in m; both 0 where not ``indoor``.

    Args:
        wall: of the buildings.
        indoor: bool[N].
        sites: number of sites.
        rng: drawn from.
    """
    count = len(indoor)
    loss_db = wall.loss_db + wall.deviation_db * rng.standard_normal(count)
    columns = sites if wall.per_link else 1
    # 1 - U lies in (0, 1]: a way inside of exactly 0 would make the UE an outdoor one.
    inside_m = DEEPEST_M * (1 - rng.random((wall.draws, count, columns))).min(axis=0)
    inside_m = np.broadcast_to(inside_m, (count, sites))
    return np.where(indoor, loss_db, 0.0), np.where(indoor[:, None], inside_m, 0.0)
