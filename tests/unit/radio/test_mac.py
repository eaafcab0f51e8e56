"""What quotas and assignments promise, and the order of schedulers, in the whole radio."""

import numpy as np
import pytest

from cadran.radio import Radio, State, assignment, hard_quotas, quotas

from .worlds import activity, block_world, pf_all, seeds, small_world, tti_by_tti


def saturated(idle: str = "silent") -> tuple[Radio, State]:
    """A world in which every queue is full from the first frames on."""
    world = small_world(load={"scale": 5.0, "factor_min": 1.0, "factor_max": 1.0}, mac={"idle_rbs": idle})
    radio = Radio(world)
    state = radio.new_state(seeds(4))
    for _ in range(5):
        radio.step(state, hard_quotas(np.zeros((4, 3, 3)), world.rbs))
    return radio, state


def test_without_quota_nothing_is_delivered() -> None:
    radio, state = saturated()
    assert state.ledger.arrived_bytes.sum() > 0
    assert state.ledger.delivered_bytes.sum() == 0
    assert not activity(radio.world, state).any()


def test_under_saturation_hard_quotas_are_used_exactly() -> None:
    radio, state = saturated()
    radio.step(state, hard_quotas(np.tile([2, 7, 3], (4, 3, 1)), 12))
    expected = np.where(state.kpis.ues > 0, [2, 7, 3], 0)
    np.testing.assert_array_equal(state.kpis.rbs_used, expected)


def test_under_saturation_each_slice_gets_its_minimum_and_never_more_than_its_maximum() -> None:
    radio, state = saturated()
    least, most = np.tile([1, 2, 3], (4, 3, 1)), np.tile([4, 3, 12], (4, 3, 1))
    for _ in range(5):
        radio.step(state, quotas(np.zeros_like(least), least, most, 12))
        has_ues = state.kpis.ues > 0
        assert (state.kpis.rbs_used >= least)[has_ues].all()
        assert (state.kpis.rbs_used <= most).all()
        assert (state.kpis.rbs_used.sum(axis=-1)[has_ues.all(axis=-1)] == 12).all()


def test_idle_dedicated_rbs_are_never_lent() -> None:
    radio, state = saturated()
    state.core.ues[:, :, 0] = 0
    dedicated = np.tile([5, 0, 0], (4, 3, 1))
    least = np.tile([9, 0, 0], (4, 3, 1))
    radio.step(state, quotas(dedicated, least, np.full((4, 3, 3), 12), 12))
    others = state.kpis.rbs_used[..., 1:].sum(axis=-1)
    np.testing.assert_array_equal(others, np.where((state.kpis.ues[..., 1:] > 0).any(axis=-1), 7, 0))


def test_idle_rbs_of_a_quota_transmit_only_if_the_world_says_so() -> None:
    for idle in ("silent", "active"):
        radio = Radio(small_world(load={"scale": 0.0}, mac={"idle_rbs": idle}))
        state = radio.new_state(seeds(2))
        radio.step(state, hard_quotas(np.full((2, 3, 3), 4), 12))
        expected = np.where(state.kpis.ues > 0, 4, 0) if idle == "active" else np.zeros((2, 3, 3))
        np.testing.assert_array_equal(state.kpis.rbs_used, expected)
        assert state.ledger.delivered_bytes.sum() == 0


def test_unused_rbs_of_an_assignment_stay_silent_even_in_an_active_world() -> None:
    radio, state = saturated("active")
    owner = np.tile(np.arange(12) % 4 - 1, (4, 3, 1))
    radio.step(state, assignment(owner))
    assert not (state.core.ue_of_unit[owner == -1] >= 0).any()
    assert (state.core.ue_of_unit[owner >= 0] >= 0).any()


def test_hard_quotas_and_an_assignment_of_the_same_blocks_agree() -> None:
    radio, state = saturated()
    twin = radio.clone(state)
    radio.step(state, hard_quotas(np.tile([2, 7, 3], (4, 3, 1)), 12))
    radio.step(twin, assignment(np.tile(np.repeat([0, 1, 2], [2, 7, 3]), (4, 3, 1))))
    np.testing.assert_array_equal(state.core.ue_of_unit, twin.core.ue_of_unit)
    np.testing.assert_array_equal(state.kpis.delivered_bytes, twin.kpis.delivered_bytes)
    np.testing.assert_array_equal(state.kpis.ue_delay_s, twin.kpis.ue_delay_s)


