"""Training R runs as one: one batch of environments, one stacked forward to act, one stacked update."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cadran.envs import BatchedEnv
from cadran.lab.experiment import Experiment
from cadran.lab.policies.base import episode_seeds
from cadran.lab.training.actors import trained_actors
from cadran.lab.training.experience import Experience
from cadran.lab.training.impairments import PolicyPath, RemoteControl, ReportPath
from cadran.lab.training.plan import Run, TrainingPlan, require_stackable
from cadran.lab.training.record import Cost, Curve, TrainedRun
from cadran.lab.training.stopwatch import Stopwatch
from cadran.lab.training.update_log import UpdateLog
from cadran.lab.training.view import View
from cadran.learn import Population, batch_sampler
from cadran.problem.arithmetic import ordered_sum

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

# Streams of a run besides that of its batches, each with draws of its own.
_EXPLORATION, _REPORTS, _POLICIES, _CONTROL, _EVALUATION = 2, 3, 4, 5, 6


def train(
    runs: Sequence[Run],
    plan: TrainingPlan,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] = lambda iterations: None,
) -> list[TrainedRun]:
    """Train runs together.

    With one thread on a CPU, each is what it would be alone, bit for bit, but for times.

    Args:
        runs: at least one; all share world, problem, link, agents and `LearnerSpec.program`, see
            `Run.stack_key`.
        plan: how long.
        device: where networks are updated: ``cpu``, ``cuda``.
        progress: told the number of iterations done after each.

    Raises:
        ValueError: runs that cannot train together, or a world that does not fit the problem.
        learn.DivergedError: an update was not finite.
    """
    require_stackable(runs, plan)
    stack = _Stack(runs, plan, device)
    stack.look(0)
    for iteration in range(1, plan.iterations + 1):
        if iteration == plan.iterations // 2 + 1:
            stack.arrive()
        stack.collect()
        stack.learn()
        if plan.point_due(iteration):
            stack.look(iteration)
        progress(iteration)
    return stack.results()


@dataclass(frozen=True)
class _Point:
    """A point of all runs' learning curves; rewards are ``[R]``, see `Curve`."""

    iteration: int
    seconds: float
    reward: Float64
    training_reward: Float64


