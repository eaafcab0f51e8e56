import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from cadran.problem import DeliveredSpec, Eq8Spec, Frame, Problem, ProblemSpec

from .worlds import FRAME, measurements

SPECS = [
    ProblemSpec(),
    ProblemSpec(observation="paper", reward="eq8", action="rb_bits"),
    ProblemSpec(observation="rich", action="slice_quota_mute"),
    ProblemSpec(reward="eq8", eq8=Eq8Spec(rate="delivered")),
    ProblemSpec(delivered=DeliveredSpec(budget_spread=1.0)),
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
        one, own = batch.select((env, du)), problem.of_du(du)
        one_kpis = own.kpis(one)
        alone = (own.state(one), one_kpis, problem.qos(one_kpis), problem.reward(one_kpis))
        for got, expected in zip(alone, whole, strict=True):
            assert got.dtype == np.float32
            assert got.tobytes() == expected[env, du].tobytes()


@pytest.mark.parametrize("spec", SPECS)
def test_memory_layout_changes_nothing(spec):
    problem = Problem(spec, FRAME)
    kpis = problem.kpis(measurements(4, (6,)))
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


def test_a_rich_state_begins_with_that_of_the_demand():
    m = measurements(7, (4, 6))
    rich, demand = (Problem(ProblemSpec(observation=name), FRAME).state(m) for name in ("rich", "demand"))
    assert rich.shape[-1] == 39
    assert (rich[..., :24] == demand).all()


def test_a_rich_state_tells_delays_bytes_and_efficiency_of_the_last_frame():
    m = measurements(8)
    m.ue_delay_s[:] = np.nan
    m.ue_delay_s[:2, :2] = [[0.1, 0.3], [0.06, 0.06]]
    m.delivered_bytes[:] = [25_000, 0, 7]
    m.rbs_used[:] = [50, 0, 0]
    longest, mean, arrived, delivered, efficiency = (
        Problem(ProblemSpec(observation="rich"), FRAME).state(m)[24:].reshape(5, 3)
    )
    np.testing.assert_allclose(longest, [0.75, 0.5, 0.0], rtol=1e-6)
    np.testing.assert_allclose(mean, [2 / 3, 0.5, 0.0], rtol=1e-6)
    np.testing.assert_allclose(arrived, np.log1p(m.arrived_bytes / 100) / 5, rtol=1e-6)
    np.testing.assert_allclose(delivered, np.log1p(np.array([250, 0, 0.07])) / 5, rtol=1e-6)
    np.testing.assert_allclose(efficiency, [200_000 / (50 * 2000) / 4, 0, 0], rtol=1e-6)


def test_the_demo_problem_sees_27_numbers_and_the_paper_206():
    assert Problem(ProblemSpec(), FRAME).observation_dim == 27
    assert (
        Problem(ProblemSpec(observation="paper", action="rb_bits", reward="eq8"), FRAME).observation_dim
        == 206
    )


@pytest.mark.parametrize("spec", SPECS)
def test_an_empty_du_counts_as_fully_served(spec):
    problem = Problem(spec, FRAME)
    kpis = problem.of_du(0).kpis(measurements(6))
    kpis[...] = -1
    if spec.reward == "eq8":
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
