"""The order of UEs on a unit, as one int32 key per (UE, unit): the greatest key is served.

A key is the metric (bits the unit carries x the UE's factor) as float32, whose bit pattern orders like an
integer as metrics are not negative, with the lowest b bits replaced by a rank that breaks ties, and that
tells whose key it is. 2^b >= S U, so UEs whose metrics differ by less than 2^(b - 23) of their value count as
tied (b = 7, 1.5e-5, for 33 places).

Ties matter: UEs at the cap of spectral efficiency tie on most units, and must share. The rank is a fixed
pseudo-random permutation of (slice U + place + unit + shift) mod 2^b, and ``shift`` moves on from TTI to TTI:
over 2^b consecutive units or TTIs each of two tied UEs wins between 40 and 60 % (b >= 5), wherever their
places.

The keys of a slice's best UEs come from one pass over its waiting UEs, all units at a time, which compiles
to vector instructions. A unit's winner may since have been drained; only then the unit is searched again.
Unsigned indices keep the compiler free of the test for negative ones, which would stop it from using vectors.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel, kernel
from cadran.radio.world import SLICES

MIX = (35347, 42643, 4171)
"""Odd multipliers of the permutation, chosen among random ones for the evenest shares of tied pairs."""
UNMIX = (pow(MIX[0], -1, 1 << 16), pow(MIX[1], -1, 1 << 16), pow(MIX[2], -1, 1 << 16))
"""Their inverses modulo 2^16, hence modulo any smaller power of two."""
NOBODY = -1
"""Below every key."""


class Workspace(NamedTuple):
    """What scheduling needs to have at hand, so that it allocates nothing.

    Attributes:
        ranks: int32[2^b + G], the tie-breaking rank of x, continued periodically.
        mask: 2^b - 1.
        half: (b + 1) // 2.
        keys: int32[S, G], greatest key of a waiting UE of the slice on the unit, or NOBODY.
        units: int64[G], a list of units.
        blocks: int64[S + 1], the unit where each slice's block begins, and where the last one ends.
        guaranteed: int64[S], RBs.
        competitors: int64[S], UEs.
        unspent: int64[S, U], RBs of the UE's grant that it has not taken yet (mode 2).
    """

    ranks: NDArray[np.int32]
    mask: int
    half: int
    keys: NDArray[np.int32]
    units: NDArray[np.int64]
    blocks: NDArray[np.int64]
    guaranteed: NDArray[np.int64]
    competitors: NDArray[np.int64]
    unspent: NDArray[np.int64]


@kernel
def new_workspace(places: int, units: int) -> Workspace:
    """For ``places`` = U places per slice and ``units`` = G units; any number of DUs may share it in turn."""
    bits = 2
    while (1 << bits) < SLICES * places:
        bits += 1
    mask, half = (1 << bits) - 1, (bits + 1) >> 1
    ranks = np.empty(mask + 1 + units, dtype=np.int32)
    for x in range(ranks.shape[0]):
        mixed = (x * MIX[0]) & mask
        mixed = ((mixed ^ (mixed >> half)) * MIX[1]) & mask
        ranks[x] = ((mixed ^ (mixed >> half)) * MIX[2]) & mask
    return Workspace(
        ranks,
        mask,
        half,
        np.empty((SLICES, units), dtype=np.int32),
        np.empty(units, dtype=np.int64),
        np.empty(SLICES + 1, dtype=np.int64),
        np.empty(SLICES, dtype=np.int64),
        np.empty(SLICES, dtype=np.int64),
        np.empty((SLICES, places), dtype=np.int64),
    )


@borrowing_kernel
def place_of(key: int, mask: int, half: int, offset: int) -> int:
    """Place of the UE with this key; ``offset`` = slice U + unit + shift."""
    mixed = (key * UNMIX[2]) & mask
    mixed = ((mixed ^ (mixed >> half)) * UNMIX[1]) & mask
    return ((mixed ^ (mixed >> half)) * UNMIX[0] - offset) & mask


@borrowing_kernel
def find_best(
    csi: NDArray[np.int32],
    places: NDArray[np.int64],
    size: NDArray[np.int64],
    factor: NDArray[np.float32],
    ranks: NDArray[np.int32],
    keys: NDArray[np.int32],
    mask: int,
    shift: int,
    s: int,
    first: int,
    last: int,
) -> None:
    """Write to ``keys[s, first:last]`` the greatest key over the waiting UEs of slice ``s``."""
    clear, slice_, start, units = np.int32(~mask), np.uint64(s), np.uint64(first), np.uint64(last - first)
    for i in range(units):
        keys[slice_, start + i] = NOBODY
    for index in range(int(size[s])):
        place = int(places[s, index])
        u, of_ue = np.uint64(place), np.float32(factor[s, place])
        x = np.uint64((s * places.shape[1] + place + first + shift) & mask)
        for i in range(units):
            metric = np.float32(np.float32(csi[slice_, u, start + i]) * of_ue)
            key = (np.float32(metric).view(np.int32) & clear) | ranks[x + i]
            keys[slice_, start + i] = max(keys[slice_, start + i], np.int32(key))


@borrowing_kernel
def search_again(
    csi: NDArray[np.int32],
    places: NDArray[np.int64],
    size: NDArray[np.int64],
    factor: NDArray[np.float32],
    ranks: NDArray[np.int32],
    keys: NDArray[np.int32],
    mask: int,
    shift: int,
    s: int,
    unit: int,
) -> int:
    """``find_best`` for one unit; returns the key."""
    clear, slice_, column = np.int32(~mask), np.uint64(s), np.uint64(unit)
    offset, best = s * places.shape[1] + unit + shift, np.int32(NOBODY)
    for index in range(int(size[s])):
        place = int(places[s, index])
        u, x = np.uint64(place), np.uint64((place + offset) & mask)
        metric = np.float32(np.float32(csi[slice_, u, column]) * np.float32(factor[slice_, u]))
        best = max(best, np.int32((np.float32(metric).view(np.int32) & clear) | ranks[x]))
    keys[slice_, column] = best
    return int(best)
