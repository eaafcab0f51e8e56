"""Adapting to a network that was never seen, shot by shot, every DU on its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from cadran.lab.meta.collect import Collector
from cadran.lab.meta.evaluate import episodes_of, reward_of
from cadran.lab.meta.levels import Level, LevelFacts, levels_of
from cadran.lab.meta.methods import METHODS, FineTuning
from cadran.lab.meta.plan import MetaRun, ShotPlan
from cadran.lab.meta.policies import policy_of
from cadran.lab.meta.record import Adaptation, MetaTrained
from cadran.lab.meta.tasam import learn_by_tasam
from cadran.learn.ddpg import Ddpg, Networks
from cadran.learn.meta import MetaLevel, MetaSpec
from cadran.learn.shots import AdamSteps, InnerSteps, ShotRule
from cadran.radio import World

# Streams of an adaptation, apart from those of training.
_EXPLORATION, _BATCHES, _FRESH = 12, 13, 14


def adapt(
    run: MetaRun,
    trained: MetaTrained | None,
    plan: ShotPlan,
    network: World,
    network_seed: int,
    *,
    progress: Callable[[int], None] = lambda shots: None,
) -> Adaptation:
    """Adapt to a network, and look at the policy after some shots.

    All methods get the same episodes to learn from and to be looked at on. With one thread, the same
    arguments give the same bits, but for times.

    Args:
        run: method and seed.
        trained: what was prepared; None for a method that prepares nothing.
        plan: what a shot is.
        network: world with profiles.
        network_seed: determines its episodes.
        progress: told the number of shots done after each.

    Raises:
        ValueError: a preparation where the method has none, or the other way round, or one of another method.
        learn.CheckpointError: networks that do not fit the scenario.
        learn.DivergedError: an update was not finite.
    """
    _require_prepared(run, trained)
    if run.of.levels == "quotas":
        return learn_by_tasam(run, plan, network, network_seed, progress)
    began = time.perf_counter()
    adapting = _Adapting(run, trained, plan, network, network_seed)
    rewards = []
    for shot in range(plan.shots[-1] + 1):
        if shot in plan.shots:
            rewards.append(adapting.look())
        if shot < plan.shots[-1]:
            adapting.shot()
            progress(shot + 1)
    return Adaptation(
        method=run.method,
        seed=run.seed,
        shots=np.array(plan.shots, dtype=np.int64),
        reward=np.stack(rewards),
        seconds=time.perf_counter() - began,
    )


class _Adapting:
    """All DUs of a network while they adapt."""

    def __init__(
        self, run: MetaRun, trained: MetaTrained | None, plan: ShotPlan, network: World, network_seed: int
    ) -> None:
        experiment = run.experiment
        self._plan = plan
        self._held_out = episodes_of(experiment, network, plan.episodes, network_seed, "held_out")
        env = episodes_of(experiment, network, plan.envs, network_seed, "training")
        self._levels = levels_of(experiment, env.problem, run.of.levels)
        start = _start(self._levels, trained, run.seed, env.dus)
        self._prepared = trained is not None
        self._done = 0
        self._rules = {
            level: _rule(run.of.tuning, experiment.meta, facts, start[level])
            for level, facts in self._levels.items()
        }
        self._policy = policy_of(env.problem, self._levels, start)
        rows = plan.shots[-1] * plan.frames_per_shot * plan.envs * _ROWS_PER_FRAME
        self._collector = Collector(
            env,
            self._policy,
            self._levels,
            max(rows, 1),
            np.random.default_rng([run.seed, network_seed, _EXPLORATION]),
        )
        self._batches = np.random.default_rng([run.seed, network_seed, _BATCHES])

    def shot(self) -> None:
        """Collect, then step."""
        self._collector.advance(self._plan.frames_per_shot, self._exploration())
        self._done += 1
        for level, rule in self._rules.items():
            rows, size = self._collector.experience[level], self._levels[level].spec.batch_size
            for _ in range(self._plan.steps_per_shot):
                rule.step(rows.sample(self._batches, size))
        self._policy.networks = {level: rule.networks() for level, rule in self._rules.items()}

    def _exploration(self) -> dict[Level, float]:
        """What is prepared explores as at the end of training; what is not, as from its start to its end."""
        done = 1.0 if self._prepared else self._done / self._plan.shots[-1]
        return {level: facts.spec.exploration_std(done) for level, facts in self._levels.items()}

    def look(self) -> np.ndarray:
        """Reward of what the DUs would do without exploring, ``[C, H]``."""
        return reward_of(self._held_out, self._levels, self._policy.networks)


_ROWS_PER_FRAME = 3
"""Rows that a frame adds to a level of a DU at most: one of each slice."""


def _rule(tuning: FineTuning, spec: MetaSpec, facts: LevelFacts, start: Networks) -> ShotRule:
    if tuning.rule == "adam":
        return AdamSteps(facts.spec, facts.shape, tuning.scale, start)
    level = MetaLevel(spec, facts.spec, facts.observation_dim, facts.action_dim, start.tasks, 0)
    return InnerSteps(level, spec.inner_steps, start)


def _start(
    levels: Mapping[Level, LevelFacts], trained: MetaTrained | None, seed: int, dus: int
) -> dict[Level, Networks]:
    """Networks of every DU before the first shot."""
    if trained is not None:
        return {
            level: Networks.from_arrays(facts.shape, trained.initialisation[level]).repeated(dus)
            for level, facts in levels.items()
        }
    seeds = [int(own) for own in np.random.SeedSequence([seed, _FRESH]).generate_state(dus)]
    return {
        level: Ddpg(facts.spec, facts.observation_dim, facts.action_dim, seeds).networks()
        for level, facts in levels.items()
    }


def _require_prepared(run: MetaRun, trained: MetaTrained | None) -> None:
    prepares = run.of.preparation != "none"
    if prepares and trained is None:
        raise ValueError(f"{run.method}: starts from what was prepared, and nothing is given")
    if trained is not None and METHODS[trained.method].prepares != run.of.prepares:
        raise ValueError(f"{run.method}: cannot start from what {trained.method} prepared")
