"""Spaces of observations and actions, with finite bounds."""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import ArrayLike, NDArray

from cadran.problem import SLICES, Measurements, Problem
from cadran.problem.observation import state

Float32 = NDArray[np.float32]

_MOST_BYTES = np.iinfo(np.int64).max
_LONGEST_S = 1e9
_HIGHEST_SE = 20.0
"""bit/s/Hz; no world has links beyond (`world.link.max_spectral_efficiency`)."""


def observation_space(problem: Problem, dus: int | None = None) -> Box:
    """Observations of one DU, ``(observation_dim,)``, or of several, ``(dus, observation_dim)``.

    From 0 to what the greatest measurements that the radio's types can hold would give.
    """
    high = np.concatenate([_highest_state(problem), np.ones(problem.action_dim, dtype=np.float32)])
    return _box(high, dus)


def action_space(problem: Problem, dus: int | None = None) -> Box:
    """Actions of one DU, ``(action_dim,)``, or of several, ``(dus, action_dim)``: numbers in [0, 1]."""
    return _box(np.ones(problem.action_dim, dtype=np.float32), dus)


def shaped(action: ArrayLike, space: Box) -> Float32:
    """An action, or a batch of them, as float32.

    Raises:
        ValueError: It has not the shape of the space.
    """
    given = np.asarray(action, dtype=np.float32)
    if given.shape != space.shape:
        raise ValueError(f"action: shape {given.shape}, allowed is {space.shape}")
    return given


def _box(high: Float32, dus: int | None) -> Box:
    rows = high if dus is None else np.tile(high, (dus, 1))
    return Box(np.zeros_like(rows), rows, dtype=np.float32)


def _highest_state(problem: Problem) -> Float32:
    frame = problem.frame
    whole = np.ones(SLICES, dtype=np.int64)
    rbs, bytes_ = whole * frame.rbs, whole * _MOST_BYTES
    need = np.full(SLICES, np.finfo(np.float32).max)
    most = Measurements(
        ues=whole * frame.ues_per_slice,
        arrived_bytes=bytes_,
        delivered_bytes=bytes_,
        dropped_bytes=bytes_,
        queued_bytes=bytes_,
        rbs_quota=rbs,
        rbs_used=rbs,
        backlog_rbs=need,
        arrival_rbs=need,
        arrival_ewma_bytes=bytes_.astype(np.float32),
        mean_se=np.full(SLICES, _HIGHEST_SE, dtype=np.float32),
        ue_rate_bps=np.zeros((SLICES, frame.ues_per_slice), dtype=np.float32),
        ue_delay_s=np.full((SLICES, frame.ues_per_slice), _LONGEST_S, dtype=np.float32),
    )
    quality = np.ones(SLICES, dtype=np.float32)
    return state(most, quality, frame, problem.spec)
