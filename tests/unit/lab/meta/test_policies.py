"""What policies learn from frames is what anyone derives from the same frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest

from cadran.lab.meta.evaluate import episodes_of, reward_of
from cadran.lab.meta.levels import levels_of
from cadran.lab.meta.policies import Policy, policy_of
from cadran.learn.ddpg import Ddpg, Networks
from cadran.problem.hierarchy.transitions import Frames, Transitions, higher_transitions, lower_transitions

from .tiny import EXPERIMENT, NETWORK

ENVS, FRAMES = 2, 2 * EXPERIMENT.world.episode_frames
NOISE = {"higher": 0.3, "lower": 0.2}


def _networks(tasks: int) -> tuple[dict[str, Networks], dict[str, object]]:
    levels = levels_of(EXPERIMENT, EXPERIMENT.problem(NETWORK), "two")
    seeds = list(range(tasks))
    own = {
        level: Ddpg(facts.spec, facts.observation_dim, facts.action_dim, seeds).networks()
        for level, facts in levels.items()
    }
    return own, dict(levels)


def _played() -> tuple[dict[str, list[tuple[np.ndarray, ...]]], dict[tuple[int, int], list[tuple]]]:
    """Two episodes: what the policy reports by level, and the frames of each (environment, DU)."""
    env = episodes_of(EXPERIMENT, NETWORK, ENVS, 3, "training")
    networks, levels = _networks(NETWORK.dus)
    policy: Policy = policy_of(env.problem, levels, networks)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    told: dict[str, list[tuple[np.ndarray, ...]]] = defaultdict(list)
    frames: dict[tuple[int, int], list[tuple]] = defaultdict(list)
    policy.begin()
    for _ in range(FRAMES):
        if env.frames_left == 0:
            env.reset(env.episode + 1)
            policy.begin()
        start, state = env.frames_left == EXPERIMENT.world.episode_frames, env.state
        place = EXPERIMENT.world.episode_frames - env.frames_left
        scale = policy.noise_scale(NOISE)  # type: ignore[arg-type]
        noise = rng.standard_normal((ENVS, NETWORK.dus, scale.size), dtype=np.float32) * scale
        action = policy.act(state, noise)
        step = env.step(action)
        for new in policy.learnt(action, step):
            kept = new.kept
            parts = (new.observation, new.action, new.next_observation, new.reward)
            for du in range(NETWORK.dus):
                told[new.level].append((np.array(du), *(part[du][kept[du]] for part in parts)))
        decided = place % EXPERIMENT.hierarchy.decision_frames == 0
        for at in np.ndindex(ENVS, NETWORK.dus):
            frames[at].append(
                (state[at], action[at], step.kpis[at], step.state[at], decided, start, step.episode_end)
            )
    return told, frames


def _rows(transitions: Iterable[Transitions]) -> list[bytes]:
    """Every transition as bytes, in an order of their own."""
    return sorted(
        b"".join(part.astype(np.float32).tobytes() for part in row)
        for own in transitions
        for row in zip(own.observation, own.action, own.next_observation, own.reward, strict=True)
    )


@pytest.mark.parametrize(("level", "derive"), [("higher", higher_transitions), ("lower", lower_transitions)])
def test_transitions_are_those_derived_from_the_frames(level: str, derive) -> None:  # type: ignore[no-untyped-def]
    told, frames = _played()
    problem = EXPERIMENT.problem(NETWORK)
    for du in range(NETWORK.dus):
        expected = []
        for env in range(ENVS):
            columns = [np.array(column) for column in zip(*frames[env, du], strict=True)]
            after = np.where(columns[5], 0, 1)
            expected.append(derive(problem.of_du(du), Frames(*columns, after=after)))
        found = [
            Transitions(seen, action, reward, after)
            for task, seen, action, after, reward in told[level]
            if int(task) == du
        ]
        assert _rows(found) == _rows(expected)
        assert len(_rows(found)) > 0


def test_one_set_of_networks_acts_as_its_copies_at_every_du() -> None:
    one, levels = _networks(1)
    copies = {level: own.repeated(NETWORK.dus) for level, own in one.items()}
    env = episodes_of(EXPERIMENT, NETWORK, ENVS, 3, "tuning")
    shared, own = (reward_of(env, levels, networks) for networks in (one, copies))  # type: ignore[arg-type]
    np.testing.assert_allclose(shared, own, atol=1e-3)
    assert shared.shape == (NETWORK.dus, ENVS)


def test_dus_act_by_their_own_networks() -> None:
    networks, levels = _networks(NETWORK.dus)
    env = episodes_of(EXPERIMENT, NETWORK, ENVS, 3, "tuning")
    policy = policy_of(env.problem, levels, networks)  # type: ignore[arg-type]
    policy.begin()
    before = policy.act(env.state, None)
    replaced = {level: own.of_tasks([0, 1, 1]) for level, own in networks.items()}
    policy = policy_of(env.problem, levels, replaced)  # type: ignore[arg-type]
    policy.begin()
    after = policy.act(env.state, None)
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (before[:, 2] != after[:, 2]).any()
