"""A small network of two DUs under two levels of decision, and rows as its dApps would report them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.problem.hierarchy import TwoLevelActor
from cadran.rapp.scenario import Scenario, load_scenario
from cadran.replay import RowFlag, Rows

SMOKE = Path(__file__).parents[1] / "scenarios" / "smoke.yaml"
DUS, EPISODE, DECISION = 2, 10, 5
OVERRIDES = (
    f"world.episode_frames={EPISODE}",
    f"hierarchy.decision_frames={DECISION}",
    "meta.higher.hidden=[8]",
    "meta.lower.hidden=[8]",
    "meta.higher.batch_size=4",
    "meta.lower.batch_size=8",
)


@cache
def scenario(*more: str) -> Scenario:
    return load_scenario(SMOKE, (*OVERRIDES, *more))


@cache
def rows(frames: int, seed: int = 0) -> tuple[Rows, ...]:
    """Per DU, rows of so many frames under random decisions; episode after episode. Not to be changed."""
    world = scenario()
    env = HierarchicalEnv(world.world, world.problem_spec, world.hierarchy, np.array([seed], np.uint64))
    rng = np.random.default_rng(seed)
    problem = world.problem

    def any_action(numbers: int):
        return lambda seen: rng.random((*seen.shape[:-1], numbers), dtype=np.float32)

    higher, lower = any_action(problem.higher_action_dim), any_action(problem.lower_action_dim)
    actor = TwoLevelActor(problem, higher, lower, DECISION)
    made = [world.schema.empty(frames) for _ in range(DUS)]
    for frame in range(frames):
        if env.frames_left == 0:
            env.reset(env.episode + 1)
        if frame % EPISODE == 0:
            actor.begin()
        state = env.state[0]
        action = actor.act(env.state)[0]
        step = env.step(action[np.newaxis])
        flags = RowFlag(0)
        flags |= RowFlag.PREVIOUS_IS_NEUTRAL if frame % EPISODE == 0 else flags
        flags |= RowFlag.EPISODE_END if step.episode_end else flags
        flags |= RowFlag.GOAL if actor.goal_set else flags
        for du, held in enumerate(made):
            row = held[frame]
            row["epoch"], row["frame"], row["sequence"], row["policy_version"] = 1, frame, frame, 1
            row["flags"], row["state"], row["action"] = flags, state[du], action[du]
            row["reward"], row["kpis"] = step.reward[0, du], step.kpis[0, du]
            row["next_state"] = step.state[0, du]
    return tuple(made)
