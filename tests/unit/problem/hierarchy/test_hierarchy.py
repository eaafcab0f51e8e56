import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cadran.problem import DeliveredSpec, Eq8Spec, ProblemSpec
from cadran.problem.hierarchy import HierarchySpec, higher_returns

from .worlds import measured, problem

BASES = [
    ProblemSpec(),
    ProblemSpec(reward="eq8", eq8=Eq8Spec(rate="delivered")),
    ProblemSpec(delivered=DeliveredSpec(budget_spread=1.0)),
]
PARTS = ("kpis", "qos", "reward", "lower_reward", "present", "state")
SEEDS = st.integers(0, 10_000)


@pytest.mark.parametrize("base", BASES)
@given(seed=SEEDS)
def test_one_du_finds_the_same_bits_as_the_batch(base, seed):
    hierarchy = problem(base=base)
    m, users = measured(seed, (2, 7))
    whole = hierarchy.assess(m, users)
    env, du = seed % 2, seed % 7
    one = hierarchy.of_du(du).assess(m.select((env, du)), users.select((env, du)))
    for name in PARTS:
        assert getattr(one, name).tobytes() == getattr(whole, name)[env, du].tobytes(), name


@pytest.mark.parametrize("base", BASES)
@given(seed=SEEDS)
def test_rewards_recomputed_from_kpis_are_those_assessed(base, seed):
    hierarchy = problem(base=base)
    assessed = hierarchy.assess(*measured(seed, (2, 7)))
    for kpis in (assessed.kpis, np.asfortranarray(assessed.kpis)):
        again = hierarchy.rewards(kpis)
        assert again.reward.tobytes() == assessed.reward.tobytes()
        assert again.lower_reward.tobytes() == assessed.lower_reward.tobytes()
        assert (again.present == assessed.present).all()
        assert hierarchy.qos(kpis).tobytes() == assessed.qos.tobytes()


@given(seed=SEEDS, places=st.integers(1, 24))
def test_dimensions_and_ranges(seed, places):
    hierarchy = problem(places=places)
    m, users = measured(seed, (2, 7), hierarchy.frame)
    assessed = hierarchy.assess(m, users)
    assert assessed.kpis.shape == (2, 7, hierarchy.kpi_dim)
    assert assessed.state.shape == (2, 7, hierarchy.state_dim) == (2, 7, 18 + 12 * places)
    assert assessed.lower_reward.shape == assessed.present.shape == (2, 7, 3)
    for name in PARTS:
        assert np.isfinite(getattr(assessed, name)).all()
    assert ((assessed.state >= 0) & (assessed.state <= 2)).all()
    assert (assessed.present == (m.ues > 0)).all()
    assert (assessed.lower_reward[~assessed.present] == 0).all()
    assert ((assessed.lower_reward >= -0.2 * 100) & (assessed.lower_reward <= 1.5)).all()
    assert (hierarchy.ues(assessed.state) == m.ues).all()


def test_the_lower_reward_by_hand():
    hierarchy = problem()
    m, users = measured(1)
    m.ues[:], m.rbs_quota[:], m.rbs_used[:] = [2, 1, 0], [50, 0, 50], [40, 0, 0]
    users.delivered_bytes[:], users.queued_bytes[:] = 0, 0
    users.delivered_bytes[0, :2], users.queued_bytes[0, :2] = [300, 100], [100, 300]
    users.power[:] = [0.5, 0.0, 0.0]
    assessed = hierarchy.assess(m, users)
    np.testing.assert_allclose(
        assessed.lower_reward, [0.5 + 0.5 * 0.25 - 0.1 * 0.5 - 0.1 * 0.2, 1.5, 0.0], rtol=1e-6
    )
    assert assessed.present.tolist() == [True, True, False]


def test_the_frames_reward_is_that_of_the_problem_of_slices():
    hierarchy = problem()
    m, users = measured(2, (7,))
    assessed, base = hierarchy.assess(m, users), hierarchy.base.assess(m)
    assert assessed.reward.tobytes() == base.reward.tobytes()
    assert assessed.qos.tobytes() == base.qos.tobytes()


