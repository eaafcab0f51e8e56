"""How a DU's agent judges and decides: by one actor, or by two on clocks of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.dapp.policies import Policy
from cadran.policy import Actor, TwoLevelPolicy
from cadran.problem import Assignment, Measurements, Problem, Quota
from cadran.problem.hierarchy import HierarchicalProblem, TwoLevelActor, UserGrants, UserMeasurements

Float32 = NDArray[np.float32]
Decision = Quota | Assignment | UserGrants


class NotFiniteActionError(ArithmeticError):
    """A policy computes no action from this observation."""


@dataclass(frozen=True)
class Measured:
    """What a DU measured in a frame: of its slices and, where decisions are made for users, of these."""

    slices: Measurements
    users: UserMeasurements | None = None


class Assessed(Protocol):
    """What a frame came to."""

    @property
    def kpis(self) -> Float32:
        """What the reward is made of, float32 ``[kpi_dim]``."""

    @property
    def reward(self) -> Float32:
        """float32 ``[]``."""

    @property
    def state(self) -> Float32:
        """State after the frame, float32 ``[state_dim]``."""


@dataclass(frozen=True)
class Previous:
    """The action in force before a frame, float32 ``[action_dim]``; the neutral one where none is known."""

    action: Float32
    is_neutral: bool


@dataclass(frozen=True)
class Decided:
    """One decision.

    Attributes:
        action: float32 ``[action_dim]`` in [0, 1].
        decision: What it stands for.
        previous_is_neutral: Whether what it was decided by held nothing of a previous action.
        goal_set: Whether a higher level decided with it.
    """

    action: Float32
    decision: Decision
    previous_is_neutral: bool
    goal_set: bool


class Task(Protocol):
    """A decision problem as the agent of one DU meets it."""

    @property
    def neutral_action(self) -> Float32:
        """The previous action at an episode's start, float32 ``[action_dim]``."""

    def assess(self, measured: Measured) -> Assessed:
        """All that a frame came to."""

    def begin(self) -> None:
        """An episode begins."""

    def decide(
        self, policy: Policy, frame: int, state: Float32, previous: Previous, noise: Float32 | None
    ) -> Decided:
        """Decides one frame.

        Args:
            policy: What decides.
            frame: Its number.
            state: Before it, float32 ``[state_dim]``.
            previous: The previous action.
            noise: Standard normal numbers to explore with, float32 ``[action_dim]``; None: act by the mean.

        Raises:
            NotFiniteActionError: the policy's weights are finite, but too large to compute with.
        """


def task_of(problem: Problem | HierarchicalProblem, du: int) -> Task:
    """The task of one DU."""
    if isinstance(problem, HierarchicalProblem):
        return TwoLevelTask(problem.of_du(du))
    return OneLevelTask(problem.of_du(du))


class OneLevelTask:
    """One actor sees the state and its previous action; implements `Task`."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.neutral_action = problem.neutral_action

    def assess(self, measured: Measured) -> Assessed:
        """All that a frame came to."""
        return self._problem.assess(measured.slices)

    def begin(self) -> None:
        """Nothing is carried from frame to frame."""

    def decide(
        self, policy: Policy, frame: int, state: Float32, previous: Previous, noise: Float32 | None
    ) -> Decided:
        """The actor's action, decoded."""
        if not isinstance(policy, Actor):
            raise TypeError(f"a policy of kind {policy.kind} decides nothing here")
        action = _action(policy, self._problem.observation(state, previous.action), noise)
        return Decided(action, self._problem.decode(action), previous.is_neutral, goal_set=False)


class TwoLevelTask:
    """Two actors, the higher of which sets a goal now and then; implements `Task`.

    The goal outlives frames that the DU decided without this agent, and changes of policy.
    """

    def __init__(self, problem: HierarchicalProblem) -> None:
        self._problem = problem
        self.neutral_action = problem.neutral_action
        self._levels = TwoLevelActor(problem, self._higher, self._lower, problem.spec.decision_frames)
        self._next_frame: int | None = None

    def assess(self, measured: Measured) -> Assessed:
        """All that a frame came to."""
        if measured.users is None:
            raise ValueError("nothing was measured of users; decisions on two levels need it")
        return self._problem.assess(measured.slices, measured.users)

    def begin(self) -> None:
        """The higher level decides at the next frame that is decided."""
        self._levels.begin()
        self._next_frame = None

    def decide(
        self, policy: Policy, frame: int, state: Float32, previous: Previous, noise: Float32 | None
    ) -> Decided:
        """Both levels' action, decoded; of a previous one they know the goal, whatever became of it since."""
        if not isinstance(policy, TwoLevelPolicy):
            raise TypeError(f"a policy of kind {policy.kind} decides nothing here")
        first = self._next_frame is None
        if self._next_frame is not None:
            self._levels.skip(frame - self._next_frame)
        self._next_frame = frame + 1
        self._policy = policy
        self._noise = (None, None) if noise is None else self._problem.levels(noise)
        action = self._levels.act(state)
        decision = self._problem.decode(action, self._problem.ues(state))
        return Decided(action, decision, first, self._levels.goal_set)

    def _higher(self, observation: Float32) -> Float32:
        return _action(self._policy.higher, observation, self._noise[0])

    def _lower(self, observations: Float32) -> Float32:
        # Slice by slice: a single observation gives the same bits in every process, a batch need not.
        own = self._noise[1]
        noises = [None] * len(observations) if own is None else list(own)
        actor = self._policy.lower
        return np.stack([_action(actor, *seen) for seen in zip(observations, noises, strict=True)])


def _action(actor: Actor, observation: Float32, noise: Float32 | None) -> Float32:
    # Weights may be finite, and yet too large to be multiplied.
    with np.errstate(over="ignore", invalid="ignore"):
        action = actor.mean(observation) if noise is None else actor.sample(observation, noise)
    if not np.isfinite(action).all():
        raise NotFiniteActionError("the policy's action is not finite")
    return action
