"""What is lost when RBs are shared in (0, 1) while optimising, and whole when transmitted.

arXiv 2511.15002 relaxes the RB-to-slice bits of its problem (7) to a sigmoid's (0, 1) and thresholds them at
0.5; how far this ends from the best whole assignment it leaves open. Here both optima are computed for one DU
and frame, on the true channel with all neighbours transmitting, under Eq (8).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, to_decisions
from cadran.lab.experiment import Experiment
from cadran.lab.policies.base import episode_seeds
from cadran.lab.yardsticks.ahead import (
    carried_bits,
    look_ahead,
    md1_latencies,
    repeated,
    require_one_tti,
)
from cadran.problem import SLICES, Measurements, Problem
from cadran.problem.heuristics import equal
from cadran.problem.measurements import URLLC
from cadran.radio import World

Float64 = NDArray[np.float64]

LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles that a distribution is told by."""
_STEPS = (0.5, 0.25, 0.1, 0.03, 0.01)
_RANDOM_STARTS = 3
_GAIN = 1e-4
"""Smallest improvement that a climb goes on for."""


@dataclass(frozen=True)
class ThresholdGap:
    """Distributions over drops and DUs, each as its quantiles at ``LEVELS``, in units of the reward.

    Attributes:
        drops: Frames that were solved.
        groups: Groups of RBs that were assigned.
        optimum: Reward of the best whole assignment.
        relaxed_gain: What the best shared assignment that was found earns more than that; the relaxation's
            gap, at least 0.
        thresholded_loss: What it earns less once groups go to the slice that has more than half of them, and
            to nobody where none has.
        rounded_loss: The same with groups given to the slice that has most of them.
        shared: Mean fraction of the groups that it shares between slices.
    """

    drops: int
    groups: int
    optimum: tuple[float, ...]
    relaxed_gain: tuple[float, ...]
    thresholded_loss: tuple[float, ...]
    rounded_loss: tuple[float, ...]
    shared: float


def threshold_gap(experiment: Experiment, episodes: int, seed: int, groups: int = 8) -> ThresholdGap:
    """Solve the first frame of each DU of held-out episodes, whole and shared.

    The DU's RBs form ``groups`` adjacent groups of (nearly) equal size, so that all 3^groups whole
    assignments can be tried; fewer, larger units make the gap larger, if anything. Sharing is in time: a
    slice that has a share of a group gets that share of its bits and of its RBs. The whole optimum is exact.
    The shared one is the best of climbs (exchanges of one or two groups' shares) from the whole optimum, from
    equal shares and from random ones, so it is never below the whole one, and may be below the true maximum.
    All groups are used; ages of eMBB and mMTC, which Section VI.E does not look at, count as 0.

    Args:
        experiment: With reward ``eq8``.
        episodes: Drops of UEs.
        seed: Determines them, and the climbs.
        groups: At least 1.

    Raises:
        ValueError: Another reward, a rate or latency that is no function of shares, fewer groups than 1 or
            more than RBs, or a world with more to a frame than one TTI.
    """
    _require(experiment, groups)
    rng = np.random.default_rng(seed)
    seeds = episode_seeds(seed, "held_out", episodes)
    env = BatchedEnv(experiment.world, experiment.problem_spec, seeds)
    solved = [_solve(frame, rng) for frame in _frames(env, groups)]
    optimum, gain, thresholded, rounded, shared = np.array(solved).T
    of = {"optimum": optimum, "relaxed_gain": gain, "thresholded_loss": thresholded, "rounded_loss": rounded}
    quantiles = {name: tuple(np.quantile(values, LEVELS).tolist()) for name, values in of.items()}
    return ThresholdGap(drops=len(solved), groups=groups, shared=float(shared.mean()), **quantiles)


def _require(experiment: Experiment, groups: int) -> None:
    world = experiment.world
    require_one_tti(world, "threshold gap")
    limits = (
        (experiment.problem_spec.reward == "eq8", "problem.reward", "eq8"),
        (experiment.problem_spec.eq8.rate == "achievable", "problem.eq8.rate", "achievable"),
        (world.kpis.rate == "equal_airtime", "world.kpis.rate", "equal_airtime"),
        (world.kpis.latency == "md1", "world.kpis.latency", "md1"),
        (1 <= groups <= world.rbs, "groups", f"1 to {world.rbs}"),
    )
    for met, key, allowed in limits:
        if not met:
            raise ValueError(f"threshold gap: {key} must be {allowed}")


