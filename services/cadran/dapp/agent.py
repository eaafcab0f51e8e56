"""The actor at one DU: from an indication to a decision, and from an outcome to a transition.

No network, no clock, no file: the dApp service and the laboratory run this same class, so that a
trajectory through the services and one in a single process are the same arithmetic.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.dapp.policies import PolicySlot
from cadran.dapp.tasks import Assessed, Decision, Measured, NotFiniteActionError, Previous, task_of
from cadran.policy import noise
from cadran.problem import Measurements, Problem
from cadran.problem.hierarchy import HierarchicalProblem, UserMeasurements
from cadran.replay.schema import RowFlag, TransitionSchema

# A decision older than this is never asked for again: the DU falls back long before.
_REMEMBERED_ACTIONS = 64


@dataclass(frozen=True)
class Indication:
    """What the DU tells its dApp once a frame.

    Attributes:
        epoch: identifies one life of the RAN; frames of different epochs are unrelated.
        frame: the frame to be decided now, counted from 0 in the epoch.
        outcome: measurements of frame - 1; None before the first frame.
        applied_frame: the frame for which the decision in force during frame - 1 was made;
            None if the DU's fallback scheduler was in force.
        start: measurements of a fresh drop when an episode begins with this frame, else None.
        deterministic: act by the policy's mean instead of a sample.
        users: what was measured of users in frame - 1; None where decisions are not made for users.
        start_users: as `start`, of users.
    """

    epoch: int
    frame: int
    outcome: Measurements | None
    applied_frame: int | None
    start: Measurements | None
    deterministic: bool
    users: UserMeasurements | None = None
    start_users: UserMeasurements | None = None


@dataclass(frozen=True)
class Action:
    """One decision of the dApp: the relaxed action in (0, 1)^A and what it decodes to."""

    frame: int
    policy_version: int
    action: NDArray[np.float32]
    decision: Decision
    goal_set: bool = False


@dataclass(frozen=True)
class _Acted:
    action: Action
    state: NDArray[np.float32]
    previous_is_neutral: bool
    deterministic: bool


@dataclass(frozen=True)
class Transition:
    """A frame that was decided, applied and measured; its row can be made later, off the frame's path."""

    epoch: int
    sequence: int
    episode_ended: bool
    acted: _Acted
    outcome: Assessed

    @property
    def finite(self) -> bool:
        """Whether every number of it is finite, so that it can be stored and learnt from."""
        numbers = (self.acted.state, self.outcome.state, self.outcome.kpis, self.outcome.reward)
        return all(bool(np.isfinite(part).all()) for part in numbers)

    def row(self, schema: TransitionSchema) -> NDArray[Any]:
        """The transition as one row of its schema."""
        action = self.acted.action
        row = schema.empty(1)
        row["epoch"] = self.epoch
        row["frame"] = action.frame
        row["sequence"] = self.sequence
        row["policy_version"] = action.policy_version
        row["flags"] = (
            (RowFlag.PREVIOUS_IS_NEUTRAL if self.acted.previous_is_neutral else 0)
            | (RowFlag.EPISODE_END if self.episode_ended else 0)
            | (RowFlag.DETERMINISTIC if self.acted.deterministic else 0)
            | (RowFlag.GOAL if action.goal_set else 0)
        )
        row["state"] = self.acted.state
        row["action"] = action.action
        row["reward"] = self.outcome.reward
        row["kpis"] = self.outcome.kpis
        row["next_state"] = self.outcome.state
        return row


class DuAgent:
    """Acts for one DU and remembers just enough to report what came of it.

    Args:
        du: index of the DU, 0-based.
        problem: what is observed, decided and rewarded at all DUs.
        policies: the actor in force and those scheduled.
        seed: seed of the exploration noise; noise depends on (seed, du, frame) alone, so a
            restarted dApp explores as the first one would have.
    """

    def __init__(
        self, du: int, problem: Problem | HierarchicalProblem, policies: PolicySlot, seed: int
    ) -> None:
        self.du = du
        self._action_dim = problem.action_dim
        self._task = task_of(problem, du)
        self._policies = policies
        self._seed = seed
        self._epoch: int | None = None
        self._drawn: tuple[int, NDArray[np.float32]] | None = None
        self._forget()

    def _forget(self) -> None:
        self._acted: _Acted | None = None
        self._actions: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._sequence = 0
        self._task.begin()
        self._be_neutral()

    def _be_neutral(self) -> None:
        self._previous = Previous(self._task.neutral_action, is_neutral=True)

    def step(self, indication: Indication, act: bool = True) -> tuple[Action | None, Transition | None]:
        """Takes one indication; returns the decision and the transition that it completes.

        Args:
            indication: what the DU tells.
            act: whether to decide; without, its outcome is noted and nothing more.

        Returns:
            (decision for `indication.frame`, or None while no policy is held, or if the state or the action
            is not finite, or not to act; frame - 1, or None if it was not this dApp's to answer for).
        """
        if indication.epoch != self._epoch:
            if self._epoch is not None:
                self._policies.release()
            self._epoch = indication.epoch
            self._forget()
        outcome = self._assessed(indication.outcome, indication.users)
        transition = self._settle(indication, outcome)
        if not act:
            self._acted = None
            return None, transition
        return self._act(indication, outcome), transition

    def _assessed(self, slices: Measurements | None, users: UserMeasurements | None) -> Assessed | None:
        return None if slices is None else self._task.assess(Measured(slices, users))

    def _settle(self, indication: Indication, outcome: Assessed | None) -> Transition | None:
        acted, applied = self._acted, indication.applied_frame
        transition = None
        if applied is None:
            self._be_neutral()
        elif acted is not None and applied == acted.action.frame == indication.frame - 1:
            if outcome is not None:
                ended = indication.start is not None
                transition = Transition(indication.epoch, self._sequence, ended, acted, outcome)
                self._sequence += 1
            self._previous = Previous(acted.action.action, is_neutral=False)
        elif applied in self._actions:
            # The DU ran an older decision; the next observation must name that one.
            self._previous = Previous(self._actions[applied], is_neutral=False)
        else:
            self._be_neutral()
        if indication.start is not None:
            self._task.begin()
            self._be_neutral()
        return transition

    def prepare(self, frame: int) -> None:
        """Draws the exploration noise of a frame ahead of its indication, off the frame's path."""
        self._drawn = (frame, noise(self._seed, self.du, frame, self._action_dim))

    def _noise_of(self, frame: int) -> NDArray[np.float32]:
        drawn = self._drawn
        if drawn is not None and drawn[0] == frame:
            return drawn[1]
        return noise(self._seed, self.du, frame, self._action_dim)

    def _act(self, indication: Indication, outcome: Assessed | None) -> Action | None:
        self._acted = None
        policy, version = self._policies.at(indication.frame)
        before = self._assessed(indication.start, indication.start_users) or outcome
        if policy is None or before is None or not np.isfinite(before.state).all():
            return None
        frame, state = indication.frame, before.state
        eps = None if indication.deterministic else self._noise_of(frame)
        try:
            decided = self._task.decide(policy, frame, state, self._previous, eps)
        except NotFiniteActionError:
            return None
        vector = np.array(decided.action, dtype=np.float32)
        action = Action(frame, version, vector, decided.decision, decided.goal_set)
        self._acted = _Acted(action, state, decided.previous_is_neutral, indication.deterministic)
        self._actions[frame] = vector
        if len(self._actions) > _REMEMBERED_ACTIONS:
            self._actions.popitem(last=False)
        return action
