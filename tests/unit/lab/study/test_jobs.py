"""Jobs cover each cell and exam once, never mix programs, and are the same every time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.study.budget import BUDGETS, Budget
from cadran.lab.study.cell import Baseline, Cell
from cadran.lab.study.jobs import exam_jobs, training_jobs
from made_cells import EXPERIMENT, cell, exam

SMOKE = BUDGETS["smoke"]
CELLS = st.lists(
    st.builds(
        lambda method, seed, hidden, lr, envs: cell(method, seed, hidden=hidden, lr=lr, envs=envs),
        st.sampled_from(["sac", "tasam"]),
        st.integers(0, 30),
        st.sampled_from([(8,), (8, 8), (300, 400, 400)]),
        st.sampled_from([1e-4, 3e-4]),
        st.integers(1, 2),
    ),
    max_size=40,
)
BUDGET = st.builds(
    lambda stack, wide: replace(SMOKE, stack=stack, wide_stack=wide), st.integers(1, 12), st.integers(1, 3)
)


@given(CELLS, BUDGET)
def test_training_jobs_cover_each_result_once_and_stack_one_program(
    cells: list[Cell], budget: Budget
) -> None:
    jobs = training_jobs(cells, budget)
    keys = [key for job in jobs for key in job.keys]
    assert sorted(keys) == sorted({one.key for one in cells})
    for job in jobs:
        assert len({one.program for one in job.cells}) == 1
        wide = sum(job.cells[0].learner.hidden) > 1000
        assert len(job.cells) <= (budget.wide_stack if wide else budget.stack)
        assert job.expected_s > 0
    assert training_jobs(cells, budget) == jobs


@given(st.integers(1, 30), st.integers(1, 12))
def test_runs_of_one_program_are_shared_out_evenly(runs: int, stack: int) -> None:
    jobs = training_jobs([cell(seed=seed) for seed in range(runs)], replace(SMOKE, stack=stack))
    sizes = [len(job.cells) for job in jobs]
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == -(-runs // stack)


@given(CELLS, BUDGET, st.data())
def test_the_split_does_not_depend_on_what_is_done(
    cells: list[Cell], budget: Budget, data: st.DataObject
) -> None:
    jobs = training_jobs(cells, budget)
    keys = sorted(key for job in jobs for key in job.keys)
    done = set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set()
    for job in jobs:
        left = job.without(done.__contains__)
        assert (left.cells if left else ()) == tuple(one for one in job.cells if one.key not in done)


@given(CELLS, BUDGET)
def test_exam_jobs_cover_each_exam_once_and_wait_for_one_training(cells: list[Cell], budget: Budget) -> None:
    trainings = training_jobs(cells, budget)
    subjects = [*cells, Baseline("pf", EXPERIMENT), Baseline("equal", EXPERIMENT)]
    conditions = {"held-out": (), "busy": ("world.load.scale=2",)}
    exams = [exam(one, name, *change) for one in subjects for name, change in conditions.items()]
    jobs = exam_jobs(exams, trainings)
    keys = [key for job in jobs for key in job.keys]
    assert sorted(keys) == sorted({one.key for one in exams})
    for job in jobs:
        assert not job.needs or any(job.needs <= set(training.keys) for training in trainings)
        assert bool(job.needs) == isinstance(job.exams[0].subject, Cell)
    assert exam_jobs(exams, trainings) == jobs


def test_a_baseline_is_tuned_in_one_job() -> None:
    shifted = [exam(Baseline("pf", EXPERIMENT), str(at), f"world.load.scale={at}") for at in (1.0, 2.0)]
    assert len(exam_jobs(shifted, [])) == 1


def test_memory_bounds_what_trains_at_once() -> None:
    cells = [cell(seed=seed, replay_capacity=1000, iterations=1000) for seed in range(6)]
    (alone,) = {len(job.cells) for job in training_jobs(cells, replace(SMOKE, replay_bytes=1))}
    (all_,) = {len(job.cells) for job in training_jobs(cells, SMOKE)}
    assert (alone, all_) == (1, 6)


def test_what_takes_longer_is_expected_to() -> None:
    def expected(**changes: object) -> float:
        (job,) = training_jobs([cell(**changes)], SMOKE)
        return job.expected_s

    plain = expected()
    for longer in ({"iterations": 20}, {"envs": 20}, {"hidden": (512, 512)}, {"updates_per_iteration": 3}):
        assert expected(**longer) > plain
