"""Two policies acting as one: the higher sets goals now and then, the lower acts on them in every frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cadran.problem.hierarchy.problem import HierarchicalProblem
from cadran.problem.measurements import Float32

LevelPolicy = Callable[[Float32], Float32]
"""From what a level sees ``[..., o]`` to its numbers in [0, 1], ``[..., a]``."""


class TwoLevelActor:
    """Holds the higher level's decision between its turns, for one DU or any batch of them.

    Args:
        problem: The decision problem.
        higher: Policy of the higher level, ``[..., 15]`` to ``[..., S]``.
        lower: Policy of the lower level, ``[..., S, o]`` to ``[..., S, 2 U]``.
        decision_frames: Frames from one decision of the higher level to the next, H >= 1.

    Raises:
        ValueError: ``decision_frames`` is below 1.

    Attributes:
        goal_set: Whether the higher level decided at the last `act`.
        higher_observation: What it saw when it last did, float32 ``[..., 15]``.
        slice_rbs: RBs that each slice holds, int32 ``[..., S]``.
        goal: What it asked for, float32 ``[..., S, 2]``.
        lower_observation: What the lower level saw at the last `act`, float32 ``[..., S, o]``.
    """

    goal_set: bool
    higher_observation: Float32
    slice_rbs: NDArray[np.int32]
    goal: Float32
    lower_observation: Float32

    def __init__(
        self, problem: HierarchicalProblem, higher: LevelPolicy, lower: LevelPolicy, decision_frames: int
    ) -> None:
        if decision_frames < 1:
            raise ValueError(f"decision_frames: {decision_frames} must be at least 1")
        self._problem = problem
        self._higher = higher
        self._lower = lower
        self._decision_frames = decision_frames
        self.begin()

    def begin(self) -> None:
        """Start an episode: slices held equal RBs, and the higher level decides at the next `act`."""
        neutral, _ = self._problem.levels(self._problem.neutral_action)
        self.slice_rbs = self._problem.slice_rbs(neutral)
        self.goal_set = False
        self._begun, self._due, self._frame = False, True, 0

    def skip(self, frames: int) -> None:
        """Let frames pass that were not decided: a goal holds for what is left of its own frames.

        Has no effect before an episode's first `act`, from which its frames are counted.

        Args:
            frames: How many, at least 0.
        """
        if not self._begun:
            return
        self._due = self._due or self._frame + frames >= self._decision_frames
        self._frame = (self._frame + frames) % self._decision_frames

    def act(self, state: Float32, noise: Float32 | None = None) -> Float32:
        """The flat action for a frame.

        Args:
            state: Of the frame before, float32 ``[..., state_dim]``; of one shape through an episode.
            noise: Added to the action to explore, ``[..., action_dim]``; that of the higher level only counts
                when it decides. None adds nothing.

        Returns:
            float32 ``[..., action_dim]`` in [0, 1].
        """
        higher_noise, lower_noise = (None, None) if noise is None else self._problem.levels(noise)
        self.goal_set, self._due, self._begun = self._due, False, True
        if self.goal_set:
            self._decide(state, higher_noise)
        self.skip(1)
        self.lower_observation = self._problem.lower_observation(state, self.goal)
        users = _explored(self._lower(self.lower_observation), lower_noise)
        return self._problem.flat(self._higher_action, users)

    def _decide(self, state: Float32, noise: Float32 | None) -> None:
        held = np.broadcast_to(self.slice_rbs, (*state.shape[:-1], self._problem.higher_action_dim))
        self.higher_observation = self._problem.higher_observation(state, held)
        self._higher_action = _explored(self._higher(self.higher_observation), noise)
        self.slice_rbs = self._problem.slice_rbs(self._higher_action)
        self.goal = self._problem.goal(state, self.slice_rbs)


def _explored(action: Float32, noise: Float32 | None) -> Float32:
    if noise is None:
        return action
    explored: Float32 = np.clip(action + noise, 0.0, 1.0, dtype=np.float32)
    return explored
