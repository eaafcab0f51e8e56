"""The decision problem of one DU under two levels, batched over any leading axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.problem.action import require_legal
from cadran.problem.hierarchy import grants as decoding
from cadran.problem.hierarchy import observation as seeing
from cadran.problem.hierarchy.reward import UserReward
from cadran.problem.hierarchy.spec import HierarchySpec
from cadran.problem.hierarchy.users import Bool, UserGrants, UserMeasurements, places_held
from cadran.problem.measurements import SLICES, Float32, Measurements
from cadran.problem.problem import Problem
from cadran.problem.spec import ProblemSpec

NAME = "hierarchy"


def names_of(base: ProblemSpec) -> dict[str, str]:
    """What a policy must have been trained for to fit two levels over a problem of slices."""
    return {**base.names, "observation": NAME, "action": NAME}


class LevelRewards(NamedTuple):
    """What a frame is worth to each level.

    Attributes:
        reward: Of the frame, to the higher level, float32 ``[...]``.
        lower_reward: Of each slice, to the lower level, float32 ``[..., S]``; 0 where it has no user.
        present: Which slices have a user: those whose lower reward counts, bool ``[..., S]``.
    """

    reward: Float32
    lower_reward: Float32
    present: Bool


@dataclass(frozen=True)
class HierarchicalAssessment:
    """What a frame came to.

    Attributes:
        kpis: What both rewards are made of, float32 ``[..., kpi_dim]``.
        qos: Quality of each slice in [0, 1], float32 ``[..., S]``.
        reward: Of the frame, to the higher level, float32 ``[...]``; a decision of that level earns the mean
            over the frames that it held (`higher_returns`).
        lower_reward: Of each slice, to the lower level, float32 ``[..., S]``; 0 where it has no user.
        present: Which slices have a user: those whose lower reward counts, bool ``[..., S]``.
        state: State after the frame, float32 ``[..., state_dim]``.
    """

    kpis: Float32
    qos: Float32
    reward: Float32
    lower_reward: Float32
    present: Bool
    state: Float32


class HierarchicalProblem:
    """What a DU observes, decides and is rewarded for on two clocks (the form of arXiv 2512.13715).

    Every H frames the higher level gives each slice RBs, which are also a goal for the lower level; in each
    frame the lower level gives the users of each slice RBs and power. One lower policy serves all slices.
    The frame's reward is that of a problem of slices, so agents of either kind compare.

    Every method takes one DU or any leading batch shape, and finds the same bits for both. A flat action is
    ``[higher S | for each slice: shares of its places U, powers U]``, all in [0, 1].

    Args:
        spec: The choices made.
        base: The problem of slices whose quality and reward are the frame's.

    Attributes:
        spec: The choices made.
        base: As given.
        frame: The RAN facts they rest on.
        state_dim: Numbers in a state.
        action_dim: Numbers in a flat action.
        kpi_dim: Numbers that both rewards are made of.
        higher_observation_dim: Numbers that the higher level sees.
        higher_action_dim: Numbers that it decides by.
        lower_observation_dim: Numbers that the lower level sees of each slice.
        lower_action_dim: Numbers that it decides by, for each slice.
        neutral_action: Flat, float32 ``[action_dim]``: equal slices, equal users.
    """

    def __init__(self, spec: HierarchySpec, base: Problem) -> None:
        self.spec = spec
        self.base = base
        self.frame = base.frame
        self._places = base.frame.ues_per_slice
        self._user_reward = UserReward(spec, self._places)
        self.state_dim = seeing.state_numbers(self._places)
        self.higher_observation_dim = seeing.HIGHER_NUMBERS
        self.higher_action_dim = SLICES
        self.lower_observation_dim = seeing.lower_numbers(self._places)
        self.lower_action_dim = 2 * self._places
        self.action_dim = self.higher_action_dim + SLICES * self.lower_action_dim
        self.kpi_dim = base.kpi_dim + self._user_reward.kpi_dim
        self.neutral_action: Float32 = np.full(self.action_dim, 0.5, dtype=np.float32)
        self.neutral_action.flags.writeable = False

    def of_du(self, du: int) -> HierarchicalProblem:
        """The same problem for measurements of this DU alone."""
        return HierarchicalProblem(self.spec, self.base.of_du(du))

    @property
    def names(self) -> dict[str, str]:
        """What a policy must have been trained for to fit this problem."""
        return names_of(self.base.spec)

    def assess(self, m: Measurements, users: UserMeasurements) -> HierarchicalAssessment:
        """All that a frame came to, each part computed once."""
        present = places_held(m.ues, self._places)
        base_kpis = self.base.kpis(m)
        user_kpis = self._user_reward.kpis(m, users, present)
        qos, reward = self.base.judge(base_kpis)
        judged = self._user_reward.judge(user_kpis)
        return HierarchicalAssessment(
            kpis=np.concatenate([base_kpis, user_kpis], axis=-1),
            qos=qos,
            reward=reward,
            lower_reward=judged.reward,
            present=judged.present,
            state=seeing.state(m, users, qos, judged.satisfaction, present, self.frame.rbs, self.spec),
        )

    def rewards(self, kpis: Float32) -> LevelRewards:
        """Rewards of a frame from its KPIs ``[..., kpi_dim]`` alone."""
        base, of_users = np.split(kpis, [self.base.kpi_dim], axis=-1)
        judged = self._user_reward.judge(of_users)
        return LevelRewards(self.base.reward(base), judged.reward, judged.present)

    def qos(self, kpis: Float32) -> Float32:
        """Quality of each slice in [0, 1] from a frame's KPIs, float32 ``[..., S]``."""
        return self.base.qos(kpis[..., : self.base.kpi_dim])

    def ues(self, state: Float32) -> NDArray[np.int32]:
        """Users of each slice, as a state ``[..., state_dim]`` tells them; int32 ``[..., S]``."""
        return seeing.ues_in(state, self._places)

    def higher_observation(self, state: Float32, slice_rbs: NDArray[np.integer[Any]]) -> Float32:
        """What the higher level sees where slices hold ``slice_rbs[..., S]``; float32 ``[..., 15]``."""
        return seeing.higher_observation(state, self._share(slice_rbs))

    def goal(self, state: Float32, slice_rbs: NDArray[np.integer[Any]]) -> Float32:
        """What the higher level asks of the lower one, float32 ``[..., S, 2]``.

        ASSUMED: of each slice its share of the RBs, and its quality when they were given, as the level to
        hold with them.
        """
        return np.stack([self._share(slice_rbs), seeing.quality_in(state)], axis=-1)

    def lower_observation(self, state: Float32, goal: Float32) -> Float32:
        """What the lower level sees of each slice under ``goal[..., S, 2]``.

        Returns:
            float32 ``[..., S, lower_observation_dim]``.
        """
        return seeing.lower_observation(state, goal)

    def slice_rbs(self, higher_action: Float32) -> NDArray[np.int32]:
        """RBs of each slice for the higher level's numbers ``[..., S]``; int32, in sum all of the DU's."""
        return decoding.slice_rbs(higher_action, self.spec.slice_gain, self.frame.rbs)

    def grants(
        self,
        slice_rbs: NDArray[np.integer[Any]],
        user_action: Float32,
        ues: NDArray[np.integer[Any]],
    ) -> UserGrants:
        """Grants for RBs of slices ``[..., S]`` and the lower level's numbers ``[..., S, 2 U]``.

        Args:
            slice_rbs: RBs of each slice.
            user_action: In [0, 1].
            ues: Users of each slice, ``[..., S]``; RBs of a slice without users stay idle.
        """
        return decoding.user_grants(slice_rbs, user_action, ues, self.spec.user_gain, self.spec.power_floor)

    def flat(self, higher_action: Float32, user_action: Float32) -> Float32:
        """Both levels' numbers, ``[..., S]`` and ``[..., S, 2 U]``, as one action ``[..., action_dim]``."""
        users = user_action.reshape(*user_action.shape[:-2], -1)
        return np.concatenate([higher_action, users], axis=-1)

    def levels(self, action: Float32) -> tuple[Float32, Float32]:
        """A flat action's numbers of the higher level ``[..., S]`` and of the lower one ``[..., S, 2 U]``."""
        higher, users = np.split(action, [self.higher_action_dim], axis=-1)
        return higher, users.reshape(*users.shape[:-1], SLICES, self.lower_action_dim)

    def decode(self, action: Float32, ues: NDArray[np.integer[Any]]) -> UserGrants:
        """The grants that a flat action ``[..., action_dim]`` stands for, with ``ues[..., S]`` users.

        Raises:
            ValueError: The action has another size, or a value outside [0, 1] (NaN included).
        """
        require_legal(action, self.action_dim)
        higher, users = self.levels(action)
        return self.grants(self.slice_rbs(higher), users, ues)

    def _share(self, slice_rbs: NDArray[np.integer[Any]]) -> Float32:
        """RBs of slices as shares of the DU's, float32 ``[..., S]``."""
        return np.asarray(slice_rbs, dtype=np.float32) / np.float32(self.frame.rbs)
