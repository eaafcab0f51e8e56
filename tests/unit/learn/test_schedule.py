from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.learn import (
    BenchSize,
    LearnerSpec,
    RhoSpec,
    SamSpec,
    TrainingSchedule,
    batch_sampler,
    bench_updates,
    rho_at,
)
from cadran.replay import RateLimiter


def test_updates_are_what_the_limiter_allows() -> None:
    spec = LearnerSpec(warmup_transitions=100, updates_per_frame=0.5)
    schedule = TrainingSchedule.of(spec)
    assert schedule.limiter == RateLimiter(samples_per_insert=0.5, min_size=100)
    assert [schedule.updates_due(n, 0) for n in (0, 99, 100, 101, 104)] == [0, 0, 0, 1, 2]
    assert schedule.updates_due(104, 1) == 1
    assert schedule.updates_due(104, 5) == 0


@pytest.mark.parametrize("seed", [0, 7])
def test_the_batch_sampler_is_a_stream_of_its_own(seed: int) -> None:
    assert batch_sampler(seed).random() == np.random.default_rng([seed, 1]).random()
    assert batch_sampler(seed).random() != np.random.default_rng(seed).random()


def test_publication_every_so_many_updates() -> None:
    schedule = TrainingSchedule.of(LearnerSpec(publish_every_updates=3))
    assert [schedule.publish_due(n) for n in range(7)] == [False, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("schedule", "half"), [("linear", 0.255), ("cosine", 0.255), ("exponential", math.sqrt(0.5 * 0.01))]
)
def test_rho_falls_between_its_ends_and_is_then_constant(schedule: str, half: float) -> None:
    sam = SamSpec.model_validate({"decay_updates": 1000, "schedule": schedule})
    rho = RhoSpec(start=0.5, final=0.01)
    assert rho_at(rho, sam, 0) == pytest.approx(0.5)
    assert rho_at(rho, sam, 500) == pytest.approx(half)
    assert rho_at(rho, sam, 1000) == pytest.approx(0.01)
    assert rho_at(rho, sam, 5000) == rho_at(rho, sam, 1000)
    steps = [rho_at(rho, sam, n) for n in range(0, 1001, 100)]
    assert all(later < earlier for earlier, later in itertools.pairwise(steps))


def test_a_sawtooth_is_raised_again_half_way() -> None:
    sam = SamSpec.model_validate({"decay_updates": 1000, "schedule": "sawtooth"})
    radii = [rho_at(RhoSpec(start=0.5, final=0.01), sam, n) for n in (0, 250, 499, 500, 750, 1000, 2000)]
    assert radii == pytest.approx([0.5, 0.255, 0.01098, 0.5, 0.255, 0.01, 0.01])


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
        ({"sam": {"schedule": "exponential", "actor_rho": {"start": 0.5}}}, "final above 0"),
        (
            {"method": "tasam", "hidden": (8,), "sam": {"critic_rho": {"start": 0.1}, "part": "encoder"}},
            "two hidden layers",
        ),
    ],
)
def test_a_specification_that_cannot_work_is_refused(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        LearnerSpec.model_validate(changes)


def test_the_bench_times_every_variant() -> None:
    ticks = itertools.count()
    spec = LearnerSpec(hidden=(8,), batch_size=4)
    result = bench_updates(
        spec, BenchSize(4, 3, 2, rounds=2, small=spec, wide=spec), lambda: float(next(ticks))
    )
    for name in ("sac_ms", "tasam_all_ms", "tasam_quarter_ms", "critic_sam_ms", "stacked_ms", "loop_ms"):
        assert getattr(result, name) == 1000.0
    assert result.population_speedup == 1.0
