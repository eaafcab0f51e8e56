"""Trained runs and other policies on held-out episodes, all on the same ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv, Step
from cadran.lab.experiment import Experiment
from cadran.lab.policies.base import LabPolicy, episode_seeds, rollout, world_of
from cadran.lab.training.impairments import RemoteControl
from cadran.lab.training.record import HeldOut, TrainedRun
from cadran.lab.training.view import View
from cadran.problem import Measurements

Float64 = NDArray[np.float64]

_PERCENTILES = np.linspace(0.0, 1.0, 101)


class TrainedPolicy:
    """The final actors of a run, as they would be deployed; a central one stands behind the link.

    Args:
        trained: the run.
        experiment: where it acts; its link matters to a central actor.
        sampled_seed: of the exploration noise; None acts by the mean.
    """

    def __init__(self, trained: TrainedRun, experiment: Experiment, sampled_seed: int | None = None) -> None:
        self._trained = trained
        self._experiment = experiment
        self._seed = sampled_seed
        self.name = "trained" if sampled_seed is None else "trained (sampled)"
        self.detail = "mean action, as deployed" if sampled_seed is None else "as it explores"

    def begin(self, env: BatchedEnv) -> None:
        """Draw noise and losses from the start again.

        Raises:
            ValueError: the actors do not fit the environment.
        """
        self._view = View(env.problem, env.dus, self._trained.agents, runs=1)
        self._require_fit()
        self._noise = None if self._seed is None else np.random.default_rng(self._seed)
        self._control = RemoteControl(
            self._experiment.link,
            self._trained.agents == "central",
            env.problem.neutral_action,
            [np.random.default_rng(self._trained.seed)],
        )
        self._control.begin(env.observation)

    def act(self, env: BatchedEnv) -> Step:
        """Every agent decides from what it sees."""
        seen = self._view.observe(self._control.known(env.observation))[0]
        noise = None
        if self._noise is not None:
            noise = self._noise.standard_normal((*seen.shape[:-1], self._view.action_dim), dtype=np.float32)
        action = self._trained.actors.act(seen, noise)[np.newaxis]
        return env.step(self._control.applied(self._view.decide(action)))

    def _require_fit(self) -> None:
        meta, view = self._trained.actors.meta, self._view
        found = (len(self._trained.actors), meta.observation_dim, meta.action_dim)
        needed = (view.agents, view.observation_dim, view.action_dim)
        if found != needed:
            raise ValueError(
                f"policy: {found[0]} actors of {found[1]} inputs and {found[2]} actions, "
                f"this environment needs {needed[0]} of {needed[1]} and {needed[2]}"
            )


def evaluate_run(trained: TrainedRun, experiment: Experiment, episodes: int, seed: int) -> HeldOut:
    """A run's final actors on held-out episodes, by mean and by sampled actions.

    Args:
        trained: the run.
        experiment: world, problem and link, not necessarily those that the run trained in.
        episodes: H, at least 1.
        seed: determines episodes and noise; the same for all that are compared.

    Raises:
        ValueError: the actors do not fit the world or problem.
    """
    env = _held_out(experiment, episodes, seed)
    sampled = rollout(env, TrainedPolicy(trained, experiment, sampled_seed=seed)).reward
    return _examine(env, TrainedPolicy(trained, experiment), sampled)


def evaluate_policy(policy: LabPolicy, experiment: Experiment, episodes: int, seed: int) -> HeldOut:
    """Any policy on the same episodes as `evaluate_run`, in its own world; it has one way to act."""
    own = replace(experiment, world=world_of(policy, experiment.world))
    return _examine(_held_out(own, episodes, seed), policy, None)


def _held_out(experiment: Experiment, episodes: int, seed: int) -> BatchedEnv:
    seeds = episode_seeds(seed, "held_out", episodes)
    return BatchedEnv(experiment.world, experiment.problem_spec, seeds)


@dataclass(frozen=True)
class _Watched:
    """Passes a policy's frames on, and keeps what they brought."""

    policy: LabPolicy
    steps: list[Step]

    name = "watched"
    detail = ""

    def begin(self, env: BatchedEnv) -> None:
        self.policy.begin(env)

    def act(self, env: BatchedEnv) -> Step:
        step = self.policy.act(env)
        self.steps.append(step)
        return step


def _examine(env: BatchedEnv, policy: LabPolicy, sampled: Float64 | None) -> HeldOut:
    watched = _Watched(policy, [])
    means = rollout(env, watched)
    qos = np.stack([step.qos for step in watched.steps])  # [F, H, C, S]
    rates = np.stack([_ue_rates(step.measurements, env) for step in watched.steps])  # [F, H, C, S, U]
    reward = np.stack([step.reward for step in watched.steps])  # [F, H, C]
    return HeldOut(
        episode_reward=means.reward,
        episode_reward_sampled=means.reward if sampled is None else sampled,
        slice_qos=means.qos,
        qos_quantiles=_quantiles(qos),
        ue_rate_quantiles=_quantiles(np.moveaxis(rates, 3, -1)),
        du_reward=reward.mean(axis=0, dtype=np.float64),
    )


def _ue_rates(m: Measurements, env: BatchedEnv) -> NDArray[np.floating]:
    """Rate of each UE [bit/s], NaN where none is, ``[H, C, S, U]``."""
    if env.world.kpis.achievable_rate:
        return m.ue_rate_bps
    per_ue = 8.0 * m.delivered_bytes / env.frame.frame_s / np.maximum(m.ues, 1)
    return np.where(np.isnan(m.ue_delay_s), np.nan, per_ue[..., np.newaxis])


def _quantiles(values: NDArray[np.floating]) -> Float64:
    """Percentiles over all but the last axis, NaN left out: ``[..., S]`` -> ``[S, 101]``; NaN of nothing."""
    columns = values.reshape(-1, values.shape[-1]).astype(np.float64).T
    present = [column[~np.isnan(column)] for column in columns]
    return np.stack([np.quantile(own, _PERCENTILES) if len(own) else np.full(101, np.nan) for own in present])