def test_round_robin_serves_waiting_ues_in_turn() -> None:
    world = small_world(dus=1, ues=5, slice_weights=(1, 0, 0), rbs=10, mac={"schedulers": ["rr", "rr", "rr"]})
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.ues.gain[:] *= 1e-9  # RBs carry nothing, so that nobody's queue empties
    for _ in range(30):
        radio.step(state, hard_quotas(np.array([[[10, 0, 0]]]), 10))
    assert (state.queued[0, 0, 0] > 0).all()
    assert np.bincount(state.core.ue_of_unit[0, 0]).tolist() == [2, 2, 2, 2, 2]


def test_backlog_scheduler_prefers_the_older_bytes() -> None:
    oldest = {}
    for scheduler in ("pf", "mlwdf"):
        world = small_world(mac={"schedulers": [scheduler] * 3}, load={"scale": 0.2})
        radio = Radio(world)
        state = radio.new_state(seeds(8))
        ages = []
        for _ in range(60):
            radio.step(state, hard_quotas(np.tile([8, 2, 2], (8, 3, 1)), 12))
            ages.append(np.nanmax(np.nan_to_num(state.kpis.ue_delay_s[:, :, 0]), axis=-1).mean())
        oldest[scheduler] = float(np.mean(ages))
    assert oldest["mlwdf"] < oldest["pf"]


def test_pf_over_all_users_uses_every_rb_while_anyone_waits() -> None:
    radio, state = saturated()
    radio.step(state, pf_all(radio.world, 4))
    np.testing.assert_array_equal(state.kpis.rbs_used.sum(axis=-1), 12)


def test_illegal_decisions_are_refused_and_change_nothing() -> None:
    radio = Radio(small_world())
    state = radio.new_state(seeds(2))
    legal = hard_quotas(np.full((2, 3, 3), 4), 12)
    too_many = legal.min_rbs.copy()
    too_many[1, 2, 0] = 5
    with pytest.raises(ValueError, match="environment 1, DU 2: slice 0: dedicated 4, min 5, max 4"):
        radio.step(state, legal._replace(min_rbs=too_many))
    with pytest.raises(ValueError, match=r"decisions.mode: shape \(2, 2\), allowed is \(2, 3\)"):
        radio.step(state, legal._replace(mode=np.zeros((2, 2), dtype=np.int8)))
    assert state.frame.tolist() == [0, 0]


def test_an_assignment_of_rbs_is_refused_where_rbs_are_granted_in_groups() -> None:
    radio = Radio(block_world())
    state = radio.new_state(seeds(1))
    with pytest.raises(ValueError, match="per_rb only"):
        radio.step(state, assignment(np.zeros((1, 3, 12))))
    assert state.frame.tolist() == [0]


def test_a_due_repetition_comes_before_new_data_and_counts_against_its_slice() -> None:
    world = tti_by_tti(block_world(load={"sources": ("full_buffer",) * 3}))
    radio = Radio(world)
    state = radio.new_state(seeds(4))
    shares = hard_quotas(np.full((4, 3, 3), 4), 12)
    repeated = 0
    for tti in range(60):
        due = state.ues.harq_bytes[..., tti % 8] > 0
        needed = np.where(due, state.ues.harq_rbs[..., tti % 8], 0)
        radio.step(state, shares)
        assert (state.kpis.rb_ttis <= 4).all()
        # All repetitions that fit together are sent; new data takes what they leave.
        fits = (needed.sum(axis=-1) <= 4)[..., None] & due
        sent = np.stack([(state.core.ue_of_unit == slot).any(-1) for slot in range(15)], -1).reshape(
            due.shape
        )
        assert sent[fits].all()
        repeated += int(fits.sum())
    assert repeated > 100
