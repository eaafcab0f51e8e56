"""What an evaluation asks of a policy, and running one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, Step
from cadran.radio import World

Role = Literal["tuning", "held_out", "training"]
_ROLE_KEYS: dict[Role, int] = {"tuning": 1, "held_out": 2, "training": 3}


class LabPolicy(Protocol):
    """Decides for all DUs of all environments at once."""

    @property
    def name(self) -> str:
        """How tables and sentences call it."""

    @property
    def detail(self) -> str:
        """What the name leaves out, such as tuned numbers; may be empty."""

    def begin(self, env: BatchedEnv) -> None:
        """Forget everything; called after `env.reset`."""

    def act(self, env: BatchedEnv) -> Step:
        """Decide one frame and run it in ``env``."""


@dataclass(frozen=True)
class InWorld:
    """A policy that is more than decisions: it also needs the RAN itself to be set differently.

    The change must leave channels and traffic alone, so that episodes stay the same; see `world_of`.

    Attributes:
        policy: What decides.
        change: From the world that is asked about to the one the policy runs in.
    """

    policy: LabPolicy
    change: Callable[[World], World]

    @property
    def name(self) -> str:
        """That of the policy."""
        return self.policy.name

    @property
    def detail(self) -> str:
        """That of the policy."""
        return self.policy.detail

    def begin(self, env: BatchedEnv) -> None:
        """Begin the policy."""
        self.policy.begin(env)

    def act(self, env: BatchedEnv) -> Step:
        """Let the policy act."""
        return self.policy.act(env)


def world_of(policy: LabPolicy, world: World) -> World:
    """The world that a policy is to be run in when ``world`` is asked about."""
    return policy.change(world) if isinstance(policy, InWorld) else world


@dataclass(frozen=True)
class Rollout:
    """Means over one episode of E environments.

    Attributes:
        reward: Mean over frames and DUs, float64 ``[E]``.
        qos: Mean quality of each slice over frames and DUs, float64 ``[E, S]``.
    """

    reward: NDArray[np.float64]
    qos: NDArray[np.float64]


def episode_seeds(seed: int, role: Role, count: int) -> NDArray[np.uint64]:
    """World seeds of ``count`` episodes, apart from those of other roles and of the live loop.

    The live loop is seeded by the small numbers that a person gives; these are hashed to 64 bits.
    """
    state = np.random.SeedSequence([seed, _ROLE_KEYS[role]]).generate_state(count, np.uint64)
    return state.astype(np.uint64)


def rollout(env: BatchedEnv, policy: LabPolicy, episode: int = 0) -> Rollout:
    """Let a policy decide one whole episode in every environment."""
    env.reset(episode)
    policy.begin(env)
    rewards, qualities = [], []
    while env.frames_left:
        step = policy.act(env)
        rewards.append(step.reward.mean(axis=1, dtype=np.float64))
        qualities.append(env.problem.qos(step.kpis).mean(axis=1, dtype=np.float64))
    return Rollout(np.mean(rewards, axis=0), np.mean(qualities, axis=0))
