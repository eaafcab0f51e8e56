"""Training an initialisation on a network of DUs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cadran.lab.meta.collect import Collector
from cadran.lab.meta.evaluate import episodes_of, reward_of
from cadran.lab.meta.levels import Level, levels_of
from cadran.lab.meta.plan import MetaPlan, MetaRun
from cadran.lab.meta.policies import policy_of
from cadran.lab.meta.preparation import TaskWeights, prepare
from cadran.lab.meta.record import MetaCost, MetaCurve, MetaTrained
from cadran.lab.meta.tasks import draw_network
from cadran.lab.training.stopwatch import Stopwatch
from cadran.learn.ddpg import Networks
from cadran.radio import World

Float64 = NDArray[np.float64]

# Streams of a run, each with draws of its own.
_EXPLORATION, _BATCHES = 2, 3


def meta_train(
    run: MetaRun,
    plan: MetaPlan,
    *,
    network: World | None = None,
    progress: Callable[[int], None] = lambda iterations: None,
) -> MetaTrained:
    """Train what new DUs start from. With one thread, the same arguments give the same bits, but for times.

    Args:
        run: method and seed.
        plan: how long.
        network: to train on; None draws one of the run's kind with the run's seed.
        progress: told the number of iterations done after each.

    Raises:
        ValueError: a method that prepares nothing, or a world that does not fit the problem.
        learn.DivergedError: an update was not finite.
    """
    if network is None:
        experiment = run.experiment
        network = draw_network(experiment.world, experiment.tasks, run.kind, run.seed)
    training = _Training(run, plan, network)
    training.look(0)
    for iteration in range(1, plan.iterations + 1):
        training.collect(iteration)
        training.learn(iteration)
        if plan.point_due(iteration):
            training.look(iteration)
        progress(iteration)
    return training.result()


@dataclass(frozen=True)
class _Point:
    """A point of the learning curve, see `MetaCurve`."""

    iteration: int
    seconds: float
    reward: float
    adapted_reward: float
    training_reward: float
    weights: Mapping[Level, TaskWeights | None]


class _Training:
    """Everything of a run while it trains."""

    def __init__(self, run: MetaRun, plan: MetaPlan, network: World) -> None:
        experiment = run.experiment
        self._run, self._plan = run, plan
        env = episodes_of(experiment, network, plan.envs, run.seed, "training")
        self._tuning = episodes_of(
            experiment, network, plan.evaluation_episodes, plan.evaluation_seed, "tuning"
        )
        self._dus = env.dus
        self._levels = levels_of(experiment, env.problem, run.of.levels)
        self._learners = prepare(run.of, experiment.meta, self._levels, env.dus, run.seed)
        start = {level: learner.result() for level, learner in self._learners.items()}
        self._policy = policy_of(env.problem, self._levels, start)
        self._collector = Collector(
            env,
            self._policy,
            self._levels,
            plan.replay_capacity,
            np.random.default_rng([run.seed, _EXPLORATION]),
        )
        self._batches = np.random.default_rng([run.seed, _BATCHES])
        self._watch = Stopwatch()
        self._earned: list[float] = []
        self._points: list[_Point] = []

    def collect(self, iteration: int) -> None:
        """Advance every copy of the network by the plan's frames."""
        plan = self._plan
        with self._watch("collect"):
            if iteration <= plan.warmup_iterations:
                std = None
            else:
                done = iteration / plan.iterations
                std = {level: facts.spec.exploration_std(done) for level, facts in self._levels.items()}
            self._earned.append(self._collector.advance(plan.frames_per_iteration, std))

    def learn(self, iteration: int) -> None:
        """Make the updates of one iteration, and collect by what they give from now on."""
        if iteration < self._plan.warmup_iterations:
            return
        with self._watch("update"):
            for level, learner in self._learners.items():
                for _ in range(self._plan.updates_per_iteration):
                    learner.update(self._collector.experience[level], self._batches)
            self._policy.networks = {level: own.acting() for level, own in self._learners.items()}

    def look(self, iteration: int) -> None:
        """One point of the curve: what new DUs start from, and what acts here, on the tuning episodes."""
        seconds = sum(self._watch.wall_s.values()) - self._watch.wall_s["evaluate"]
        with self._watch("evaluate"):
            reward, adapted_reward = (
                float(reward_of(self._tuning, self._levels, networks).mean())
                for networks in (self._initialisation(), self._policy.networks)
            )
        training = float(np.mean(self._earned)) if self._earned else float("nan")
        self._earned = []
        weights = {level: learner.weights() for level, learner in self._learners.items()}
        self._points.append(_Point(iteration, seconds, reward, adapted_reward, training, weights))

    def result(self) -> MetaTrained:
        """What the run came to."""
        points, plan = self._points, self._plan
        iteration = np.array([point.iteration for point in points], dtype=np.int64)
        return MetaTrained(
            method=self._run.method,
            seed=self._run.seed,
            initialisation={level: own.arrays() for level, own in self._initialisation().items()},
            curve=MetaCurve(
                iteration=iteration,
                frames=iteration * plan.frames_per_iteration * plan.envs,
                seconds=np.array([point.seconds for point in points]),
                reward=np.array([point.reward for point in points]),
                adapted_reward=np.array([point.adapted_reward for point in points]),
                training_reward=np.array([point.training_reward for point in points]),
                weights=self._of_tasks("weight"),
                td_variance=self._of_tasks("td_variance"),
            ),
            cost=MetaCost(
                **{f"{phase}_s": self._watch.cpu_s[phase] for phase in ("collect", "update", "evaluate")}
            ),
        )

    def _initialisation(self) -> dict[Level, Networks]:
        return {level: learner.result() for level, learner in self._learners.items()}

    def _of_tasks(self, number: str) -> dict[str, Float64]:
        """One of the numbers of `TaskWeights` by level, ``[P, C]``; NaN where there is none."""
        unknown = np.full(self._dus, np.nan)
        return {
            level: np.stack([getattr(point.weights[level], number, unknown) for point in self._points])
            for level in self._levels
        }
