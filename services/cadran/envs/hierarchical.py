"""Many episodes at once under two levels of decision: E independent networks of C DUs each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.envs.convert import (
    hierarchical_problem_of,
    to_decisions,
    to_measurements,
    to_user_measurements,
)
from cadran.envs.episodic import EpisodicEnv, Float32
from cadran.problem import Assignment, Measurements, ProblemSpec, Quota
from cadran.problem.hierarchy import HierarchicalAssessment, HierarchySpec, UserGrants, UserMeasurements
from cadran.radio import World

Decision = UserGrants | Quota | Assignment


@dataclass(frozen=True)
class HierarchicalStep:
    """What one frame brought, for E environments of C DUs.

    Attributes:
        state: Next state, float32 ``[E, C, state_dim]``.
        kpis: What both rewards were made of, float32 ``[E, C, kpi_dim]``.
        qos: Quality of each slice in [0, 1], float32 ``[E, C, S]``.
        reward: Of the frame, to the higher level, float32 ``[E, C]``.
        lower_reward: Of each slice, to the lower level, float32 ``[E, C, S]``; 0 where it has no user.
        present: Which slices had a user, bool ``[E, C, S]``.
        measurements: Everything measured of slices in the frame, ``[E, C, ...]``.
        users: Everything measured of users, ``[E, C, ...]``.
        episode_end: The episode has run its length; a time limit, so values are still bootstrapped.
    """

    state: Float32
    kpis: Float32
    qos: Float32
    reward: Float32
    lower_reward: Float32
    present: NDArray[np.bool_]
    measurements: Measurements
    users: UserMeasurements
    episode_end: bool


class HierarchicalEnv(EpisodicEnv):
    """A radio and a problem of two levels put together.

    Episodes are those of `BatchedEnv`. Goals are no part of it: whoever acts keeps its own
    (`problem.hierarchy.TwoLevelActor`).

    Args:
        world: The RAN.
        problem_spec: The problem of slices whose quality and reward are the frame's.
        hierarchy_spec: How decisions are shared between the levels.
        seeds: One seed per environment, uint64 ``[E]``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``, or None; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: The world cannot do what the problem decides, or does not measure what its reward needs.

    Attributes:
        problem: The decision problem, shared by all DUs.
        state: Present state, float32 ``[E, C, state_dim]``.
        measurements: Of the last frame, ``[E, C, ...]``.
        users: Of the last frame, ``[E, C, ...]``.
    """

    def __init__(
        self,
        world: World,
        problem_spec: ProblemSpec,
        hierarchy_spec: HierarchySpec,
        seeds: NDArray[np.uint64],
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self.problem = hierarchical_problem_of(world, problem_spec, hierarchy_spec)
        self.frame = self.problem.frame
        super().__init__(world, seeds, trace_bytes_per_tti, load_profile)
        self._begin()

    def step(self, actions: Float32) -> HierarchicalStep:
        """Decode flat actions, float32 ``[E, C, action_dim]`` in [0, 1], and run one frame.

        Raises:
            ValueError: An action is illegal, or the episode has ended.
        """
        return self.step_decision(self.problem.decode(actions, self.measurements.ues))

    def step_decision(self, decision: Decision) -> HierarchicalStep:
        """Run one frame under decisions ``[E, C, ...]`` of a rule.

        Raises:
            ValueError: A decision is illegal, or the episode has ended.
        """
        self._episodes.play(to_decisions(decision, self.frame.rbs))
        assessed = self._observe(decision)
        return HierarchicalStep(
            state=assessed.state,
            kpis=assessed.kpis,
            qos=assessed.qos,
            reward=assessed.reward,
            lower_reward=assessed.lower_reward,
            present=assessed.present,
            measurements=self.measurements,
            users=self.users,
            episode_end=self.frames_left == 0,
        )

    def _begin(self) -> Float32:
        return self._observe(None).state

    def _observe(self, decision: Decision | None) -> HierarchicalAssessment:
        kpis = self.radio_state.kpis
        self.measurements = to_measurements(kpis)
        self.users = to_user_measurements(kpis, decision)
        assessed = self.problem.assess(self.measurements, self.users)
        self.state = assessed.state
        return assessed
