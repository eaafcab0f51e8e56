"""Asking a stored policy what it would decide: the arithmetic of the dApp, for people and tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.policy import Actor, decode_actor
from cadran.problem import Assignment, Problem, Quota
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
    decision: Quota | Assignment


class Inference:
    """Actors of the store, the last one asked of each DU kept ready.

    An actor serves one thread at a time, so calls are serialised; one takes well under a millisecond.
    """

    def __init__(self, store: PolicyStore, problem: Problem) -> None:
        self._store = store
        self._problem = problem
        self._lock = threading.Lock()
        self._ready: dict[int, tuple[int, Actor]] = {}

    def decide(self, du: int, observation: Sequence[float], version: int | None = None) -> Decided:
        """The deterministic action of a DU's policy.

        Args:
            du: The DU.
            observation: ``observation_dim`` finite numbers: state, then previous action.
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
            actor = self._actor(du, version)
            if vector.shape != (actor.observation_dim,):
                raise ObservationError(
                    f"observation has {vector.size} numbers, the policy of DU {du} takes "
                    f"{actor.observation_dim}: {self._problem.state_dim} of the state, then "
                    f"{self._problem.action_dim} of the previous action"
                )
            if not np.isfinite(vector).all():
                raise ObservationError("observation: every number must be finite in single precision")
            action = actor.mean(vector)
        return Decided(version, action, self._problem.decode(action))

    def _actor(self, du: int, version: int) -> Actor:
        ready = self._ready.get(du)
        if ready is not None and ready[0] == version:
            return ready[1]
        _, actor = decode_actor(self._store.artifact(du, version))
        self._ready[du] = (version, actor)
        return actor
