"""A job's result is kept as a whole and read back as it was; done twice, it is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cadran.lab.meta import MetaPlan, ShotPlan, varied_meta
from cadran.lab.meta.studies.archive import Archive
from cadran.lab.meta.studies.cells import Trial
from cadran.lab.meta.studies.jobs import jobs_of
from cadran.lab.meta.studies.results import Results
from cadran.lab.meta.studies.scores import RULES, curves
from cadran.lab.meta.studies.study import Context
from cadran.lab.meta.studies.work import perform

from .made_up import EXPERIMENT, context

TINY = varied_meta(
    EXPERIMENT,
    (
        "world.dus=2",
        "world.ues=6",
        "world.max_ues_per_slice=4",
        "world.rbs=10",
        "world.episode_frames=12",
        "hierarchy.decision_frames=4",
        "meta.higher.hidden=[8]",
        "meta.lower.hidden=[8]",
        "meta.higher.batch_size=8",
        "meta.lower.batch_size=8",
        "disturbance.channel_error=0.5",
        "disturbance.preempting=true",
    ),
)
PLAN = MetaPlan(
    iterations=6,
    envs=2,
    frames_per_iteration=12,
    updates_per_iteration=1,
    evaluate_every=3,
    evaluation_episodes=2,
)
SHOTS = ShotPlan(shots=(0, 2), envs=2, frames_per_shot=12, steps_per_shot=1, episodes=2)


def tiny() -> Context:
    place = context(seeds=2)
    return replace(place, experiment=TINY, plan=PLAN, shots=SHOTS, budget=replace(place.budget, networks=1))


def done(folder: Path) -> tuple[Results, list[Trial]]:
    trials = tiny().trials("maml_softmax_var")
    for job in jobs_of(trials):
        parts: list[float] = []
        perform(job, folder, parts.append)
        assert all(0.0 <= part <= 1.0 for part in parts)
    return Results(tiny(), trials, Archive(folder)), trials


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return done(tmp_path_factory.mktemp("once"))[0]


def test_all_that_was_asked_for_is_there(results: Results) -> None:
    for run in results.adaptations("maml_softmax_var"):
        for adaptation in run:
            assert adaptation.shots.tolist() == [0, 2]
            assert adaptation.reward.shape == (2, TINY.world.dus, SHOTS.episodes)
            assert np.isfinite(adaptation.reward).all()
    (references,) = results.references()
    assert set(RULES.values()) <= set(references.reward)
    assert references.best in references.reward
    for trained in results.trained("maml_softmax_var"):
        assert trained.curve.weights["lower"][-1].sum() == pytest.approx(1.0)


def test_done_again_it_is_the_same(results: Results, tmp_path: Path) -> None:
    again, trials = done(tmp_path)
    assert all(Archive(tmp_path).has(trial.key) for trial in trials)
    for one, other in zip(
        results.adaptations("maml_softmax_var"), again.adaptations("maml_softmax_var"), strict=True
    ):
        assert (one[0].reward == other[0].reward).all()
    (first,), (second,) = results.references(), again.references()
    assert all((first.reward[name] == second.reward[name]).all() for name in first.reward)
    assert curves(results, "maml_softmax_var").score.shape == (2, 2, 2)
