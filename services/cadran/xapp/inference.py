"""Asking a stored policy what it would decide: the arithmetic of the dApp, for people and tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.policy import Actor, TwoLevelPolicy, decode
from cadran.problem import Assignment, Problem, Quota
from cadran.problem.hierarchy import HierarchicalProblem, TwoLevelActor, UserGrants
from cadran.xapp.policy_store import PolicyStore, UnknownVersionError


class ObservationError(ValueError):
    """An observation that the policy cannot take; the text says what it can."""


@dataclass(frozen=True)
class Decided:
    """What a policy decides on one observation, by its mean.

    Attributes:
        version: Policy version that decided.
        action: float32 ``[action_dim]`` in (0, 1).
        decision: The decoded action.
    """

    version: int
    action: NDArray[np.float32]
    decision: Quota | Assignment | UserGrants


class Inference:
    """Actors of the store, the last one asked of each DU kept ready.

    An actor serves one thread at a time, so calls are serialised; one takes well under a millisecond.
    """

    def __init__(self, store: PolicyStore, problem: Problem | HierarchicalProblem) -> None:
        self._store = store
        self._problem = problem
        self._lock = threading.Lock()
        self._ready: dict[int, tuple[int, Actor | TwoLevelPolicy]] = {}

    def decide(self, du: int, observation: Sequence[float], version: int | None = None) -> Decided:
        """The deterministic action of a DU's policy.

        Args:
            du: The DU.
            observation: Finite numbers: state, then previous action; where decisions have two levels, the
                state alone, on which both levels decide as at an episode's start.
            version: A version held; None takes the DU's target.

        Raises:
            UnknownVersionError: No such DU or version, or no policy yet.
            ObservationError: Wrong length, or a number that is not finite.
        """
        if version is None:
            target = self._store.target(du)
            if target is None:
                raise UnknownVersionError(f"DU {du} has no policy yet")
            version = target.version
        with np.errstate(over="ignore"):  # beyond single precision becomes infinite, and is refused below
            vector = np.asarray(observation, dtype=np.float32)
        with self._lock:
            action, decision = self._decided(du, version, vector)
        return Decided(version, action, decision)

    def _decided(
        self, du: int, version: int, vector: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], Quota | Assignment | UserGrants]:
        policy, problem = self._policy(du, version), self._problem
        if isinstance(policy, TwoLevelPolicy) and isinstance(problem, HierarchicalProblem):
            _require_numbers(vector, f"DU {du}", problem.state_dim, "those of the state")
            levels = TwoLevelActor(problem, policy.higher.mean, policy.lower.mean, policy.decision_frames)
            action = levels.act(vector)
            return action, problem.decode(action, problem.ues(vector))
        if isinstance(policy, Actor) and isinstance(problem, Problem):
            parts = f"{problem.state_dim} of the state, then {problem.action_dim} of the previous action"
            _require_numbers(vector, f"DU {du}", policy.observation_dim, parts)
            action = policy.mean(vector)
            return action, problem.decode(action)
        raise ObservationError(f"version {version} of DU {du} is a policy for another scenario")

    def _policy(self, du: int, version: int) -> Actor | TwoLevelPolicy:
        ready = self._ready.get(du)
        if ready is not None and ready[0] == version:
            return ready[1]
        _, policy = decode(self._store.artifact(du, version))
        self._ready[du] = (version, policy)
        return policy


def _require_numbers(vector: NDArray[np.float32], owner: str, count: int, parts: str) -> None:
    if vector.shape != (count,):
        raise ObservationError(
            f"observation has {vector.size} numbers, the policy of {owner} takes {count}: {parts}"
        )
    if not np.isfinite(vector).all():
        raise ObservationError("observation: every number must be finite in single precision")
