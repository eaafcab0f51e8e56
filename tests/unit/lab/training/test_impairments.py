"""What arrives late acts late, and what is lost never does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cadran.envs.link import LinkSpec
from cadran.lab.training.actors import trained_actors
from cadran.lab.training.experience import Experience
from cadran.lab.training.impairments import PolicyPath, RemoteControl, ReportPath
from cadran.lab.training.view import View
from cadran.learn import Batch, Population

from .test_view import DUS, ENVS, PROBLEM, RUNS
from .tiny import learner

NAMES = PROBLEM.names


def generators() -> list[np.random.Generator]:
    return [np.random.default_rng(run) for run in range(RUNS)]


def reports(link: dict[str, Any], frames: int) -> tuple[Experience, list[np.ndarray]]:
    """Experience after each of some frames, whose rewards are their numbers."""
    view = View(PROBLEM, DUS, "per_du", RUNS)
    dims = (view.observation_dim, view.action_dim)
    experience = Experience(RUNS, DUS, 1000, *dims, aligned=False)
    path = ReportPath(LinkSpec.model_validate(link), view, experience, (DUS, ENVS), generators())
    counts = []
    for frame in range(frames):
        observation = np.zeros((RUNS, DUS, ENVS, view.observation_dim), dtype=np.float32)
        path.send(frame, observation, observation, np.full((RUNS, DUS, ENVS), frame, dtype=np.float32))
        counts.append(experience.counts)
    return experience, counts


def test_reports_arrive_as_late_as_the_link_says() -> None:
    experience, counts = reports({"report_delay_frames": 3}, 10)
    assert [int(count.max()) for count in counts] == [ENVS * max(0, frame - 2) for frame in range(10)]
    assert experience.sample(generators(), 200).reward.max() == 6.0


def test_the_share_of_reports_that_the_link_loses_never_arrives() -> None:
    _, counts = reports({"report_loss": 0.2}, 200)
    sent = 200 * ENVS
    assert np.abs(counts[-1] / sent - 0.8).max() < 4 * np.sqrt(0.16 / sent)
    assert len(np.unique(counts[-1])) > 1  # Each DU loses its own.


def population() -> Population:
    view = View(PROBLEM, DUS, "per_du", RUNS)
    return Population([learner()] * RUNS, DUS, view.observation_dim, view.action_dim, [0, 1])


def learned(actors: Population, rng: np.random.Generator) -> None:
    """One update on anything, so that the actors change."""
    dims, shape = actors.shape, (RUNS, DUS, 4)
    actors.update(
        Batch(
            observation=rng.random((*shape, dims.observation_dim), dtype=np.float32),
            action=rng.random((*shape, dims.action_dim), dtype=np.float32),
            reward=rng.random(shape, dtype=np.float32),
            next_observation=rng.random((*shape, dims.observation_dim), dtype=np.float32),
            discount=np.ones(shape, dtype=np.float32),
        )
    )


def history(link: dict[str, Any], frames: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What acts at each frame if there is an update before each, and what would act over an ideal link."""
    actors, rng = population(), np.random.default_rng(5)
    path = PolicyPath(LinkSpec.model_validate(link), actors, NAMES, True, generators())
    observation = rng.random((RUNS, DUS, ENVS, actors.shape.observation_dim), dtype=np.float32)
    acted, present = [], []
    for frame in range(frames):
        if frame > 0:
            learned(actors, rng)
            path.publish(frame)
        acted.append(path.act(frame, observation, None))
        own = trained_actors(actors, NAMES)
        present.append(np.stack([run.act(seen, None) for run, seen in zip(own, observation, strict=True)]))
    return acted, present


def test_actors_act_as_late_as_the_link_says() -> None:
    acted, present = history({"policy_delay_frames": 2}, 7)
    for frame, action in enumerate(acted):
        np.testing.assert_array_equal(action, present[max(0, frame - 2)])


def test_a_du_keeps_its_actor_until_one_arrives() -> None:
    acted, present = history({"policy_loss": 0.5}, 30)
    ages = np.zeros((RUNS, DUS), dtype=int)
    for frame, action in enumerate(acted):
        for run, du in np.ndindex(RUNS, DUS):
            same = [f for f in range(frame + 1) if np.array_equal(action[run, du], present[f][run, du])]
            assert same
            ages[run, du] = max(ages[run, du], frame - same[-1])
    assert ages.min() >= 2
    assert len(np.unique(ages)) > 1 or not np.array_equal(acted[-1][0], present[-1][0])


def test_without_impairment_the_present_actors_act() -> None:
    actors = population()
    path = PolicyPath(LinkSpec(report_delay_frames=3), actors, NAMES, True, generators())
    observation = np.ones((RUNS, DUS, ENVS, actors.shape.observation_dim), dtype=np.float32)
    np.testing.assert_array_equal(path.act(0, observation, None), actors.act(observation, None))


def control(link: dict[str, Any], central: bool = True) -> RemoteControl:
    return RemoteControl(LinkSpec.model_validate(link), central, PROBLEM.neutral_action, generators())


def frames_of(count: int, dim: int) -> list[np.ndarray]:
    return [np.full((RUNS * ENVS, DUS, dim), frame + 1, dtype=np.float32) for frame in range(count)]


def test_a_central_actor_sees_late_and_its_decisions_act_late() -> None:
    remote = control({"report_delay_frames": 2, "policy_delay_frames": 3})
    observations, actions = frames_of(8, 5), frames_of(8, PROBLEM.action_dim)
    for _ in range(2):  # Every episode begins anew.
        remote.begin(observations[0])
        for frame, (observation, action) in enumerate(zip(observations, actions, strict=True)):
            assert (remote.known(observation) == max(1, frame - 1)).all()
            assert (remote.applied(action) == (frame - 2 if frame >= 3 else 0.5)).all()


def test_what_a_central_actor_loses_is_held_du_by_du() -> None:
    remote = control({"report_loss": 0.5, "policy_loss": 0.5})
    observations, actions = frames_of(40, 5), frames_of(40, PROBLEM.action_dim)
    remote.begin(observations[0])
    known, applied = observations[0], np.full_like(actions[0], 0.5)
    fresh = []
    for frame, (observation, action) in enumerate(zip(observations, actions, strict=True)):
        for now, before, sent in (
            (remote.known(observation), known, observation),
            (remote.applied(action), applied, action),
        ):
            assert ((now == before) | (now == sent)).all()
            assert (now.max(axis=-1) == now.min(axis=-1)).all()  # A message arrives whole or not at all.
            fresh.append((now == sent)[..., 0])
            if sent is observation:
                known = now
            else:
                applied = now
        assert frame == 0 or not fresh[-1].all() or not fresh[-2].all()
    assert np.mean(fresh) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("link", "central"), [({}, True), ({"report_delay_frames": 5}, False)])
def test_without_impairment_or_at_the_dus_nothing_is_copied(link: dict[str, Any], central: bool) -> None:
    remote = control(link, central)
    observation = np.zeros((RUNS * ENVS, DUS, 5), dtype=np.float32)
    remote.begin(observation)
    assert remote.known(observation) is observation
    assert remote.applied(observation) is observation
