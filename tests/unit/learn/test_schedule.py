from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cadran.learn import (
    BenchSize,
    LearnerSpec,
    RhoSpec,
    SamSpec,
    TrainingSchedule,
    bench_updates,
    rho_at,
)


@given(st.integers(1, 500), st.floats(0.01, 4.0), st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_updates_do_not_depend_on_how_experience_arrives(
    warmup: int, ratio: float, portions: list[int]
) -> None:
    schedule = TrainingSchedule(warmup, ratio, 10)
    stored = done = 0
    for portion in portions:
        stored += portion
        done += schedule.updates_due(stored, done)
    assert done == schedule.updates_due(sum(portions), 0)
    assert schedule.updates_due(stored, done) == 0


def test_no_update_before_the_warm_up_ends() -> None:
    schedule = TrainingSchedule(100, 1.0, 10)
    assert [schedule.updates_due(n, 0) for n in (0, 99, 100, 101)] == [0, 0, 1, 2]
    assert schedule.updates_due(100, 5) == 0


def test_publication_every_so_many_updates() -> None:
    schedule = TrainingSchedule.of(LearnerSpec(publish_every_updates=3))
    assert [schedule.publish_due(n) for n in range(7)] == [False, False, False, True, False, False, True]


def test_rho_is_linear_between_its_ends_and_then_constant() -> None:
    rho = RhoSpec(start=0.5, final=0.01)
    assert rho_at(rho, 1000, 0) == 0.5
    assert rho_at(rho, 1000, 500) == pytest.approx(0.255)
    assert rho_at(rho, 1000, 1000) == 0.01
    assert rho_at(rho, 1000, 5000) == 0.01
    steps = [rho_at(rho, 1000, n) for n in range(0, 1001, 100)]
    assert all(later < earlier for earlier, later in itertools.pairwise(steps))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"batch": 3}, "Extra inputs"),
        ({"gamma": 1.0}, "less than 1"),
        ({"hidden": ()}, "at least 1"),
        ({"method": "tasam"}, "above 0"),
        ({"sam": {"critic_rho": {"start": 0.1}}}, "uses no SAM"),
        ({"log_std_min": 3.0}, "below log_std_max"),
        ({"warmup_transitions": 10}, "at least batch_size"),
        ({"replay_capacity": 100}, "at least warmup_transitions"),
        ({"sam": {"gate": "sometimes"}}, "'none' or 'td_variance'"),
    ],
)
def test_a_specification_that_cannot_work_is_refused(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        LearnerSpec.model_validate(changes)


def test_the_bench_times_every_variant() -> None:
    ticks = itertools.count()
    spec = LearnerSpec(hidden=(8,), batch_size=4, sam=SamSpec())
    result = bench_updates(spec, BenchSize(2, 3, 2, repeats=2), lambda: float(next(ticks)))
    assert result.sac_ms == result.tasam_ms == result.tasam_all_ms == result.loop_ms == 1000.0
    assert result.stacked_ms == 1000.0