class _Stack:
    """Everything of R runs while they train."""

    def __init__(self, runs: Sequence[Run], plan: TrainingPlan, device: str) -> None:
        experiment, learner, central = runs[0].experiment, runs[0].learner, runs[0].agents == "central"
        world, link = experiment.world, experiment.link
        self._runs, self._plan, self._learner = runs, plan, learner
        self._watch = Stopwatch()
        self._cpu_s = time.process_time()
        first = experiment if runs[0].before is None else replace(experiment, world=runs[0].before)
        self._env = _networks(first, self._training_seeds())
        tuning = episode_seeds(plan.evaluation_seed, "tuning", plan.evaluation_episodes)
        self._tuning_env = _networks(experiment, [tuning] * len(runs))
        problem = self._env.problem
        self._view = View(problem, world.dus, runs[0].agents, len(runs))
        dims = (self._view.agents, self._view.observation_dim, self._view.action_dim)
        self._population = Population(
            [run.learner for run in runs], *dims, [run.seed for run in runs], device=device
        )
        self._experience = Experience(
            len(runs), dims[0], learner.replay_capacity, *dims[1:], aligned=learner.critic == "joint"
        )
        self._reports = ReportPath(
            link, self._view, self._experience, (world.dus, plan.envs), _streams(runs, _REPORTS)
        )
        self._policies = PolicyPath(
            link, self._population, problem.names, not central, _streams(runs, _POLICIES)
        )
        self._control = RemoteControl(link, central, problem.neutral_action, _streams(runs, _CONTROL))
        self._samplers = [batch_sampler(run.seed) for run in runs]
        self._explorers = _streams(runs, _EXPLORATION)
        # At least one report must be there. Losses leave less, but never change when learning begins.
        self._warmup_frames = max(-(-learner.warmup_transitions // plan.envs), 1 + link.report_delay_frames)
        self._frame = 0
        self._logs = [UpdateLog(plan.iterations * plan.updates_per_iteration) for _ in runs]
        self._rewards: list[Float64] = []
        self._points: list[_Point] = []
        self._control.begin(self._env.observation)

    def arrive(self) -> None:
        """Go on in the world of the second half, where the first half had another."""
        if self._runs[0].before is not None:
            self._env = _networks(self._runs[0].experiment, self._training_seeds())
            self._control.begin(self._env.observation)

    def collect(self) -> None:
        """Advance every network by the plan's frames, and keep what happened."""
        for _ in range(self._plan.frames_per_iteration):
            if self._env.frames_left == 0:
                with self._watch("env"):
                    self._env.reset(self._env.episode + 1)
                self._control.begin(self._env.observation)
            self._advance()

    def learn(self) -> None:
        """Make the updates of one iteration, once there is enough experience, and publish the actors."""
        if self._frame < self._warmup_frames:
            return
        with self._watch("update"):
            for _ in range(self._plan.updates_per_iteration):
                batch = self._experience.sample(self._samplers, self._learner.batch_size)
                for log, metrics in zip(self._logs, self._population.update(batch), strict=True):
                    log.add(metrics)
        self._policies.publish(self._frame)

    def look(self, iteration: int) -> None:
        """One point of the learning curve: mean actions on the tuning episodes."""
        training_s = sum(self._watch.wall_s.values()) - self._watch.wall_s["evaluate"]
        with self._watch("evaluate"):
            reward = self._evaluate()
        training = _mean_over_frames(self._rewards) if self._rewards else np.full(len(self._runs), np.nan)
        self._rewards = []
        self._points.append(_Point(iteration, training_s, reward, training))

    def results(self) -> list[TrainedRun]:
        """Every run as it is now."""
        actors = trained_actors(self._population, self._env.problem.names)
        curvature = self._curvature()
        frames_per_iteration = self._plan.frames_per_iteration * self._plan.envs
        iteration = np.array([point.iteration for point in self._points], dtype=np.int64)
        return [
            TrainedRun(
                agents=run.agents,
                seed=run.seed,
                actors=actors[place],
                curve=Curve(
                    iteration=iteration,
                    frames=iteration * frames_per_iteration,
                    seconds=np.array([point.seconds for point in self._points]),
                    reward=np.array([point.reward[place] for point in self._points]),
                    training_reward=np.array([point.training_reward[place] for point in self._points]),
                ),
                log=self._logs[place].columns(),
                curvature={name: np.asarray(value[place]) for name, value in curvature.items()},
                cost=self._cost(place),
            )
            for place, run in enumerate(self._runs)
        ]

    def _training_seeds(self) -> list[NDArray[np.uint64]]:
        return [episode_seeds(run.seed, "training", self._plan.envs) for run in self._runs]

    def _advance(self) -> None:
        """One frame of every network."""
        observation = self._env.observation
        with self._watch("act"):
            decided = self._view.decide(self._explore(self._view.observe(self._control.known(observation))))
            action = self._control.applied(decided)
        with self._watch("env"):
            step = self._env.step(action)
        with self._watch("keep"):
            self._reports.send(
                self._frame,
                self._view.observe(observation),
                self._view.observe(step.observation),
                self._view.reward(step.reward),
            )
            self._rewards.append(self._mean_of_runs(step.reward))
        self._frame += 1

    def _explore(self, observation: Float32) -> Float32:
        """Actions ``[R, N, E, A]``: uniform until there is enough experience, then drawn by the actors."""
        shape = (*observation.shape[1:3], self._view.action_dim)
        if self._frame < self._warmup_frames:
            return np.stack([generator.random(shape, dtype=np.float32) for generator in self._explorers])
        noise = [generator.standard_normal(shape, dtype=np.float32) for generator in self._explorers]
        return self._policies.act(self._frame, observation, np.stack(noise))

    def _evaluate(self) -> Float64:
        """Mean reward of each run over the tuning episodes, ``[R]``."""
        env, experiment = self._tuning_env, self._runs[0].experiment
        control = RemoteControl(
            experiment.link,
            self._runs[0].agents == "central",
            env.problem.neutral_action,
            _streams(self._runs, _EVALUATION),
        )
        control.begin(env.reset(0))
        rewards = []
        while env.frames_left:
            seen = self._view.observe(control.known(env.observation))
            action = self._view.decide(self._policies.act(self._frame, seen, None))
            rewards.append(self._mean_of_runs(env.step(control.applied(action)).reward))
        return _mean_over_frames(rewards)

    def _mean_of_runs(self, reward: Float32) -> Float64:
        """Mean over networks and DUs, ``[R E, C]`` -> ``[R]``."""
        return np.asarray(reward.reshape(len(self._runs), -1).mean(axis=1, dtype=np.float64))

    def _curvature(self) -> dict[str, Float64]:
        if self._population.updates == 0:
            return {}
        with self._watch("evaluate"):
            batch = self._experience.sample(self._samplers, self._learner.batch_size)
            found = self._population.curvature(batch)
        return {"critic": found.critic, "actor": found.actor}

    def _cost(self, run: int) -> Cost:
        wall_s, cpu_s = self._watch.wall_s, self._watch.cpu_s
        return Cost(
            runs=len(self._runs),
            agents=self._view.agents,
            updates=self._population.updates,
            gradient_evaluations=int(self._population.gradient_evaluations[run]),
            wall_s=sum(wall_s.values()),
            cpu_s=time.process_time() - self._cpu_s,
            env_cpu_s=cpu_s["env"],
            act_cpu_s=cpu_s["act"],
            update_cpu_s=cpu_s["update"],
            evaluate_cpu_s=cpu_s["evaluate"],
            update_wall_s=wall_s["update"],
        )


def _mean_over_frames(rewards: Sequence[Float64]) -> Float64:
    """Mean of ``[R]`` over frames, added in an order that does not depend on R."""
    return np.asarray(ordered_sum(np.stack(rewards, axis=-1)) / len(rewards))


def _networks(experiment: Experiment, seeds: Sequence[NDArray[np.uint64]]) -> BatchedEnv:
    """The networks of all runs, run by run."""
    return BatchedEnv(experiment.world, experiment.problem_spec, np.concatenate(seeds))


def _streams(runs: Sequence[Run], purpose: int) -> list[np.random.Generator]:
    """A generator of each run for one purpose."""
    return [np.random.default_rng([run.seed, purpose]) for run in runs]
