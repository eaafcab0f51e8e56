"""The decision problem of one DU, batched over any leading axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cadran.problem import observation
from cadran.problem.action import (
    Assignment,
    Quota,
    decode_rb_bits,
    decode_slice_quota,
    decode_slice_quota_mute,
    require_legal,
)
from cadran.problem.measurements import SLICES, Float32, Frame, Measurements
from cadran.problem.reward import Delivered, Eq8, Judgement, Reward
from cadran.problem.spec import ProblemSpec


@dataclass(frozen=True)
class Assessment:
    """What a frame came to.

    Attributes:
        kpis: What the reward is made of, float32 ``[..., kpi_dim]``.
        qos: Quality of each slice, float32 ``[..., S]``.
        reward: float32 ``[...]``.
        state: State after the frame, float32 ``[..., state_dim]``.
    """

    kpis: Float32
    qos: Float32
    reward: Float32
    state: Float32


_ACTION_DIMS = {"slice_quota": SLICES, "slice_quota_mute": SLICES + 1}


class Problem:
    """What a DU observes, decides and is rewarded for (arXiv 2511.15002, Section IV.B, and variants).

    Every method takes one DU or any leading batch shape, and finds the same bits for both. Where DUs have
    budgets of their own, measurements ``[..., C]`` are those of all DUs; a single DU's are for `of_du`. KPIs
    carry what belongs to their DU, so rewards and qualities are computed from any of them.

    Attributes:
        spec: The choices made.
        frame: The RAN facts they rest on.
        state_dim: Numbers in a state.
        action_dim: Numbers in an action, each in [0, 1].
        observation_dim: ``state_dim + action_dim``.
        kpi_dim: Numbers that a reward is made of.
        neutral_action: The previous action at an episode's start, float32 ``[action_dim]``.
    """

    def __init__(self, spec: ProblemSpec, frame: Frame, du: int | None = None) -> None:
        self.spec = spec
        self.frame = frame
        self._reward: Reward = (
            Delivered(spec.delivered, frame, du) if spec.reward == "delivered" else Eq8(spec.eq8, frame)
        )
        self.state_dim = observation.GROUPS[spec.observation] * SLICES
        self.action_dim = _ACTION_DIMS.get(spec.action, 2 * frame.rbs)
        self.observation_dim = self.state_dim + self.action_dim
        self.kpi_dim = self._reward.kpi_dim
        self.neutral_action: Float32 = np.full(self.action_dim, 0.5, dtype=np.float32)
        self.neutral_action.flags.writeable = False

    def of_du(self, du: int) -> Problem:
        """The same problem for measurements of this DU alone."""
        return Problem(self.spec, self.frame, du)

    @property
    def names(self) -> dict[str, str]:
        """What a policy must have been trained for to fit this problem."""
        return self.spec.names

    def state(self, m: Measurements) -> Float32:
        """State after a frame with measurements ``m``, float32 ``[..., state_dim]``."""
        return self._state(m, self.qos(self.kpis(m)))

    def assess(self, m: Measurements) -> Assessment:
        """All that a frame with measurements ``m`` came to, each part computed once."""
        kpis = self._reward.kpis(m)
        qos, reward = self._reward.judge(kpis)
        return Assessment(kpis, qos, reward, self._state(m, qos))

    def _state(self, m: Measurements, qos: Float32) -> Float32:
        return observation.state(m, qos, self.frame, self.spec)

    def observation(self, state: Float32, previous_action: Float32) -> Float32:
        """What an actor sees: the state, then its previous action; float32 ``[..., observation_dim]``."""
        shape = (*state.shape[:-1], self.action_dim)
        if previous_action.shape != shape:  # broadcast_to costs a single DU more than the rest of this
            previous_action = np.broadcast_to(previous_action, shape)
        return np.concatenate([state, previous_action], axis=-1)

    def decode(self, action: Float32) -> Quota | Assignment:
        """The decision that an action ``[..., action_dim]`` in [0, 1] stands for.

        Raises:
            ValueError: The action has another size, or a value outside [0, 1] (NaN included).
        """
        require_legal(action, self.action_dim)
        if self.spec.action == "slice_quota":
            return decode_slice_quota(action, self.spec.quota_gain)
        if self.spec.action == "slice_quota_mute":
            return decode_slice_quota_mute(action, self.spec.quota_gain, self.spec.mute_most)
        return decode_rb_bits(action, self.spec.decode)

    def kpis(self, m: Measurements) -> Float32:
        """All that the reward is made of, NaN-free (-1 where no UE is), float32 ``[..., kpi_dim]``."""
        return self._reward.kpis(m)

    def judge(self, kpis: Float32) -> Judgement:
        """Quality of each slice and reward of a frame, from its KPIs alone."""
        return self._reward.judge(kpis)

    def reward(self, kpis: Float32) -> Float32:
        """Reward of a frame from its KPIs alone, float32 ``[...]``."""
        return self._reward.judge(kpis).reward

    def qos(self, kpis: Float32) -> Float32:
        """Quality of each slice in [0, 1], float32 ``[..., S]``."""
        return self._reward.judge(kpis).qos
