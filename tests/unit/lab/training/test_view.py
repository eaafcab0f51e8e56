"""Both views show the same network."""

from __future__ import annotations

import numpy as np
import pytest

from cadran.envs import problem_of
from cadran.lab.training.plan import Agents
from cadran.lab.training.view import View
from cadran.problem import ProblemSpec

from ..worlds import WORLD

PROBLEM = problem_of(WORLD, ProblemSpec())
RUNS, ENVS, DUS = 2, 3, WORLD.dus


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_agents_at_the_dus_see_their_own_rows() -> None:
    view = View(PROBLEM, DUS, "per_du", RUNS)
    observation, reward = draw(RUNS * ENVS, DUS, PROBLEM.observation_dim), draw(RUNS * ENVS, DUS)
    for run, agent, env in np.ndindex(RUNS, DUS, ENVS):
        row = run * ENVS + env
        np.testing.assert_array_equal(view.observe(observation)[run, agent, env], observation[row, agent])
        assert view.reward(reward)[run, agent, env] == reward[row, agent]


@pytest.mark.parametrize("agents", ["per_du", "team", "central"])
def test_what_is_decided_is_observed_as_the_previous_action(agents: Agents) -> None:
    view = View(PROBLEM, DUS, agents, RUNS)
    action = draw(RUNS, view.agents, ENVS, view.action_dim)
    states = draw(RUNS * ENVS, DUS, PROBLEM.state_dim)
    observation = PROBLEM.observation(states, view.decide(action))
    seen = view.observe(observation)
    assert seen.shape == (RUNS, view.agents, ENVS, view.observation_dim)
    np.testing.assert_array_equal(seen[..., -view.action_dim :], action)


def test_a_central_agent_sees_every_du_and_decides_for_every_du() -> None:
    view = View(PROBLEM, DUS, "central", RUNS)
    observation = draw(RUNS * ENVS, DUS, PROBLEM.observation_dim)
    action = draw(RUNS, 1, ENVS, view.action_dim)
    assert view.agents == 1
    for run, env in np.ndindex(RUNS, ENVS):
        row = run * ENVS + env
        np.testing.assert_array_equal(
            np.sort(view.observe(observation)[run, 0, env]), np.sort(observation[row].ravel())
        )
        np.testing.assert_array_equal(view.decide(action)[row].ravel(), action[run, 0, env])


def test_a_central_agent_earns_the_mean_over_dus() -> None:
    reward = draw(RUNS * ENVS, DUS)
    own, shared = (View(PROBLEM, DUS, agents, RUNS).reward(reward) for agents in ("per_du", "central"))
    assert shared.shape == (RUNS, 1, ENVS)
    np.testing.assert_allclose(shared[:, 0], own.mean(axis=1), rtol=1e-6)


def test_a_central_transition_is_whole_if_every_report_arrived() -> None:
    arrived = np.array([[True, True, False], [True, False, False]])
    np.testing.assert_array_equal(View(PROBLEM, DUS, "per_du", 1).arrived(arrived), arrived)
    np.testing.assert_array_equal(View(PROBLEM, DUS, "central", 1).arrived(arrived), [[True, False, False]])


def test_a_team_sees_and_decides_as_agents_of_their_own_and_earns_the_mean() -> None:
    team, own = (View(PROBLEM, DUS, agents, RUNS) for agents in ("team", "per_du"))
    observation, reward = draw(RUNS * ENVS, DUS, PROBLEM.observation_dim), draw(RUNS * ENVS, DUS)
    np.testing.assert_array_equal(team.observe(observation), own.observe(observation))
    expected = np.repeat(own.reward(reward).mean(axis=1, keepdims=True), DUS, axis=1)
    np.testing.assert_allclose(team.reward(reward), expected, rtol=1e-6)
    arrived = np.array([[True, True, False], [True, False, False]])
    np.testing.assert_array_equal(View(PROBLEM, 2, "team", 1).arrived(arrived), [[True, False, False]] * 2)
