"""Who waits for units, and who was given which."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.jit import borrowing_kernel

PF, RR, MAX_CQI, EDF, MLWDF = range(5)
SCHEDULERS = ("pf", "rr", "max_cqi", "edf", "mlwdf")
FREE = -1
"""Holder of a unit that belongs to no slice."""
SE_FLOOR = 0.01
"""bit/s/Hz; keeps the inverse of an average spectral efficiency finite."""


class Waiting(NamedTuple):
    """UEs of one DU that compete for units, and what they still have to send.

    A UE with a due HARQ repetition sends nothing else: it is in ``repeats`` and not in ``places``. Scheduling
    uses up ``places``, ``size``, ``bits`` and ``repeat_rbs``.

    Attributes:
        places: int64[S, U], places of the UEs with data, ascending; the first ``size[s]`` are valid.
        size: int64[S].
        bits: int64[S, U], left to send, by place.
        metric: float32[S, U], factor on a unit's bits where slices compete (1 / mean rate), by place, >= 0;
            overwritten with 1 where all slices go by ``max_cqi``.
        weight: float32[S, U], the same inside the UE's own slice under ``pf`` and ``mlwdf``; overwritten with
            1 under ``max_cqi``.
        age: int64[S, U], TTIs, of the oldest byte, by place; read under ``edf`` only.
        repeats: int64[S, U], places with a due repetition, the first to be served first; the first
            ``repeat_size[s]`` are valid.
        repeat_size: int64[S].
        repeat_rbs: int64[S, U], RBs that the repetition needs, >= 1, by place; 0 once it was given them.
    """

    places: NDArray[np.int64]
    size: NDArray[np.int64]
    bits: NDArray[np.int64]
    metric: NDArray[np.float32]
    weight: NDArray[np.float32]
    age: NDArray[np.int64]
    repeats: NDArray[np.int64]
    repeat_size: NDArray[np.int64]
    repeat_rbs: NDArray[np.int64]


class Grants(NamedTuple):
    """Result for one DU: per unit the slice that holds it and the UE served; per slice counts.

    Attributes:
        slice_of_unit: int8[G], or FREE.
        ue_of_unit: int16[G], slice * U + place, or -1.
        held: int64[S], RBs held, reserved idle ones included.
        next_place: int16[S], kept from TTI to TTI: under ``rr`` and ``edf`` the place whose turn it is; under
            the others a counter that rotates ties.
    """

    slice_of_unit: NDArray[np.int8]
    ue_of_unit: NDArray[np.int16]
    held: NDArray[np.int64]
    next_place: NDArray[np.int16]


@borrowing_kernel
def leave(places: NDArray[np.int64], size: NDArray[np.int64], s: int, u: int) -> None:
    """Take place ``u`` off the waiting UEs of slice ``s``; the others keep their order."""
    kept = 0
    for index in range(int(size[s])):
        place = int(places[s, index])
        if place != u:
            places[s, kept] = place
            kept += 1
    size[s] = kept


@borrowing_kernel
def await_padding(waiting: Waiting, ues: NDArray[np.int32], s: int) -> None:
    """Make every UE of slice ``s`` wait without end, those with a due repetition excepted."""
    waiting.size[s] = ues[s]
    for u in range(ues[s]):
        waiting.places[s, u] = u
        waiting.bits[s, u] = 1 << 62
    for index in range(int(waiting.repeat_size[s])):
        leave(waiting.places, waiting.size, s, int(waiting.repeats[s, index]))


@borrowing_kernel
def give(
    places: NDArray[np.int64],
    size: NDArray[np.int64],
    left: NDArray[np.int64],
    ue_of_unit: NDArray[np.int16],
    s: int,
    u: int,
    unit: int,
    bits: int,
) -> None:
    """Let the unit serve a UE of slice ``s`` and take what it carries off the UE's backlog ``left``."""
    ue_of_unit[unit] = s * places.shape[1] + u
    left[s, u] -= bits
    if left[s, u] <= 0:
        leave(places, size, s, u)