def test_a_place_without_a_user_tells_nothing():
    hierarchy = problem()
    m, users = measured(3)
    m.ues[:] = [3, 0, 16]
    m.ue_delay_s[1], m.ue_delay_s[0, 3:] = np.nan, np.nan
    before = hierarchy.assess(m, users)
    for volume in (users.queued_bytes, users.delivered_bytes, users.arrived_bytes, users.mean_se):
        volume[1], volume[0, 3:] = 77, 5
    after = hierarchy.assess(m, users)
    assert after.state.tobytes() == before.state.tobytes()
    assert after.kpis.tobytes() == before.kpis.tobytes()


def test_what_the_higher_level_sees():
    hierarchy = problem()
    m, users = measured(4)
    m.ues[:] = [6, 3, 1]
    m.backlog_rbs[:], m.arrival_rbs[:] = [10, 500, 0], [30, 0, 50]
    assessed = hierarchy.assess(m, users)
    seen = hierarchy.higher_observation(assessed.state, np.array([50, 30, 20]))
    assert seen.shape == (hierarchy.higher_observation_dim,) == (15,)
    qos = assessed.qos
    expected = [*qos, 0.6, 0.3, 0.1, 0.2, 1.0, 0.25, 0.5, 0.3, 0.2, qos.mean(), qos.min(), qos.max()]
    np.testing.assert_allclose(seen, expected, rtol=1e-6)


def test_what_the_lower_level_sees_of_each_slice():
    hierarchy = problem()
    m, users = measured(5, (2, 7))
    assessed = hierarchy.assess(m, users)
    goal = hierarchy.goal(assessed.state, np.broadcast_to([50, 30, 20], (2, 7, 3)))
    assert (goal[..., 0] == np.float32([0.5, 0.3, 0.2])).all()
    assert (goal[..., 1] == assessed.qos).all()
    seen = hierarchy.lower_observation(assessed.state, goal)
    assert seen.shape == (2, 7, 3, hierarchy.lower_observation_dim) == (2, 7, 3, 70)
    assert (seen[..., :2] == goal).all()
    assert (seen[..., 2:5] == np.eye(3)).all()
    assert (seen[..., -1] == users.power).all()
    of_users = seen[..., 5:-1].reshape(2, 7, 3, 16, 4)
    present = np.arange(16) < m.ues[..., np.newaxis]
    np.testing.assert_allclose(of_users[..., 0], users.mean_se / 4, rtol=1e-6)
    np.testing.assert_allclose(of_users[..., 1], np.log1p(users.queued_bytes / 100) / 5, rtol=1e-6)
    np.testing.assert_allclose(of_users[..., 2], np.log1p(users.arrived_bytes / 100) / 5, rtol=1e-6)
    assert (of_users[~present] == 0).all()
    there = users.delivered_bytes + users.queued_bytes
    satisfied = np.where(there > 0, users.delivered_bytes / np.maximum(there, 1), 1.0)
    np.testing.assert_allclose(of_users[..., 3][present], satisfied[present], rtol=1e-6)


def test_a_decision_of_the_higher_level_earns_the_mean_of_its_frames():
    reward = np.arange(8, dtype=np.float32)[:, np.newaxis]
    assert higher_returns(reward, 3).tolist() == [[1.0], [4.0], [6.5]]
    assert higher_returns(reward, 1).tolist() == reward.tolist()


def test_names_tell_apart_what_a_policy_cannot_mix():
    assert problem().names == {"observation": "hierarchy", "action": "hierarchy", "reward": "delivered"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"decision_frame": 10}, "decision_frame"),
        ({"decision_frames": 0}, "decision_frames"),
        ({"power_floor": 0.0}, "power_floor"),
        ({"power_floor": 1.0}, "power_floor"),
        ({"user_gain": float("nan")}, "user_gain"),
    ],
)
def test_a_wrong_specification_is_refused_by_name(change, field):
    with pytest.raises(ValidationError, match=field):
        HierarchySpec.model_validate(change)
