"""Arrivals: Poisson packets under moving loads, traces, queues with ages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio import Radio, hard_quotas, trace_table
from cadran.radio.hashing import draw
from cadran.radio.queues import age_frames, pop, push
from cadran.radio.traffic import LOAD_LEVELS, load_factors, poisson, poisson_tables

from .worlds import equal, pf_all, seeds, small_world


def test_poisson_numbers_have_their_mean_and_variance() -> None:
    world = small_world(load={"scale": 0.5})
    tables = poisson_tables(world)
    for s, level in ((0, 0), (1, 31), (2, 63)):
        packets = world.load.mean_bps[s] * 0.5 * 0.01 / world.load.packet_bits[s]
        mean = packets * load_factors(world)[level]
        start, length = int(tables.start[s, level]), int(tables.length[s, level])
        drawn = np.array([poisson(draw(99, n), tables.cdf, start, length) for n in range(20_000)])
        assert drawn.mean() == pytest.approx(mean, abs=4 * (mean / 20_000) ** 0.5)
        assert drawn.var() == pytest.approx(mean, rel=0.06)


def test_load_factors_are_spread_evenly_over_their_logarithm() -> None:
    factors = load_factors(small_world())
    assert len(factors) == LOAD_LEVELS
    assert factors.min() > 0.2
    assert factors.max() < 3.0
    np.testing.assert_allclose(np.diff(np.log(factors)), np.log(3.0 / 0.2) / LOAD_LEVELS)


def test_loads_dwell_as_long_as_configured_and_differ_between_dus() -> None:
    radio = Radio(small_world(load={"dwell_frames": 10}))
    state = radio.new_state(seeds(16))
    levels = []
    for _ in range(200):
        radio.step(state, equal(radio.world, 16))
        levels.append(state.core.load_level.copy())
    moved = (np.diff(np.array(levels), axis=0) != 0).mean()
    assert moved == pytest.approx(0.1 * (1 - 1 / LOAD_LEVELS), abs=0.01)
    assert len(np.unique(levels[0])) > 20


def test_offered_bytes_meet_the_mean_load() -> None:
    world = small_world(load={"scale": 0.5, "factor_min": 1.0, "factor_max": 1.0})
    radio = Radio(world)
    state = radio.new_state(seeds(8))
    for _ in range(200):
        radio.step(state, equal(world, 8))
    offered = state.ledger.arrived_bytes.sum(axis=(0, 1)) / ((state.kpis.ues > 0).sum(axis=(0, 1)) * 200)
    np.testing.assert_allclose(offered * 8 / world.frame_s, np.array(world.load.mean_bps) * 0.5, rtol=0.04)


def test_nothing_arrives_where_no_ue_is() -> None:
    radio = Radio(small_world(ues=2, slice_weights=(1, 0, 1)))
    state = radio.new_state(seeds(4))
    for _ in range(20):
        radio.step(state, pf_all(radio.world, 4))
        assert not state.kpis.arrived_bytes[state.kpis.ues == 0].any()
    assert state.ledger.arrived_bytes.sum() > 0


@given(
    packets=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 10**6)), min_size=1, max_size=50),
    frame_s=st.sampled_from([0.001, 0.01, 0.3]),
)
def test_a_trace_table_holds_every_byte(packets: list[tuple[float, int]], frame_s: float) -> None:
    times, sizes = zip(*sorted(packets), strict=True)
    table = trace_table(times, sizes, frame_s)
    assert table.sum() == sum(sizes)
    assert len(table) == int((times[-1] - times[0]) / frame_s) + 1


@pytest.mark.parametrize(
    ("times", "sizes", "message"),
    [
        ([], [], "equal lengths of at least 1"),
        ([0.0, 1.0], [1], "equal lengths"),
        ([1.0, 0.5], [1, 1], "not decrease"),
        ([0.0, float("nan")], [1, 1], "finite"),
        ([0.0, 1.0], [1, -1], "packet 1 has a negative size"),
    ],
)
def test_a_broken_trace_is_refused(times: list[float], sizes: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace_table(times, sizes, 0.01)


def test_ues_are_offered_exactly_the_bytes_of_the_trace_portion_played() -> None:
    trace = np.random.default_rng(0).integers(0, 3000, size=37)
    radio = Radio(small_world(episode_frames=20), trace)
    state = radio.new_state(seeds(2))
    offered = 0
    for frame in range(50):
        if frame and frame % 20 == 0:
            radio.reset(state, np.array([True, True]), frame // 20)
        radio.step(state, pf_all(radio.world, 2))
        offered += int(state.kpis.arrived_bytes[0, :, 0].sum())
        assert offered == radio.trace_bytes(int(state.seed[0]), 0, frame + 1)
    assert radio.trace_bytes(11, 20, 30) == radio.trace_bytes(11, 0, 50) - radio.trace_bytes(11, 0, 20)
    assert radio.trace_bytes(11, 5, 37) == 8 * trace.sum()
    assert state.ledger.arrived_bytes[0, :, 0].sum() == offered


def test_a_trace_leaves_the_other_slices_alone() -> None:
    plain, traced = Radio(small_world()), Radio(small_world(), np.array([500, 0]))
    states = [radio.new_state(seeds(2)) for radio in (plain, traced)]
    for radio, state in zip((plain, traced), states, strict=True):
        for _ in range(10):
            radio.step(state, equal(radio.world, 2))
    first, second = (state.ledger.arrived_bytes for state in states)
    np.testing.assert_array_equal(first[..., 1:], second[..., 1:])
    assert not np.array_equal(first[..., 0], second[..., 0])


def test_a_radio_without_trace_says_so() -> None:
    with pytest.raises(ValueError, match="no trace"):
        Radio(small_world()).trace_bytes(1, 0, 1)
    with pytest.raises(ValueError, match="at least one value"):
        Radio(small_world(), np.array([], dtype=np.int64))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40), st.sampled_from([8, 16]))
def test_queues_are_first_in_first_out(steps: list[tuple[int, int]], size: int) -> None:
    shape = (1, 1, 1)
    entry_bytes, entry_frame = np.zeros((*shape, size), np.int32), np.zeros((*shape, size), np.int32)
    head, count, queued = np.zeros(shape, np.int16), np.zeros(shape, np.int16), np.zeros(shape, np.int64)
    model: list[int] = []  # frame of arrival of every byte
    for frame, (amount, capacity) in enumerate(steps):
        taken = push(entry_bytes, entry_frame, head, count, queued, 0, 0, 0, amount, 200, frame)
        assert taken == min(amount, 200 - len(model))
        merged = model[-1] if len(set(model)) == size and model[-1] != frame else frame
        model += [merged] * taken
        sent = pop(entry_bytes, head, count, queued, 0, 0, 0, capacity)
        assert sent == min(capacity, len(model))
        model = model[sent:]
        assert queued[0, 0, 0] == len(model) == entry_bytes.sum()
        age = age_frames(entry_frame, head, count, 0, 0, 0, frame + 1)
        assert age == (frame + 1 - model[0] if model else 0)


def test_bytes_beyond_the_buffer_are_dropped() -> None:
    world = small_world(load={"scale": 1.0, "factor_min": 1.0, "factor_max": 1.0})
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    for _ in range(120):
        radio.step(state, hard_quotas(np.zeros((2, 3, 3)), world.rbs))
    assert (state.queued <= state.core.queue_limit[..., None]).all()
    full = state.queued.sum(axis=-1) >= 0.95 * state.core.queue_limit * state.kpis.ues
    assert full[state.kpis.ues > 0].all()
    np.testing.assert_array_equal(
        state.ledger.dropped_bytes, state.ledger.arrived_bytes - state.kpis.queued_bytes
    )
