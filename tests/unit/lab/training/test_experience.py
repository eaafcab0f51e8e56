"""The ring holds what a list would hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.training.experience import Experience

RUNS, AGENTS, OBSERVATION, ACTION = 2, 3, 4, 2


def block(frame: int, envs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transitions whose every number tells frame, run, agent and network."""
    who = np.arange(RUNS * AGENTS * envs, dtype=np.float32).reshape(RUNS, AGENTS, envs)
    reward = frame * 1000 + who
    numbers = np.arange(2 * OBSERVATION, dtype=np.float32) / 16
    both = reward[..., np.newaxis] + numbers
    return both[..., :OBSERVATION], both[..., OBSERVATION:], reward


def held_by(experience: Experience) -> list[list[set[float]]]:
    """Rewards that can be sampled, found by sampling often; also checks each row's other columns."""
    generators = [np.random.default_rng(run) for run in range(RUNS)]
    batch = experience.sample(generators, 400)
    start = batch.reward[..., np.newaxis]
    expected = start + np.arange(2 * OBSERVATION, dtype=np.float32) / 16
    np.testing.assert_array_equal(batch.observation, expected[..., :OBSERVATION])
    np.testing.assert_array_equal(batch.next_observation, expected[..., OBSERVATION:])
    np.testing.assert_array_equal(batch.action, expected[..., -ACTION:])
    assert (batch.discount == 1.0).all()
    return [[set(own.tolist()) for own in of_run] for of_run in batch.reward]


@given(
    capacity=st.integers(3, 9),
    envs=st.integers(1, 3),
    arrivals=st.lists(st.integers(0, 2**18 - 1), min_size=1, max_size=12),
    aligned=st.booleans(),
    lossy=st.booleans(),
)
def test_it_holds_the_newest_of_what_arrived(
    capacity: int, envs: int, arrivals: list[int], aligned: bool, lossy: bool
) -> None:
    experience = Experience(RUNS, AGENTS, capacity, OBSERVATION, ACTION, aligned=aligned)
    lists: list[list[list[float]]] = [[[] for _ in range(AGENTS)] for _ in range(RUNS)]
    for frame, bits in enumerate(arrivals):
        observation, following, reward = block(frame, envs)
        arrived = np.ones((RUNS, AGENTS, envs), dtype=np.bool_)
        if lossy:
            arrived = (bits >> np.arange(arrived.size) & 1).astype(np.bool_).reshape(arrived.shape)
            rows = np.concatenate([observation, following, reward[..., np.newaxis]], axis=-1)
            for run in range(RUNS):
                experience.add_arrived(run, rows[run], arrived[run])
        else:
            experience.add(observation, following, reward)
        kept = arrived.all(axis=1, keepdims=True) & arrived if aligned else arrived
        for run, agent, env in np.argwhere(kept):
            lists[run][agent].append(float(reward[run, agent, env]))
    expected = [[set(own[-capacity:]) for own in of_run] for of_run in lists]
    assert experience.counts.tolist() == [[len(own) for own in of_run] for of_run in expected]
    if experience.counts.all():
        assert held_by(experience) == expected
    else:
        with pytest.raises(ValueError, match="nothing has arrived"):
            held_by(experience)


@given(lost=st.integers(0, 2**9 - 1))
def test_aligned_batches_have_the_same_frames_of_all_agents(lost: int) -> None:
    envs = 3
    experience = Experience(RUNS, AGENTS, 20, OBSERVATION, ACTION, aligned=True)
    for frame in range(5):
        observation, following, reward = block(frame, envs)
        rows = np.concatenate([observation, following, reward[..., np.newaxis]], axis=-1)
        arrived = np.ones((AGENTS, envs), dtype=np.bool_)
        if frame % 2:
            arrived = ~(lost >> np.arange(arrived.size) & 1).astype(np.bool_).reshape(arrived.shape)
        for run in range(RUNS):
            experience.add_arrived(run, rows[run], arrived)
    batch = experience.sample([np.random.default_rng(run) for run in range(RUNS)], 16)
    # Rewards of one frame and network differ by 3 from agent to agent.
    np.testing.assert_array_equal(np.diff(batch.reward, axis=1), envs)


def test_agents_draw_independently_and_runs_from_their_own_generator() -> None:
    experience = Experience(RUNS, AGENTS, 50, OBSERVATION, ACTION, aligned=False)
    for frame in range(10):
        experience.add(*block(frame, 3))
    pair = experience.sample([np.random.default_rng(0), np.random.default_rng(1)], 16)
    other = experience.sample([np.random.default_rng(0), np.random.default_rng(2)], 16)
    np.testing.assert_array_equal(pair.reward[0], other.reward[0])
    assert not np.array_equal(pair.reward[1], other.reward[1])
    frames = pair.reward // 1000
    assert not np.array_equal(frames[0, 0], frames[0, 1])
