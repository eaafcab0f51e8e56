"""Learned policies at work at all DUs of many copies of a network, and what each level can learn from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cadran.envs.hierarchical import HierarchicalStep
from cadran.lab.meta.levels import Level, LevelFacts
from cadran.learn.ddpg import DdpgShape, Networks, actions
from cadran.problem.hierarchy import HierarchicalProblem, TwoLevelActor

Float32 = NDArray[np.float32]
Number = TypeVar("Number", np.float32, np.bool_)


@dataclass(frozen=True)
class Transitions:
    """Rows of one level, n for each of C DUs.

    Attributes:
        level: which one.
        observation: ``[C, n, O]``.
        action: ``[C, n, A]``.
        next_observation: ``[C, n, O]``.
        reward: ``[C, n]``.
        kept: which rows are of a slice with UEs, ``[C, n]``.
    """

    level: Level
    observation: Float32
    action: Float32
    next_observation: Float32
    reward: Float32
    kept: NDArray[np.bool_]


class Policy(Protocol):
    """Decides for all DUs of E copies of a network, frame by frame.

    Attributes:
        networks: those that act, by level, of C tasks or of one for all DUs; may be replaced at any time.
    """

    networks: Mapping[Level, Networks]

    def begin(self) -> None:
        """An episode begins."""

    def noise_scale(self, std: Mapping[Level, float]) -> Float32:
        """Standard deviations of the noise on each number of a flat action, ``[A]``."""

    def act(self, state: Float32, noise: Float32 | None) -> Float32:
        """Flat actions for a frame, from ``[E, C, state_dim]`` and noise ``[E, C, A]`` to ``[E, C, A]``."""

    def learnt(self, action: Float32, step: HierarchicalStep) -> Iterator[Transitions]:
        """What the frame adds to each level's experience: those transitions that it completed."""


class TwoLevelPolicy:
    """A higher and a lower level.

    Transitions are those of `problem.hierarchy.transitions`: one of the higher level spans the frames of its
    decision and earns their mean reward; one of the lower level is a frame of a slice, and its next
    observation is under the next frame's goal, so it is complete a frame later.

    Args:
        problem: the decision problem.
        levels: ``higher`` and ``lower``.
        networks: of both.
    """

    def __init__(
        self,
        problem: HierarchicalProblem,
        levels: Mapping[Level, LevelFacts],
        networks: Mapping[Level, Networks],
    ) -> None:
        self.networks = networks
        self._problem = problem
        self._frames = problem.spec.decision_frames
        higher = _of_dus(levels["higher"].shape, lambda: self.networks["higher"])
        lower = _of_dus(levels["lower"].shape, lambda: self.networks["lower"])
        self._actor = TwoLevelActor(problem, higher, lower, self._frames)
        self.begin()

    def begin(self) -> None:
        """An episode begins."""
        self._actor.begin()
        self._earned: list[Float32] = []
        self._waiting: Transitions | None = None

    def noise_scale(self, std: Mapping[Level, float]) -> Float32:
        """Standard deviations of the noise on each number of a flat action, ``[A]``."""
        scale = np.full(self._problem.action_dim, std["lower"], dtype=np.float32)
        scale[: self._problem.higher_action_dim] = std["higher"]
        return scale

    def act(self, state: Float32, noise: Float32 | None) -> Float32:
        """Flat actions for a frame."""
        return self._actor.act(state, noise)

    def learnt(self, action: Float32, step: HierarchicalStep) -> Iterator[Transitions]:
        """A transition of each slice, and one of each DU where its decision of RBs has run its time."""
        higher_action, lower_action = self._problem.levels(action)
        if self._waiting is not None:
            yield replace(self._waiting, next_observation=_rows(self._actor.lower_observation))
        frame = Transitions(
            "lower",
            _rows(self._actor.lower_observation),
            _rows(lower_action),
            _rows(self._problem.lower_observation(step.state, self._actor.goal)),
            _numbers(step.lower_reward),
            _numbers(step.present),
        )
        self._waiting = frame
        if step.episode_end:
            yield frame
        self._earned.append(step.reward)
        if len(self._earned) == self._frames or step.episode_end:
            yield self._decision(higher_action, step)
            self._earned = []

    def _decision(self, action: Float32, step: HierarchicalStep) -> Transitions:
        """The decision that ends with this frame."""
        reward = np.asarray(np.mean(self._earned, axis=0, dtype=np.float64), dtype=np.float32)
        return Transitions(
            "higher",
            _rows(self._actor.higher_observation),
            _rows(action),
            _rows(self._problem.higher_observation(step.state, self._actor.slice_rbs)),
            _numbers(reward),
            np.ones((reward.shape[1], reward.shape[0]), dtype=np.bool_),
        )


class FlatPolicy:
    """One level that decides slices and users together, in every frame.

    Args:
        problem: the decision problem.
        levels: ``flat``.
        networks: of it.
    """

    def __init__(
        self,
        problem: HierarchicalProblem,
        levels: Mapping[Level, LevelFacts],
        networks: Mapping[Level, Networks],
    ) -> None:
        self.networks = networks
        self._problem = problem
        self._decide = _of_dus(levels["flat"].shape, lambda: self.networks["flat"])

    def begin(self) -> None:
        """Nothing to forget."""

    def noise_scale(self, std: Mapping[Level, float]) -> Float32:
        """Standard deviations of the noise on each number of a flat action, ``[A]``."""
        return np.full(self._problem.action_dim, std["flat"], dtype=np.float32)

    def act(self, state: Float32, noise: Float32 | None) -> Float32:
        """Flat actions for a frame."""
        self._state = state
        action = self._decide(state)
        return action if noise is None else np.clip(action + noise, 0.0, 1.0, dtype=np.float32)

    def learnt(self, action: Float32, step: HierarchicalStep) -> Iterator[Transitions]:
        """A transition of each DU."""
        yield Transitions(
            "flat",
            _rows(self._state),
            _rows(action),
            _rows(step.state),
            _numbers(step.reward),
            np.ones((step.reward.shape[1], step.reward.shape[0]), dtype=np.bool_),
        )


def policy_of(
    problem: HierarchicalProblem, levels: Mapping[Level, LevelFacts], networks: Mapping[Level, Networks]
) -> Policy:
    """The policy of these levels."""
    kind = FlatPolicy if "flat" in levels else TwoLevelPolicy
    return kind(problem, levels, networks)


def _of_dus(shape: DdpgShape, networks: Callable[[], Networks]) -> Callable[[Float32], Float32]:
    """From what DUs see ``[E, C, ..., O]`` to their numbers ``[E, C, ..., A]``, by the networks of now."""

    def policy(observation: Float32) -> Float32:
        of_dus = np.moveaxis(observation, 1, 0)
        now = networks()
        seen = np.ascontiguousarray(of_dus).reshape(now.tasks, -1, shape.observation_dim)
        decided = actions(shape, now.actor, seen)
        return np.moveaxis(decided.reshape(*of_dus.shape[:-1], shape.action_dim), 0, 1)

    return policy


def _rows(array: Float32) -> Float32:
    """Rows of each DU: ``[E, C, ..., W]`` to ``[C, n, W]``."""
    return np.moveaxis(array, 1, 0).reshape(array.shape[1], -1, array.shape[-1])


def _numbers(array: NDArray[Number]) -> NDArray[Number]:
    """Numbers of each DU: ``[E, C, ...]`` to ``[C, n]``."""
    return np.moveaxis(array, 1, 0).reshape(array.shape[1], -1)
