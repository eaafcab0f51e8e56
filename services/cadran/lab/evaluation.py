"""Comparing policies on held-out episodes, each policy on the same ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv
from cadran.lab.policies.base import LabPolicy, Rollout, episode_seeds, rollout, world_of
from cadran.lab.policies.baselines import BASELINES, baseline
from cadran.lab.policies.learned import LearnedPolicy
from cadran.lab.statistics import Difference, Interval, mean_interval, sentence
from cadran.policy import Actor
from cadran.problem import ProblemSpec
from cadran.radio import World


@dataclass(frozen=True)
class PolicyResult:
    """How one policy did.

    Attributes:
        name: Of the policy.
        detail: What the name leaves out, such as tuned numbers.
        reward: Mean per-frame, per-DU reward with its interval over episodes.
        qos: Mean quality of each slice, in [0, 1].
        episode_rewards: Mean reward of each episode, in the order that all policies share.
    """

    name: str
    detail: str
    reward: Interval
    qos: tuple[float, ...]
    episode_rewards: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation.

    Attributes:
        subject: The policy that is compared with all others; the first one given.
        episodes: Held-out episodes.
        frames_per_episode: Frames of each.
        seed: What the episodes were drawn from.
        results: One per policy.
        differences: Subject minus each other policy, paired by episode.
        sentence: What the differences show.
    """

    subject: str
    episodes: int
    frames_per_episode: int
    seed: int
    results: tuple[PolicyResult, ...]
    differences: tuple[Difference, ...]
    sentence: str

    def to_json(self) -> str:
        """One JSON object with the same names; an interval's value is ``mean``, differences have verdicts."""
        data = asdict(self)
        for row, result in zip(data["results"], self.results, strict=True):
            row["reward"] = _mean_object(result.reward)
        for row, difference in zip(data["differences"], self.differences, strict=True):
            row["interval"] = _mean_object(difference.interval)
            row["verdict"] = difference.interval.verdict
        return json.dumps(data, allow_nan=False)


def evaluate(
    world: World,
    spec: ProblemSpec,
    policies: Sequence[LabPolicy],
    *,
    episodes: int,
    seed: int,
    progress: Callable[[str], None] = lambda name: None,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> Evaluation:
    """Run every policy on the same held-out episodes.

    Args:
        world: The RAN.
        spec: The decision problem.
        policies: The first one is compared with each other one.
        episodes: How many, at least 2; all run at once.
        seed: Determines the episodes and the bootstrap.
        progress: Told each policy's name before it runs.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``; see `BatchedEnv`.
        load_profile: Measured load over time, float64 ``[n]``; see `BatchedEnv`.

    Raises:
        ValueError: No policy, fewer than 2 episodes, or a measured load that is missing or unusable.
    """
    if not policies:
        raise ValueError("policies: there must be at least one to evaluate")
    if episodes < 2:
        raise ValueError(f"episodes: an interval needs at least 2, not {episodes}")
    seeds = episode_seeds(seed, "held_out", episodes)
    env = BatchedEnv(world, spec, seeds, trace_bytes_per_tti, load_profile)
    rollouts = []
    for policy in policies:
        progress(policy.name)
        own = world_of(policy, world)
        its_env = env if own == world else BatchedEnv(own, spec, seeds, trace_bytes_per_tti, load_profile)
        rollouts.append(rollout(its_env, policy))
    return summarise(policies, rollouts, world.episode_frames, seed)


def _mean_object(interval: Interval) -> dict[str, float]:
    return {"mean": interval.value, "low": interval.low, "high": interval.high}


def summarise(
    policies: Sequence[LabPolicy], rollouts: Sequence[Rollout], frames: int, seed: int
) -> Evaluation:
    """Intervals, paired differences and the sentence from rollouts over the same episodes."""
    results = tuple(
        PolicyResult(
            policy.name,
            policy.detail,
            mean_interval(run.reward, np.random.default_rng(seed)),
            tuple(run.qos.mean(axis=0).tolist()),
            tuple(run.reward.tolist()),
        )
        for policy, run in zip(policies, rollouts, strict=True)
    )
    first = rollouts[0].reward
    differences = tuple(
        Difference(policy.name, mean_interval(first - run.reward, np.random.default_rng(seed)))
        for policy, run in zip(policies[1:], rollouts[1:], strict=True)
    )
    return Evaluation(
        subject=policies[0].name,
        episodes=len(first),
        frames_per_episode=frames,
        seed=seed,
        results=results,
        differences=differences,
        sentence=sentence(policies[0].name, len(first), differences),
    )


def evaluate_learned(
    world: World,
    spec: ProblemSpec,
    actors: Sequence[Actor],
    *,
    episodes: int,
    seed: int,
    progress: Callable[[str], None] = lambda name: None,
    trace_bytes_per_tti: NDArray[np.int64] | None = None,
    load_profile: NDArray[np.float64] | None = None,
) -> Evaluation:
    """The learned policy, deterministic as deployed, beside its sampled self and every baseline.

    Args:
        world: The RAN.
        spec: The decision problem.
        actors: The actor of each DU.
        episodes: Held-out episodes, at least 2.
        seed: Determines tuning episodes, held-out episodes, exploration noise and the bootstrap.
        progress: Told what is being done.
        trace_bytes_per_tti: Measured packets that drive eMBB, int64 ``[n]``; see `BatchedEnv`.
        load_profile: Measured load over time, float64 ``[n]``; see `BatchedEnv`.
    """
    policies: list[LabPolicy] = [LearnedPolicy(actors), LearnedPolicy(actors, sampled_seed=seed)]
    for name in BASELINES:
        progress(f"preparing {name}")
        policies.append(baseline(name, world, spec, seed, trace_bytes_per_tti, load_profile))
    return evaluate(
        world,
        spec,
        policies,
        episodes=episodes,
        seed=seed,
        progress=progress,
        trace_bytes_per_tti=trace_bytes_per_tti,
        load_profile=load_profile,
    )