@dataclass(frozen=True)
class _Frame:
    """One DU in one frame.

    Attributes:
        world: Its world.
        problem: What it is rewarded for.
        idle: Measurements that are no function of the assignment, one DU's.
        sizes: RBs of each group, int64 ``[G]``.
        bits: What each group carries for each UE, int64 ``[S, U, G]``.
        fresh_bytes: What arrives for URLLC UEs, int64 ``[U]``.
        mean_se: Their average spectral efficiency in bit/s/Hz, float64 ``[U]``.
    """

    world: World
    problem: Problem
    idle: Measurements
    sizes: NDArray[np.int64]
    bits: NDArray[np.int64]
    fresh_bytes: NDArray[np.int64]
    mean_se: Float64

    def rewards(self, shares: Float64) -> Float64:
        """Rewards of assignments ``[J, G, S]``, shares of each group; float64 ``[J]``."""
        members = self.idle.ues
        place = np.arange(self.bits.shape[1])
        present = place < members[:, np.newaxis]
        airtime_s = np.maximum(members, 1)[:, np.newaxis] * self.world.tti_s
        rate = np.einsum("jgs,sug->jsu", shares, self.bits) / airtime_s
        delay = np.zeros_like(rate)
        delay[:, URLLC] = md1_latencies(
            self.world,
            members[[URLLC]].astype(np.int32),
            np.zeros_like(self.fresh_bytes),
            self.fresh_bytes,
            self.mean_se,
            shares[..., URLLC] @ self.sizes,
        )[0]
        measured = {f.name: repeated(getattr(self.idle, f.name), len(shares)) for f in fields(Measurements)}
        measured["ue_rate_bps"] = np.where(present, rate, np.nan).astype(np.float32)
        measured["ue_delay_s"] = np.where(present, delay, np.nan).astype(np.float32)
        rewards = self.problem.reward(self.problem.kpis(Measurements(**measured)))
        return rewards.astype(np.float64)


def _frames(env: BatchedEnv, groups: int) -> list[_Frame]:
    """The first frame of every DU."""
    ahead, played = look_ahead(env), env.radio.clone(env.radio_state)
    env.radio.step(played, to_decisions(equal(env.measurements, env.frame), env.frame.rbs))
    everywhere = np.ones((env.envs, env.dus, env.frame.rbs), dtype=np.float32)
    starts = np.arange(groups) * env.frame.rbs // groups
    bits = np.add.reduceat(carried_bits(env, ahead, everywhere).astype(np.int64), starts, axis=-1)
    return [
        _Frame(
            world=env.world,
            problem=env.problem,
            idle=env.measurements.select((e, c)),
            sizes=np.diff(np.append(starts, env.frame.rbs)),
            bits=bits[e, c],
            fresh_bytes=ahead.offered_bytes[e, c, URLLC],
            mean_se=played.ues.mean_se[e, c, URLLC],
        )
        for e, c in itertools.product(range(env.envs), range(env.dus))
    ]


def _solve(frame: _Frame, rng: np.random.Generator) -> tuple[float, float, float, float, float]:
    """Whole optimum, gain of sharing, loss by thresholding and by rounding, and fraction of shared groups."""
    groups = len(frame.sizes)
    whole = np.eye(SLICES)[np.array(list(itertools.product(range(SLICES), repeat=groups)))]
    rewards = frame.rewards(whole)
    optimum = float(rewards.max())
    equal = np.full((1, groups, SLICES), 1.0 / SLICES)
    starts = np.concatenate([equal, rng.dirichlet(np.ones(SLICES), (_RANDOM_STARTS, groups))])
    climbed = [_climb(frame, start, rng) for start in (*starts, whole[rewards.argmax()])]
    # Of equally good ones the first: an optimiser that shares does not begin at the whole optimum.
    value, shares = max(climbed, key=lambda found: round(found[0] / _GAIN))
    value = max(value, optimum)
    thresholded, rounded = frame.rewards(
        np.stack([(shares > 0.5).astype(np.float64), np.eye(SLICES)[shares.argmax(axis=1)]])
    )
    shared = float((shares.max(axis=1) < 1.0 - min(_STEPS)).mean())
    return optimum, value - optimum, optimum - float(thresholded), optimum - float(rounded), shared


def _climb(frame: _Frame, shares: Float64, rng: np.random.Generator) -> tuple[float, Float64]:
    """The best found by exchanging shares; its reward and ``[G, S]``.

    Steps of all sizes are tried each time: URLLC's latency rises so steeply that small ones alone get stuck.
    """
    value = float(frame.rewards(shares[np.newaxis])[0])
    while True:
        tried = np.concatenate([_neighbours(shares, step, rng) for step in _STEPS])
        rewards = frame.rewards(tried)
        best = int(rewards.argmax())
        if rewards[best] <= value + _GAIN:
            return value, shares
        value, shares = float(rewards[best]), tried[best]


def _neighbours(shares: Float64, step: float, rng: np.random.Generator) -> Float64:
    """All exchanges of up to ``step`` in one group, and as many random ones in two groups."""
    pairs = itertools.permutations(range(SLICES), 2)
    moves = [(group, giver, taker) for (giver, taker) in pairs for group in range(len(shares))]
    single = np.stack([_exchanged(shares, step, *move) for move in moves])
    chosen = rng.integers(0, len(moves), len(moves))
    double = [_exchanged(after, step, *moves[number]) for after, number in zip(single, chosen, strict=True)]
    return np.concatenate([single, np.stack(double)])


def _exchanged(shares: Float64, step: float, group: int, giver: int, taker: int) -> Float64:
    moved = shares.copy()
    amount = min(step, moved[group, giver])
    moved[group, giver] -= amount
    moved[group, taker] += amount
    return moved
