"""Worlds that are not what a policy takes them for: wrong channel measurements, and slices that interfere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cadran.envs.hierarchical import Decision, HierarchicalEnv, HierarchicalStep
from cadran.problem import Frame, ProblemSpec
from cadran.problem.arithmetic import largest_remainder
from cadran.problem.hierarchy import HierarchicalAssessment, HierarchySpec, UserGrants, UserMeasurements
from cadran.problem.hierarchy.grants import granted
from cadran.radio import World

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_EMBB, _URLLC = 0, 2
_PURPOSE = 31


class DisturbanceSpec(BaseModel):
    """The scenario's ``disturbance`` section; by default there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel_error: float = Field(
        0.0,
        ge=0,
        le=3,
        description="standard deviation of the natural logarithm of each user's measured spectral efficiency "
        "around the true one, anew in each frame; ASSUMED: log-normal, as errors of estimates in dB",
    )
    erring_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of the DUs whose measurement errs, evenly among them; ASSUMED: all, unless a "
        "study asks what weights do with some",
    )
    preempting: bool = Field(
        False,
        description="URLLC takes what RBs its backlog lacks from eMBB, in proportion to what its users hold; "
        "ASSUMED form of puncturing: whole RBs of a frame, decided from the backlog before it",
    )

    def erring(self, dus: int) -> NDArray[np.bool_]:
        """Which of the DUs measure with errors, bool ``[dus]``.

        They stand evenly among the others, because what no measurement tells of a DU, such as its latency
        budget, goes by its number.
        """
        count = max(1, round(self.erring_share * dus)) if self.channel_error > 0 else 0
        marks = np.zeros(dus, dtype=np.bool_)
        marks[((np.arange(count) + 0.5) * dus / max(count, 1)).astype(np.int64)] = True
        return marks


class ChannelError:
    """Errors of the channel measurement in one episode of E networks.

    Args:
        spec: How large.
        dus: DUs of each network.
        seeds: Of the networks, uint64 ``[E]``.
        episode: Number of the episode.
    """

    def __init__(self, spec: DisturbanceSpec, dus: int, seeds: NDArray[np.uint64], episode: int) -> None:
        self._std = np.where(spec.erring(dus), spec.channel_error, 0.0)
        self._rngs = [np.random.default_rng([int(seed), episode, _PURPOSE]) for seed in seeds]

    def of(self, users: UserMeasurements) -> UserMeasurements:
        """What is measured instead, ``[E, C, ...]``; each call is a frame. Their number decides nothing."""
        shape = users.mean_se.shape[1:]
        normal = np.stack([rng.standard_normal(shape) for rng in self._rngs])
        factor = np.exp(self._std[:, np.newaxis, np.newaxis] * normal)
        return replace(users, mean_se=(users.mean_se * factor).astype(np.float32))


def preempted(grants: UserGrants, users: UserMeasurements, frame: Frame) -> UserGrants:
    """Grants after URLLC has taken what it lacks from eMBB.

    Args:
        grants: ``[..., S, U]``.
        users: Of the frame before.
        frame: The RAN's facts.

    Returns:
        As many RBs in all. A URLLC user that had none transmits at full power.
    """
    rbs = grants.ue_rbs.astype(np.int64)
    held, own = rbs[..., _EMBB, :], rbs[..., _URLLC, :]
    lacking = np.maximum(_needed_rbs(users, frame) - own, 0)
    whole = held.sum(axis=-1)
    taken = np.minimum(lacking.sum(axis=-1), whole)
    rbs[..., _URLLC, :] = own + _parts(lacking, taken)
    rbs[..., _EMBB, :] = _parts(held, whole - taken)
    power = np.where(grants.ue_rbs > 0, grants.ue_power, 1.0)
    return granted(rbs.astype(np.int32), power)


class DisturbedEnv(HierarchicalEnv):
    """A world with disturbances; without any it gives the same bits as its plain counterpart.

    Args:
        world: The RAN.
        problem_spec: The problem of slices whose quality and reward are the frame's.
        hierarchy_spec: How decisions are shared between the levels.
        seeds: One seed per environment, uint64 ``[E]``.
        disturbance: What is wrong with it.
    """

    def __init__(
        self,
        world: World,
        problem_spec: ProblemSpec,
        hierarchy_spec: HierarchySpec,
        seeds: NDArray[np.uint64],
        disturbance: DisturbanceSpec,
    ) -> None:
        self._disturbance = disturbance
        self._seeds = seeds
        self._error = ChannelError(disturbance, world.dus, seeds, 0)
        super().__init__(world, problem_spec, hierarchy_spec, seeds)

    def reseed(self, seeds: NDArray[np.uint64]) -> Float32:
        """Start episode 0 of other networks; see `HierarchicalEnv.reseed`."""
        self._seeds = seeds
        self._error = ChannelError(self._disturbance, self.dus, seeds, 0)
        return super().reseed(seeds)

    def reset(self, episode: int) -> Float32:
        """Start an episode in every environment; see `HierarchicalEnv.reset`."""
        self._error = ChannelError(self._disturbance, self.dus, self._seeds, episode)
        return super().reset(episode)

    def step_decision(self, decision: Decision) -> HierarchicalStep:
        """Run one frame; see `HierarchicalEnv.step_decision`."""
        if self._disturbance.preempting and isinstance(decision, UserGrants):
            decision = preempted(decision, self.users, self.frame)
        return super().step_decision(decision)

    def _observe(self, decision: Decision | None) -> HierarchicalAssessment:
        assessed = super()._observe(decision)
        if self._disturbance.channel_error == 0:
            return assessed
        self.users = self._error.of(self.users)
        assessed = self.problem.assess(self.measurements, self.users)
        self.state = assessed.state
        return assessed


_LEAST_SE = 0.1
"""Least spectral efficiency in bit/s/Hz that a need is computed with, as for rules."""


def _parts(weights: Int64, total: Int64) -> Int64:
    """Whole parts of ``total`` in proportion to weights ``[..., U]``; where these are all 0, so is it."""
    anything = weights.sum(axis=-1, keepdims=True) > 0
    return largest_remainder(np.where(anything, weights, 1), total)


def _needed_rbs(users: UserMeasurements, frame: Frame) -> Int64:
    """RBs of a frame that carry the backlog of each URLLC user, ``[..., U]``."""
    bits = 8.0 * np.asarray(users.queued_bytes[..., _URLLC, :], dtype=np.float64)
    efficiency = np.maximum(users.mean_se[..., _URLLC, :].astype(np.float64), _LEAST_SE)
    return np.ceil(bits / (efficiency * frame.rb_bandwidth_hz * frame.frame_s)).astype(np.int64)
