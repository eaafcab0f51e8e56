"""From numbers in [0, 1] to RBs of slices, and to RBs and power of users.

No more RBs are given than exist, by construction: both splits are whole numbers that sum exactly to what is
split.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.action import softmax_weights
from cadran.problem.arithmetic import Float64, ordered_sum, whole_parts
from cadran.problem.hierarchy.users import Bool, UserGrants, places_held
from cadran.problem.measurements import Float32

Int32 = NDArray[np.int32]


def slice_rbs(action: Float32, gain: float, rbs: int) -> Int32:
    """RBs of each slice: shares softmax(gain (2a - 1)), largest remainder to all of them.

    Args:
        action: ``[..., S]`` in [0, 1].
        gain: Steepness; at 4 the extremes of the action reach 99.9 percent.
        rbs: RBs of the DU, K.

    Returns:
        int32 ``[..., S]`` that sum exactly to K.
    """
    return whole_parts(softmax_weights(action, gain), rbs).astype(np.int32)


def split_among_users(shares: Float64, present: Bool, slice_rbs: NDArray[np.integer[Any]]) -> Int32:
    """RBs of each user, in proportion to shares within its slice.

    Args:
        shares: Non-negative ``[..., S, U]``; all zero over the users of a slice means equal.
        present: Which places hold a user, ``[..., S, U]``.
        slice_rbs: RBs of each slice, ``[..., S]``.

    Returns:
        int32 ``[..., S, U]``: 0 where no user is; the sum over a slice is its RBs, or 0 without users.
    """
    held = np.where(present, shares, 0.0)
    held = np.where(ordered_sum(held)[..., np.newaxis] > 0, held, present)
    return whole_parts(held, np.where(present.any(axis=-1), slice_rbs, 0)).astype(np.int32)


def user_grants(
    slice_rbs: NDArray[np.integer[Any]],
    user_action: Float32,
    ues: NDArray[np.integer[Any]],
    gain: float,
    power_floor: float,
) -> UserGrants:
    """Grants that the lower level's numbers stand for.

    Args:
        slice_rbs: RBs of each slice, ``[..., S]``.
        user_action: ``[..., S, 2 U]`` in [0, 1]: for each slice, shares a of its places and then powers b.
            Shares of RBs are softmax(gain (2a - 1)) over the slice's users, the power of a user's RBs is
            floor + (1 - floor) b.
        ues: Users of each slice, ``[..., S]``.
        gain: Steepness of the shares.
        power_floor: Least power, in (0, 1).
    """
    places = user_action.shape[-1] // 2
    shares = softmax_weights(user_action[..., :places], gain)
    rbs = split_among_users(shares, places_held(ues, places), slice_rbs)
    power = power_floor + (1.0 - power_floor) * user_action[..., places:].astype(np.float64)
    return granted(rbs, power)


def granted(ue_rbs: Int32, ue_power: NDArray[np.floating[Any]]) -> UserGrants:
    """Grants of ``ue_rbs[..., S, U]`` at ``ue_power[..., S, U]``, which is of no account without RBs."""
    power = np.where(ue_rbs > 0, ue_power, 0.0).astype(np.float32)
    return UserGrants(ue_rbs.astype(np.int16), power)
