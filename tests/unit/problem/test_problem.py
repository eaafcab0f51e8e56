import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.problem import Eq8Spec, Frame, Problem, ProblemSpec

from .worlds import FRAME, measurements

SPECS = [
    ProblemSpec(),
    ProblemSpec(observation="paper", reward="eq8", action="rb_bits"),
    *(
        ProblemSpec(reward="eq8", eq8=Eq8Spec(alpha=alpha, quality=quality, shortfall=shortfall))
        for alpha, quality, shortfall in itertools.product(
            ("static", "weighted_norm"), ("section_vi", "eq6"), ("normalised", "raw")
        )
    ),
]


@pytest.mark.parametrize("spec", SPECS)
def test_one_du_finds_the_same_bits_as_the_batch(spec):
    problem = Problem(spec, FRAME)
    batch = measurements(3, (5, 6))
    kpis = problem.kpis(batch)
    whole = (problem.state(batch), kpis, problem.qos(kpis), problem.reward(kpis))
    for env, du in itertools.product(range(5), range(6)):
        one = batch.select((env, du))
        one_kpis = problem.kpis(one)
        alone = (problem.state(one), one_kpis, problem.qos(one_kpis), problem.reward(one_kpis))
        for got, expected in zip(alone, whole, strict=True):
            assert got.dtype == np.float32
            assert got.tobytes() == expected[env, du].tobytes()


@pytest.mark.parametrize("spec", SPECS)
def test_memory_layout_changes_nothing(spec):
    problem = Problem(spec, FRAME)
    kpis = problem.kpis(measurements(4, (8,)))
    strided = np.asfortranarray(kpis)
    assert problem.reward(strided).tobytes() == problem.reward(kpis).tobytes()
    wide = np.repeat(kpis, 2, axis=-1)[:, ::2]
    assert problem.qos(wide).tobytes() == problem.qos(kpis).tobytes()


@pytest.mark.parametrize("spec", SPECS)
def test_dimensions_and_ranges(spec):
    problem = Problem(spec, FRAME)
    m = measurements(5, (4, 6))
    state, kpis = problem.state(m), problem.kpis(m)
    assert state.shape == (4, 6, problem.state_dim)
    assert kpis.shape == (4, 6, problem.kpi_dim)
    assert np.isfinite(kpis).all()
    assert ((state >= 0) & (state <= 2)).all()
    assert ((problem.qos(kpis) >= 0) & (problem.qos(kpis) <= 1)).all()
    observation = problem.observation(state, problem.neutral_action)
    assert observation.shape == (4, 6, problem.observation_dim)
    assert observation.dtype == np.float32
    assert (observation[..., : problem.state_dim] == state).all()
    assert (observation[..., problem.state_dim :] == 0.5).all()


def test_the_demo_problem_sees_27_numbers_and_the_paper_206():
    assert Problem(ProblemSpec(), FRAME).observation_dim == 27
    assert (
        Problem(ProblemSpec(observation="paper", action="rb_bits", reward="eq8"), FRAME).observation_dim
        == 206
    )


@pytest.mark.parametrize("spec", SPECS)
def test_an_empty_du_counts_as_fully_served(spec):
    problem = Problem(spec, FRAME)
    kpis = problem.kpis(measurements(6))
    kpis[...] = -1
    if problem.kpi_dim % 24:
        kpis[-3:] = 0
    assert (problem.qos(kpis) == 1).all()
    assert np.isfinite(problem.reward(kpis))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rewrd": "eq8"}, "rewrd"),
        ({"reward": "eq9"}, "reward"),
        ({"delivered": {"weights": [0, 0, 0]}}, "weights"),
    ],
)
def test_a_wrong_specification_is_refused_by_name(change, field):
    with pytest.raises(ValidationError, match=field):
        ProblemSpec.model_validate(change)


def test_a_frame_without_three_slices_is_refused():
    with pytest.raises(ValueError, match="slices"):
        Frame(rbs=10, slices=2, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=2e5, total_ues=10, dus=2)


def test_names_tell_apart_what_a_policy_cannot_mix():
    assert Problem(ProblemSpec(), FRAME).names == {
        "observation": "demand",
        "action": "slice_quota",
        "reward": "delivered",
    }
    plain, dither = (
        Problem(ProblemSpec(action="rb_bits", decode=d), FRAME).names for d in ("plain", "dither")
    )
    assert plain != dither
