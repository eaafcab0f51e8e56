"""Many episodes at once: E independent networks of C DUs each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.envs.convert import problem_of, to_decisions, to_measurements, with_du
from cadran.envs.episodic import EpisodicEnv, Float32
from cadran.problem import Assessment, Assignment, Measurements, ProblemSpec, Quota
from cadran.problem.heuristics import Heuristic
from cadran.radio import Decisions, World


@dataclass(frozen=True)
class Step:
    """What one frame brought, for E environments of C DUs.

    Attributes:
        state: Next state, float32 ``[E, C, state_dim]``.
        observation: Next observation, which ends with the action just taken, ``[E, C, observation_dim]``.
        kpis: What the reward was made of, float32 ``[E, C, kpi_dim]``.
        qos: Quality of each slice in [0, 1], float32 ``[E, C, S]``.
        reward: float32 ``[E, C]``.
        measurements: Everything measured in the frame, ``[E, C, ...]``.
        episode_end: The episode has run its length; a time limit, so values are still bootstrapped.
    """

    state: Float32
    observation: Float32
    kpis: Float32
    qos: Float32
    reward: Float32
    measurements: Measurements
    episode_end: bool


class BatchedEnv(EpisodicEnv):
    """A radio and a problem put together.

    Episodes have a fixed length (`world.episode_frames`), and all environments start and end theirs together.
    Environment e is determined by ``seeds[e]``, the episode number and the decisions, whatever the others do.

    Args:
        world: The RAN.
        problem_spec: The decision problem at each DU.
        seeds: One seed per environment, uint64 ``[E]``.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``, or None; see `Radio`.
        load_profile: Measured load over time, float64 ``[n]``, for ``load.profile: measured``; see `Radio`.

    Raises:
        ValueError: The world does not measure what the reward needs, or what is measured for it is missing,
            not asked for, or unusable.

    Attributes:
        problem: The decision problem, shared by all DUs.
        state: Present state, float32 ``[E, C, state_dim]``.
        observation: Present observation, float32 ``[E, C, observation_dim]``.
        measurements: Of the last frame, ``[E, C, ...]``.
    """

    def __init__(
        self,
        world: World,
        problem_spec: ProblemSpec,
        seeds: NDArray[np.uint64],
        trace_bytes_per_tti: NDArray[np.int64] | None = None,
        load_profile: NDArray[np.float64] | None = None,
    ) -> None:
        self.problem = problem_of(world, problem_spec)
        self.frame = self.problem.frame
        super().__init__(world, seeds, trace_bytes_per_tti, load_profile)
        self._begin()

    def step(self, actions: Float32) -> Step:
        """Decode actions, float32 ``[E, C, action_dim]`` in [0, 1], and run one frame.

        Raises:
            ValueError: An action is illegal, or the episode has ended.
        """
        decisions = to_decisions(self.problem.decode(actions), self.frame.rbs)
        return self._run(decisions, np.array(actions, dtype=np.float32))

    def step_decision(self, decision: Quota | Assignment) -> Step:
        """Run one frame under decisions ``[E, C, ...]`` of a rule; observed actions stay as they were.

        Raises:
            ValueError: The episode has ended.
        """
        return self._run(to_decisions(decision, self.frame.rbs), self._previous_action)

    def step_du(self, du: int, actions: Float32, rule: Heuristic) -> Step:
        """Run one frame in which one DU acts and the rest follow a rule.

        Args:
            du: The DU that acts.
            actions: Its actions, float32 ``[E, action_dim]`` in [0, 1].
            rule: Decides for all other DUs, from the last frame's measurements; their observed actions stay
                neutral.

        Raises:
            ValueError: An action is illegal, or the episode has ended.
        """
        rbs = self.frame.rbs
        own = to_decisions(self.problem.decode(actions[:, np.newaxis]), rbs)
        rest = to_decisions(rule(self.measurements, self.frame), rbs)
        previous = self._previous_action.copy()
        previous[:, du] = actions
        return self._run(with_du(rest, du, own), previous)

    def _begin(self) -> Float32:
        self._previous_action: Float32 = np.broadcast_to(
            self.problem.neutral_action, (self.envs, self.dus, self.problem.action_dim)
        )
        self._observe()
        return self.observation

    def _run(self, decisions: Decisions, actions: Float32) -> Step:
        self._episodes.play(decisions)
        self._previous_action = actions
        assessed = self._observe()
        return Step(
            state=self.state,
            observation=self.observation,
            kpis=assessed.kpis,
            qos=assessed.qos,
            reward=assessed.reward,
            measurements=self.measurements,
            episode_end=self.frames_left == 0,
        )

    def _observe(self) -> Assessment:
        self.measurements = to_measurements(self.radio_state.kpis)
        assessed = self.problem.assess(self.measurements)
        self.state = assessed.state
        self.observation = self.problem.observation(self.state, self._previous_action)
        return assessed
