import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.problem.hierarchy.rules import equal, need_proportional, priority, random

from .worlds import measured, problem

SEEDS = st.integers(0, 2**32 - 1)
EXTREMES = st.sampled_from([0.0, 0.5, 1.0])


def action_of(seed: int, numbers: int, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Numbers in [0, 1], a part of them at the very ends."""
    rng = np.random.default_rng(seed)
    action = rng.random((*shape, numbers), dtype=np.float32)
    at_end = rng.random(action.shape) < 0.2
    return np.where(at_end, np.round(action), action).astype(np.float32)


@given(SEEDS, st.integers(1, 275), EXTREMES)
def test_rbs_of_slices_are_whole_and_all_of_them(seed, rbs, value):
    hierarchy = problem(rbs)
    for action in (action_of(seed, 3), np.array([value, 0.0, 1.0], dtype=np.float32)):
        slice_rbs = hierarchy.slice_rbs(action)
        assert slice_rbs.dtype == np.int32
        assert (slice_rbs >= 0).all()
        assert slice_rbs.sum() == rbs


@given(SEEDS, st.integers(1, 275), st.integers(1, 20))
def test_users_get_exactly_the_rbs_of_their_slice_and_legal_power(seed, rbs, places):
    hierarchy = problem(rbs, places)
    ues = np.random.default_rng(seed).integers(0, places + 1, 3) * (seed % 7 > 0)
    action = action_of(seed, hierarchy.action_dim)
    grants = hierarchy.decode(action, ues)
    slice_rbs = hierarchy.slice_rbs(action[:3])
    assert grants.ue_rbs.dtype == np.int16
    assert grants.ue_power.dtype == np.float32
    assert grants.ue_rbs.min() >= 0
    assert (grants.ue_rbs.sum(axis=-1) == np.where(ues > 0, slice_rbs, 0)).all()
    assert (grants.ue_rbs[np.arange(places) >= ues[:, np.newaxis]] == 0).all()
    power = grants.ue_power[grants.ue_rbs > 0]
    assert ((power > 0) & (power <= 1)).all()
    assert (grants.ue_power[grants.ue_rbs == 0] == 0).all()


def test_more_is_asked_for_more_is_given():
    hierarchy = problem()
    users = np.full((3, 32), 0.5, dtype=np.float32)
    users[0, 2], users[1, 16:] = 1.0, 0.0
    grants = hierarchy.grants(np.array([60, 30, 10]), users, np.array([4, 3, 0]))
    assert grants.ue_rbs[0, 2] > 30 > grants.ue_rbs[0, 0]
    assert grants.ue_rbs[1, :4].tolist() == [10, 10, 10, 0]
    assert grants.ue_power[1, 0] == np.float32(0.1)
    assert grants.mean_power.tolist() == pytest.approx([0.55, 0.1, 0.0])


@given(SEEDS)
def test_one_du_is_granted_the_same_as_in_a_batch(seed):
    hierarchy = problem(places=13)
    action = action_of(seed, hierarchy.action_dim, (2, 3))
    ues = np.random.default_rng(seed).integers(0, 14, (2, 3, 3))
    whole = hierarchy.decode(action, ues)
    strided = hierarchy.decode(np.asfortranarray(action), np.asfortranarray(ues))
    for env, du in np.ndindex(2, 3):
        one = hierarchy.decode(action[env, du], ues[env, du])
        for other in (whole, strided):
            assert one.ue_rbs.tobytes() == other.ue_rbs[env, du].tobytes()
            assert one.ue_power.tobytes() == other.ue_power[env, du].tobytes()
            assert one.mean_power.tobytes() == other.mean_power[env, du].tobytes()


def test_an_action_of_another_size_or_range_is_refused():
    hierarchy = problem()
    with pytest.raises(ValueError, match="takes 99"):
        hierarchy.decode(np.zeros(98, dtype=np.float32), np.ones(3))
    for bad in (-0.1, 1.1, np.nan):
        action = hierarchy.neutral_action.copy()
        action[-1] = bad
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            hierarchy.decode(action, np.ones(3))


def test_flat_actions_and_their_levels_are_one_another():
    hierarchy = problem()
    action = action_of(1, hierarchy.action_dim, (2, 3))
    higher, users = hierarchy.levels(action)
    assert (higher.shape, users.shape) == ((2, 3, 3), (2, 3, 3, 32))
    assert (hierarchy.flat(higher, users) == action).all()


@pytest.mark.parametrize(
    "rule", [equal, need_proportional, priority(2.5, 0.7), random(np.random.default_rng(3))]
)
@given(seed=SEEDS)
def test_rules_grant_every_rb_of_slices_with_users(rule, seed):
    hierarchy = problem()
    m, users = measured(seed % 1000, (2, 3))
    grants = rule(m, users, hierarchy.frame)
    assert (grants.ue_rbs >= 0).all()
    assert (grants.ue_rbs.sum(axis=(-2, -1)) <= 100).all()
    everywhere = (m.ues > 0).all(axis=-1)
    assert (grants.ue_rbs.sum(axis=(-2, -1))[everywhere] == 100).all()
    assert (grants.ue_rbs[np.arange(16) >= m.ues[..., np.newaxis]] == 0).all()
    power = grants.ue_power[grants.ue_rbs > 0]
    assert ((power > 0) & (power <= 1)).all()


def test_rules_with_measurements_alone_find_the_same_as_in_a_batch():
    m, users = measured(3, (2, 3))
    frame = problem().frame
    for rule in (equal, need_proportional, priority(2.5, 0.7)):
        whole = rule(m, users, frame)
        for at in np.ndindex(2, 3):
            one = rule(m.select(at), users.select(at), frame)
            assert one.ue_rbs.tobytes() == whole.ue_rbs[at].tobytes()


def test_need_is_bytes_over_spectral_efficiency():
    m, users = measured(5)
    m.ues[:] = [2, 2, 1]
    m.backlog_rbs[:], m.arrival_rbs[:] = [40, 0, 10], [0, 40, 10]
    users.queued_bytes[:], users.arrived_bytes[:] = 0, 0
    users.queued_bytes[0, :2], users.arrived_bytes[1, :2] = [1000, 1000], [100, 300]
    users.mean_se[0, :2], users.mean_se[1, :2] = [1.0, 3.0], [2.0, 2.0]
    grants = need_proportional(m, users, problem().frame)
    assert grants.ue_rbs[:, :2].tolist() == [[30, 10], [10, 30], [20, 0]]
    assert (grants.ue_power[grants.ue_rbs > 0] == 1).all()
