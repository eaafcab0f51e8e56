"""The state of a DU under two levels of decision, and what each level sees of it.

The state is one flat vector, so that it travels and is kept as any other state is::

    quality S | share of users S | need S | mean, least and best quality 3 |
    S x U users of 4 numbers each: spectral efficiency, backlog, arrivals, satisfaction |
    mean power S | users S, as a fraction of the places

Quality to power are of the last frame. The higher level sees the first four groups and the RBs that the
slices hold; the lower one sees, once for each slice, its goal, which slice it is, its users and their power.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem.arithmetic import ordered_sum
from cadran.problem.heuristics import need_rbs
from cadran.problem.hierarchy.spec import HierarchySpec
from cadran.problem.hierarchy.users import Bool, UserMeasurements
from cadran.problem.measurements import SLICES, Float32, Measurements

USER_NUMBERS = 4
"""Numbers per user place."""

GOAL_NUMBERS = 2
"""Numbers of a slice's goal: its share of the RBs, and the quality to hold."""

HIGHER_NUMBERS = 4 * SLICES + 3
"""Numbers that the higher level sees."""

_QUALITY = slice(0, SLICES)
_BEFORE_RBS = slice(0, 3 * SLICES)
_SPREAD = slice(3 * SLICES, 3 * SLICES + 3)
_USERS = 3 * SLICES + 3


def state_numbers(places: int) -> int:
    """Numbers in the state of a DU with ``places`` user places per slice."""
    return _USERS + SLICES * places * USER_NUMBERS + 2 * SLICES


def lower_numbers(places: int) -> int:
    """Numbers that the lower level sees of a slice with ``places`` user places."""
    return GOAL_NUMBERS + SLICES + places * USER_NUMBERS + 1


def state(
    m: Measurements,
    users: UserMeasurements,
    qos: Float32,
    satisfaction: Float32,
    present: Bool,
    rbs: int,
    spec: HierarchySpec,
) -> Float32:
    """The state after a frame; float32 ``[..., state_numbers(U)]``.

    Args:
        m: What was measured of the slices.
        users: What was measured of their users.
        qos: Quality of each slice in [0, 1], ``[..., S]``.
        satisfaction: Of each user in [0, 1], ``[..., S, U]``; of no account where none is.
        present: Which places hold a user, ``[..., S, U]``.
        rbs: RBs of the DU, K.
        spec: Scales.
    """
    count = np.asarray(m.ues, dtype=np.float64)
    share = count / np.maximum(ordered_sum(count), 1.0)[..., np.newaxis]
    need = np.minimum(need_rbs(m) / (spec.demand_cap * rbs), 1.0)
    groups = [
        qos,
        share,
        need,
        _spread(qos),
        _users(users, satisfaction, present, spec),
        users.power,
        count / present.shape[-1],
    ]
    return np.concatenate([np.asarray(group, dtype=np.float32) for group in groups], axis=-1)


def quality_in(state: Float32) -> Float32:
    """Quality of each slice in a state, ``[..., S]``."""
    return state[..., _QUALITY]


def ues_in(state: Float32, places: int) -> NDArray[np.int32]:
    """Users of each slice in a state, int32 ``[..., S]``."""
    count: NDArray[np.int32] = np.rint(state[..., -SLICES:] * np.float32(places)).astype(np.int32)
    return count


def higher_observation(state: Float32, rbs_share: Float32) -> Float32:
    """What the higher level sees: quality, share of users, need, RBs, quality's spread; ``[..., 15]``.

    Args:
        state: ``[..., n]``.
        rbs_share: Share of the DU's RBs that each slice holds, ``[..., S]`` in [0, 1].
    """
    return np.concatenate([state[..., _BEFORE_RBS], rbs_share, state[..., _SPREAD]], axis=-1)


def lower_observation(state: Float32, goal: Float32) -> Float32:
    """What the lower level sees of each slice, float32 ``[..., S, n]``: goal, which slice, users, mean power.

    Args:
        state: ``[..., n]``.
        goal: ``[..., S, 2]``.
    """
    shape = state.shape[:-1]
    flat = state[..., _USERS : -2 * SLICES]
    users = flat.reshape(*shape, SLICES, flat.shape[-1] // SLICES)
    power = state[..., -2 * SLICES : -SLICES, np.newaxis]
    which = np.broadcast_to(np.eye(SLICES, dtype=np.float32), (*shape, SLICES, SLICES))
    return np.concatenate([goal, which, users, power], axis=-1)


def _spread(qos: Float32) -> Float32:
    """Mean, least and greatest quality over slices, ``[..., 3]``."""
    mean = ordered_sum(qos.astype(np.float64)) / SLICES
    return np.stack([mean.astype(np.float32), qos.min(axis=-1), qos.max(axis=-1)], axis=-1)


def _users(users: UserMeasurements, satisfaction: Float32, present: Bool, spec: HierarchySpec) -> Float32:
    """Four numbers of each place, flat ``[..., S U 4]``; 0 where no user is."""
    numbers = np.stack(
        [
            np.asarray(users.mean_se * (1.0 / spec.se_scale), dtype=np.float32),
            _logarithm(users.queued_bytes, spec),
            _logarithm(users.arrived_bytes, spec),
            satisfaction,
        ],
        axis=-1,
    )
    shown = np.where(present[..., np.newaxis], numbers, np.float32(0.0))
    return shown.reshape(*present.shape[:-2], -1)


def _logarithm(volume_bytes: NDArray[Any], spec: HierarchySpec) -> Float32:
    ratio = np.ascontiguousarray(volume_bytes, dtype=np.float64) * (1.0 / spec.bytes_unit)
    return np.asarray(np.log1p(ratio) * (1.0 / spec.log_scale), dtype=np.float32)
