"""Training makes actors better, where there is something to learn."""

from __future__ import annotations

from dataclasses import replace

from cadran.lab.training import Run, evaluate_run, train
from cadran.radio import World

from ..worlds import WORLD
from .tiny import experiment, learner, plan


def test_reward_on_held_out_episodes_rises_far_above_that_of_untrained_actors() -> None:
    # Under a load that nobody can serve in full, what URLLC gets decides, and equal shares are far from best.
    crowded = World.model_validate(WORLD.model_dump(exclude_unset=True) | {"load": {"scale": 1.2}})
    where = replace(experiment(), world=crowded)
    spec = learner(
        hidden=(32, 32), batch_size=32, warmup_transitions=160, replay_capacity=5000, lr=2e-3, gamma=0.5
    )
    runs = [Run(where, spec, "per_du", seed) for seed in range(2)]
    short = plan(envs=8, frames_per_iteration=1, updates_per_iteration=1, evaluation_episodes=8)
    untrained = train(runs, replace(short, iterations=1))
    trained = train(runs, replace(short, iterations=160, evaluate_every=160))
    for before, after in zip(untrained, trained, strict=True):
        assert after.curve.reward[-1] > after.curve.reward[0] + 0.1
        gain = (
            evaluate_run(after, where, 8, 1).episode_reward - evaluate_run(before, where, 8, 1).episode_reward
        )
        assert gain.min() > 0.0
        assert gain.mean() > 0.1
