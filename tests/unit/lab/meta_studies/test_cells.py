"""A key changes exactly if something changes that determines the result; jobs wait for what they need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cadran.lab.meta import MetaRun, varied_meta
from cadran.lab.meta.studies.cells import Place, Training, Trial
from cadran.lab.meta.studies.jobs import CellJob, jobs_of

from .made_up import EXPERIMENT, context

RUN = MetaRun(EXPERIMENT, "maml_uniform", 0)
TRAINING = Training(RUN, context().plan)
TRIAL = Trial(RUN, TRAINING, context().shots, Place("training", 7), "", "new")


@pytest.mark.parametrize(
    "changed",
    [
        replace(RUN, seed=1),
        replace(RUN, method="maml_softmax_var"),
        replace(RUN, kind="homogeneous"),
        replace(RUN, experiment=varied_meta(EXPERIMENT, ("world.rbs=50",))),
        replace(RUN, experiment=varied_meta(EXPERIMENT, ("disturbance.preempting=true",))),
        replace(RUN, experiment=varied_meta(EXPERIMENT, ("meta.kappa=2",))),
    ],
    ids=["seed", "method", "kind", "world", "disturbance", "learner"],
)
def test_a_run_that_differs_has_another_key(changed: MetaRun) -> None:
    assert Training(changed, TRAINING.plan).key != TRAINING.key
    assert replace(TRIAL, run=changed).key != TRIAL.key


def test_a_plan_or_a_place_that_differs_has_another_key() -> None:
    assert replace(TRAINING, plan=replace(TRAINING.plan, iterations=7)).key != TRAINING.key
    assert replace(TRIAL, shots=replace(TRIAL.shots, envs=7)).key != TRIAL.key
    assert replace(TRIAL, place=replace(TRIAL.place, seed=8)).key != TRIAL.key
    assert replace(TRIAL, training=replace(TRAINING, run=replace(RUN, seed=1))).key != TRIAL.key


def test_names_do_not_matter() -> None:
    renamed = replace(RUN, experiment=replace(EXPERIMENT, name="other"))
    assert Training(renamed, TRAINING.plan).key == TRAINING.key
    assert replace(TRIAL, setting="x", condition="y").key == TRIAL.key


def test_learners_do_not_matter_to_rules() -> None:
    other = varied_meta(EXPERIMENT, ("meta.kappa=2",))
    assert replace(TRIAL.yardstick, experiment=other).key == TRIAL.yardstick.key
    elsewhere = varied_meta(EXPERIMENT, ("world.rbs=50",))
    assert replace(TRIAL.yardstick, experiment=elsewhere).key != TRIAL.yardstick.key


def test_jobs_cover_each_cell_once_and_a_trial_waits_for_its_training() -> None:
    twin = replace(TRIAL, place=Place("training", 8))
    jobs = jobs_of([TRIAL, twin, TRIAL])
    assert len(jobs) == 5
    assert len({key for job in jobs for key in job.keys}) == 5
    waiting = {job for job in jobs if job.needs}
    assert {job.cell for job in waiting} == {TRIAL, twin}
    assert all(job.needs == {TRAINING.key} for job in waiting)
    assert all(job.expected_s > 0 for job in jobs)


def test_a_job_is_done_or_not() -> None:
    job = CellJob(TRAINING)
    assert job.without(lambda key: False) == job
    assert job.without(lambda key: key == TRAINING.key) is None
