"""Rules that grant RBs to users without learning: each maps measurements to grants.

All take one DU or any leading batch shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.problem import heuristics
from cadran.problem.arithmetic import Float64, whole_parts
from cadran.problem.heuristics import need_rbs
from cadran.problem.hierarchy.grants import granted, split_among_users
from cadran.problem.hierarchy.users import UserGrants, UserMeasurements, places_held
from cadran.problem.measurements import SLICES, Frame, Measurements

UserRule = Callable[[Measurements, UserMeasurements, Frame], UserGrants]

_LEAST_SE = 0.1
"""ASSUMED: least spectral efficiency in bit/s/Hz that a need is computed with, so that a user out of reach
asks for much but not for everything."""


def equal(m: Measurements, users: UserMeasurements, frame: Frame) -> UserGrants:
    """Equal RBs for slices, equal RBs for the users of each, full power; odd RBs go to the first."""
    return _at_full_power(np.ones(m.ues.shape), np.ones(users.mean_se.shape), m.ues, frame)


def need_proportional(m: Measurements, users: UserMeasurements, frame: Frame) -> UserGrants:
    """RBs of slices, and of the users in each, in proportion to the RBs that they need; full power.

    A slice needs what its backlog and its expected arrivals do, a user what its backlog and as many bytes as
    have just arrived do.
    """
    return _at_full_power(need_rbs(m), _user_need_rbs(users, frame), m.ues, frame)


def priority(urllc_margin: float, mmtc_margin: float) -> UserRule:
    """Strict priority of slices, as `problem.heuristics.priority`; users in proportion to their need.

    Args:
        urllc_margin: Multiple of the URLLC need, at least 0.
        mmtc_margin: Multiple of the mMTC need, at least 0.
    """
    slices = heuristics.priority(urllc_margin, mmtc_margin)

    def rule(m: Measurements, users: UserMeasurements, frame: Frame) -> UserGrants:
        percent = slices(m, frame).min_percent.astype(np.float64)
        return _at_full_power(percent, _user_need_rbs(users, frame), m.ues, frame)

    return rule


def random(rng: np.random.Generator) -> UserRule:
    """A fresh split each frame, uniform over all splits among slices and among users, power in (0, 1]."""

    def rule(m: Measurements, users: UserMeasurements, frame: Frame) -> UserGrants:
        of_slices = rng.dirichlet(np.ones(SLICES), size=m.ues.shape[:-1])
        # Exponential draws in proportion are uniform over all splits, whichever users are there.
        of_users = rng.exponential(size=users.mean_se.shape)
        power = 1.0 - rng.random(users.mean_se.shape)
        return granted(_split(of_slices, of_users, m.ues, frame), power)

    return rule


def _at_full_power(
    of_slices: Float64, of_users: Float64, ues: NDArray[np.integer[Any]], frame: Frame
) -> UserGrants:
    return granted(_split(of_slices, of_users, ues, frame), np.ones(of_users.shape))


def _split(
    of_slices: Float64, of_users: Float64, ues: NDArray[np.integer[Any]], frame: Frame
) -> NDArray[np.int32]:
    """RBs of users ``[..., S, U]`` from shares of slices ``[..., S]`` and of users ``[..., S, U]``."""
    slice_rbs = whole_parts(of_slices, frame.rbs)
    return split_among_users(of_users, places_held(ues, frame.ues_per_slice), slice_rbs)


def _user_need_rbs(users: UserMeasurements, frame: Frame) -> Float64:
    """RBs of a frame that carry each user's backlog and bytes as just arrived, ``[..., S, U]``."""
    waiting = np.asarray(users.queued_bytes + users.arrived_bytes, dtype=np.float64)
    efficiency = np.maximum(users.mean_se, np.float32(_LEAST_SE)).astype(np.float64)
    return 8.0 * waiting / (efficiency * (frame.rb_bandwidth_hz * frame.frame_s))
