"""The order of UEs on a unit, as one int32 key per (UE, unit): the greatest key is served.

A key is the metric (bits the unit carries x the UE's factor) as float32, whose bit pattern orders like an
integer as metrics are not negative, with the lowest b bits replaced by a rank that breaks ties, and that
tells whose key it is. 2^b >= S U, so UEs whose metrics differ by less than 2^(b - 23) of their value count as
tied (b = 7, 1.5e-5, for 33 places).

Ties matter: UEs at the cap of spectral efficiency tie on most units, and must share. The rank is a fixed
pseudo-random permutation of (slice U + place + unit + turn) mod 2^b, ``turn`` moving on from TTI to TTI: over
2^b consecutive units or TTIs each of two tied UEs wins between 40 and 60 % (b >= 5), wherever their places.

The keys of a slice's best UEs come from one pass over its waiting UEs, all units at a time, which compiles
to vector instructions. A unit's winner may since have been drained; only then the unit is searched again.
Unsigned indices keep the compiler free of the test for negative ones, which would stop it from using vectors.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import kernel
from cadran.radio.mac.waiting import Waiting
from cadran.radio.world import SLICES

MIX = (35347, 42643, 4171)
"""Odd multipliers of the permutation, chosen among random ones for the evenest shares of tied pairs."""
UNMIX = (pow(MIX[0], -1, 1 << 16), pow(MIX[1], -1, 1 << 16), pow(MIX[2], -1, 1 << 16))
"""Their inverses modulo 2^16, hence modulo any smaller power of two."""
NOBODY = -1
"""Below every key."""


class Order(NamedTuple):
    """Tie-breaking ranks of one DU in one TTI, and room for keys.

    Attributes:
        ranks: int32[2^b + G], rank of x, continued periodically.
        keys: int32[S, G], greatest key of a waiting UE of the slice on the unit, or NOBODY.
        mask: 2^b - 1.
        half: (b + 1) // 2.
        turn: counts TTIs, modulo 2^b.
    """

    ranks: NDArray[np.int32]
    keys: NDArray[np.int32]
    mask: int
    half: int
    turn: int


@kernel
def new_order(places: int, units: int, turn: int) -> Order:
    """Ranks for ``places`` places per slice and ``units`` units."""
    bits = 2
    while (1 << bits) < SLICES * places:
        bits += 1
    mask, half = (1 << bits) - 1, (bits + 1) >> 1
    ranks = np.empty(mask + 1 + units, dtype=np.int32)
    for x in range(ranks.shape[0]):
        mixed = (x * MIX[0]) & mask
        mixed = ((mixed ^ (mixed >> half)) * MIX[1]) & mask
        ranks[x] = ((mixed ^ (mixed >> half)) * MIX[2]) & mask
    return Order(ranks, np.empty((SLICES, units), dtype=np.int32), mask, half, turn & mask)


@kernel
def place_of(order: Order, key: int, first: int, unit: int) -> int:
    """Place of the UE with this key on the unit; ``first`` = slice * U."""
    mixed = (key * UNMIX[2]) & order.mask
    mixed = ((mixed ^ (mixed >> order.half)) * UNMIX[1]) & order.mask
    x = (mixed ^ (mixed >> order.half)) * UNMIX[0]
    return (x - unit - order.turn - first) & order.mask


@kernel
def find_best(
    csi: NDArray[np.int32],
    places: NDArray[np.int64],
    size: NDArray[np.int64],
    factor: NDArray[np.float32],
    order: Order,
    s: int,
    first: int,
    last: int,
) -> None:
    """Write to ``order.keys[s, first:last]`` the greatest key over the waiting UEs of slice ``s``."""
    ranks, keys, clear = order.ranks, order.keys, np.int32(~order.mask)
    slice_, start, units = np.uint64(s), np.uint64(first), np.uint64(last - first)
    for i in range(units):
        keys[slice_, start + i] = NOBODY
    for index in range(int(size[s])):
        u = np.uint64(places[s, index])
        of_ue = np.float32(factor[slice_, u])
        x = np.uint64((s * places.shape[1] + int(places[s, index]) + first + order.turn) & order.mask)
        for i in range(units):
            metric = np.float32(np.float32(csi[slice_, u, start + i]) * of_ue)
            key = (np.float32(metric).view(np.int32) & clear) | ranks[x + i]
            keys[slice_, start + i] = max(keys[slice_, start + i], np.int32(key))


@kernel
def best_place(
    csi: NDArray[np.int32], waiting: Waiting, factor: NDArray[np.float32], order: Order, s: int, unit: int
) -> int:
    """Place of the waiting UE of slice ``s`` with the greatest key on the unit, after ``find_best``."""
    first = s * waiting.places.shape[1]
    u = place_of(order, int(order.keys[s, unit]), first, unit)
    if waiting.bits[s, u] <= 0:
        find_best(csi, waiting.places, waiting.size, factor, order, s, unit, unit + 1)
        u = place_of(order, int(order.keys[s, unit]), first, unit)
    return u
