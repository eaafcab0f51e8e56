"""TA-SAM (arXiv 2511.15002) on the same new networks: an actor at each DU that decides slice quotas."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cadran.lab.experiment import Experiment
from cadran.lab.meta.plan import MetaRun, ShotPlan
from cadran.lab.meta.record import Adaptation
from cadran.lab.training import Run, TrainingPlan, evaluate_run, train
from cadran.radio import World
from cadran.runtime import ClockSpec


def learn_by_tasam(
    run: MetaRun, plan: ShotPlan, network: World, network_seed: int, progress: Callable[[int], None]
) -> Adaptation:
    """Learn on a new network from nothing, with the frames and updates that `adapt` gives other methods.

    Actors decide every frame, and the MAC schedules the users of a slice. Each count of shots is a training
    of its own with the same seed, hence the same one up to there. Held-out episodes are those of `adapt`.

    Args:
        run: method and seed.
        plan: what a shot is.
        network: world with profiles.
        network_seed: determines the episodes it is looked at on and, with the run's, those it learns from.
        progress: told the number of shots done after each training.
    """
    began = time.perf_counter()
    whole = run.experiment
    warmup = {"warmup_transitions": whole.learner.batch_size}
    learner = whole.learner.model_copy(update=warmup)
    own = Experiment(whole.name, network, whole.problem_spec, learner, ClockSpec())
    seed = int(np.random.SeedSequence([run.seed, network_seed]).generate_state(1, np.uint32)[0])
    rewards = []
    for shots in plan.shots:
        trained = train([Run(own, learner, "per_du", seed)], _training(plan, shots))[0]
        rewards.append(evaluate_run(trained, own, plan.episodes, network_seed).du_reward.T)
        progress(shots)
    return Adaptation(
        method=run.method,
        seed=run.seed,
        shots=np.array(plan.shots, dtype=np.int64),
        reward=np.stack(rewards),
        seconds=time.perf_counter() - began,
    )


def _training(plan: ShotPlan, shots: int) -> TrainingPlan:
    """A training of so many shots; before the first, one frame without an update leaves actors fresh."""
    whole = TrainingPlan(
        iterations=max(shots, 1),
        envs=plan.envs,
        frames_per_iteration=plan.frames_per_shot,
        updates_per_iteration=plan.steps_per_shot,
        evaluate_every=max(shots, 1),
        evaluation_episodes=2,
        held_out_episodes=plan.episodes,
    )
    return whole if shots else replace(whole, frames_per_iteration=1, updates_per_iteration=0)
