"""A clairvoyant one-step reference."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, Step, to_decisions, to_measurements
from cadran.problem import Quota
from cadran.problem.heuristics import equal, priority

Int32 = NDArray[np.int32]

_STEPS_PERCENT = (24, 12, 6, 3)
_SHIFTS = tuple(itertools.permutations(range(3), 2))


class OneStepGreedy:
    """Hill climbing on the quota of every DU against the very frame that follows.

    It copies the radio's state and tries decisions on the frame's real arrivals and fading, which no deployed
    policy can know. Each DU keeps the shifts of PRBs between two slices that raise its own reward, all DUs at
    once, with steps that shrink from 24 to 3 percent. It starts from the best of its last decision, an equal
    split and a priority rule. It looks one frame ahead and climbs locally: a strong reference, not a bound on
    what a policy can earn over an episode.

    Attributes:
        percent: Quota decided last, int32 ``[E, C, S]``.
    """

    name = "one-step greedy"
    detail = "sees the coming frame; a reference, not a bound"

    def begin(self, env: BatchedEnv) -> None:
        """Start from an equal split."""
        self.percent: Int32 = equal(env.measurements, env.frame).min_percent

    def act(self, env: BatchedEnv) -> Step:
        """Search one frame ahead, then run the frame."""
        starts = [
            self.percent,
            equal(env.measurements, env.frame).min_percent,
            priority(4.0, 1.3)(env.measurements, env.frame).min_percent,
        ]
        percent = _choose(env, starts)
        for step in _STEPS_PERCENT:
            percent = _choose(env, [percent, *(_shift(percent, *pair, step) for pair in _SHIFTS)])
        self.percent = percent
        return env.step_decision(Quota.hard(percent))


def _choose(env: BatchedEnv, candidates: list[Int32]) -> Int32:
    """For each DU the candidate ``[E, C, S]`` that earns it most, all DUs trying theirs at once."""
    rewards = np.stack([_reward_of(env, percent) for percent in candidates])
    best = rewards.argmax(axis=0)
    chosen: Int32 = np.take_along_axis(np.stack(candidates), best[np.newaxis, ..., np.newaxis], axis=0)[0]
    return chosen


def _reward_of(env: BatchedEnv, percent: Int32) -> NDArray[np.float32]:
    """Reward ``[E, C]`` of the coming frame under a hard quota, in a copy of the present."""
    state = env.radio.clone(env.radio_state)
    env.radio.step(state, to_decisions(Quota.hard(percent), env.frame.rbs))
    return env.problem.reward(env.problem.kpis(to_measurements(state.kpis)))


def _shift(percent: Int32, giver: int, taker: int, step: int) -> Int32:
    """Move up to ``step`` percent from one slice to another."""
    moved = percent.copy()
    amount = np.minimum(percent[..., giver], step)
    moved[..., giver] -= amount
    moved[..., taker] += amount
    return moved
