"""Traffic as the radio offers it."""

import numpy as np
import pytest

from cadran.radio import Radio, hard_quotas

from ..worlds import equal, pf_all, seeds, small_world


def test_ues_are_offered_exactly_the_bytes_of_the_trace_portion_played() -> None:
    trace = np.random.default_rng(0).integers(0, 3000, size=37)
    radio = Radio(small_world(episode_frames=20, ttis_per_frame=2), trace)
    state = radio.new_state(seeds(2))
    offered = 0
    for frame in range(50):
        if frame and frame % 20 == 0:
            radio.reset(state, np.array([True, True]), frame // 20)
        radio.step(state, pf_all(radio.world, 2))
        offered += int(state.kpis.arrived_bytes[0, :, 0].sum())
        assert offered == radio.trace_bytes(int(state.seed[0]), 0, 2 * (frame + 1))
    assert radio.trace_bytes(11, 20, 30) == radio.trace_bytes(11, 0, 50) - radio.trace_bytes(11, 0, 20)
    assert radio.trace_bytes(11, 5, 37) == 8 * trace.sum()
    assert state.ledger.arrived_bytes[0, :, 0].sum() == offered


def test_a_radio_without_trace_says_so() -> None:
    with pytest.raises(ValueError, match="no trace"):
        Radio(small_world()).trace_bytes(1, 0, 1)


def test_a_radio_refuses_traffic_that_it_cannot_offer() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        Radio(small_world(), np.array([], dtype=np.int64))
    with pytest.raises(ValueError, match="needed, with measured only"):
        Radio(small_world(load={"profile": "measured"}))
    with pytest.raises(ValueError, match="a queue of"):
        Radio(small_world(load={"buffer_s": (1e6, 0.4, 0.04)}))


def test_offered_bytes_meet_the_mean_load() -> None:
    world = small_world(load={"scale": 0.5, "factor_min": 1.0, "factor_max": 1.0})
    radio = Radio(world)
    state = radio.new_state(seeds(8))
    for _ in range(60):
        radio.step(state, equal(world, 8))
    offered = state.ledger.arrived_bytes.sum(axis=(0, 1)) / ((state.kpis.ues > 0).sum(axis=(0, 1)) * 60)
    np.testing.assert_allclose(offered * 8 / world.frame_s, np.array(world.load.mean_bps) * 0.5, rtol=0.06)


def test_bytes_beyond_the_buffer_are_dropped() -> None:
    world = small_world(load={"scale": 1.0, "factor_min": 1.0, "factor_max": 1.0})
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    for _ in range(120):
        radio.step(state, hard_quotas(np.zeros((2, 3, 3)), world.rbs))
    assert (state.queued <= state.ues.queue_limit).all()
    limits = np.where(state.ues.id >= 0, state.ues.queue_limit, 0).sum(axis=-1)
    assert (state.queued.sum(axis=-1) >= 0.95 * limits).all()
    np.testing.assert_array_equal(
        state.ledger.dropped_bytes, state.ledger.arrived_bytes - state.kpis.queued_bytes
    )


def test_full_buffers_stay_full_while_they_are_served() -> None:
    radio = Radio(small_world(load={"sources": ("full_buffer",) * 3}))
    state = radio.new_state(seeds(2))
    for _ in range(5):
        before = state.queued.copy()
        radio.step(state, pf_all(radio.world, 2))
        full = np.where(state.ues.id >= 0, state.ues.queue_limit, 0)
        offered = (full - before).sum(axis=-1)
        np.testing.assert_array_equal(state.kpis.arrived_bytes, offered)
    assert state.kpis.delivered_bytes.sum() > 0
    assert not state.ledger.dropped_bytes.any()


def test_a_measured_load_goes_on_where_an_episode_ends() -> None:
    world = small_world(episode_frames=10, load={"profile": "measured", "profile_step_s": 0.03})
    radio = Radio(world, load_profile=np.random.default_rng(2).uniform(0, 5, 50))
    played, begun = radio.new_state(seeds(1)), radio.new_state(seeds(1))
    for _ in range(14):
        radio.step(played, equal(world, 1))
    radio.reset(begun, np.array([True]), 1)
    for _ in range(4):
        radio.step(begun, equal(world, 1))
    np.testing.assert_array_equal(played.core.load_level, begun.core.load_level)


def test_the_load_steps_anew_in_each_episode() -> None:
    steady = {"factor_min": 1.0, "factor_max": 1.0, "scale": 0.2}
    world = small_world(episode_frames=20, load=steady | {"step_frame": 10, "step_factor": 4.0})
    radio = Radio(world)
    state = radio.new_state(seeds(4))
    for episode in range(3):
        radio.reset(state, np.ones(4, dtype=np.bool_), episode)
        arrived = []
        for _ in range(20):
            radio.step(state, equal(world, 4))
            arrived.append(int(state.kpis.arrived_bytes.sum()))
        assert sum(arrived[10:]) / sum(arrived[:10]) == pytest.approx(4.0, rel=0.15)
