"""Sources that every UE has of its own: periodic packets, video frames, full buffers, traces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.hashing import below, draw
from cadran.radio.traffic import add_arrivals, phases, trace_starts, traffic_tables
from cadran.radio.traffic.cycles import FRACTION_BITS
from cadran.radio.traffic.each import add_periodic, add_video
from cadran.radio.traffic.video import QUANTILES, frame_jitter, frame_sizes

from .play import DUS, PLACES, arrivals, members, play, slotted, some_phases

PHASE = st.integers(0, 2**32 - 1)
ONE = np.ones((1, 1), dtype=np.int32)


def periodic(phase: int, events: int, ttis: int, first: int, count: int) -> list[int]:
    """Packets of one UE in each of ``count`` TTIs."""
    fresh = np.zeros((count, 1, 1, 1), dtype=np.int64)
    own = np.full((1, 1, 1), phase, dtype=np.int64)
    for t in range(count):
        add_periodic(fresh[t], ONE, own, 0, 1, first + t, events, ttis)
    return [int(number) for number in fresh[:, 0, 0, 0]]


@settings(deadline=None)
@given(PHASE, st.integers(1, 60), st.integers(1, 120), st.integers(0, 2**40))
def test_a_period_holds_its_packets_exactly_and_evenly(
    phase: int, events: int, ttis: int, first: int
) -> None:
    packets = periodic(phase, events, ttis, first, 2 * ttis)
    for begin in (0, ttis // 3, ttis):
        assert sum(packets[begin : begin + ttis]) == events
    assert set(packets) <= {events // ttis, -(-events // ttis)}


def test_packets_of_ues_spread_over_the_period() -> None:
    fresh = arrivals(slotted(sources=("poisson", "periodic", "periodic"), period_s=0.002), 200)
    urllc = fresh[:, :, 2]
    assert (urllc.sum(axis=0) == 100 * 32).all()
    first = urllc[0].ravel() > 0
    assert 0 < first.sum() < first.size


def test_more_load_is_more_periodic_packets_of_the_same_size() -> None:
    world = slotted(sources=("poisson", "poisson", "periodic"), period_s=0.003, scale=2.0)
    fresh = arrivals(world, 300)[:, :, 2]
    assert set(np.unique(fresh)) == {0, 32}
    assert (fresh.sum(axis=0) == 200 * 32).all()


def arrival_ttis(phase: int, jitter: np.ndarray, events: int, ttis: int, frames: range) -> list[int]:
    """The TTI that each video frame of a UE arrives in: the last that begins no later than the frame."""
    found = []
    for n in frames:
        drawn = int(jitter[below(draw(phase, n), QUANTILES)])
        at = (n << FRACTION_BITS) + (phase >> (32 - FRACTION_BITS)) + drawn
        found.append(((at + 1) * ttis - 1) // (events << FRACTION_BITS))
    return found


@settings(deadline=None)
@given(
    PHASE,
    st.sampled_from([(3, 50), (3, 100), (1, 1), (7, 2), (2997, 50_000)]),
    st.sampled_from([0.0, 0.002, 0.01]),
    st.sampled_from([0, 1, 2**31]),
)
def test_every_video_frame_arrives_exactly_once(
    phase: int, cycle: tuple[int, int], jitter_s: float, first: int
) -> None:
    events, ttis = cycle
    jitter = frame_jitter(slotted(xr_jitter_s=jitter_s))
    count = 150
    fresh = np.zeros((count, 1, 1, 1), dtype=np.int64)
    own, sizes = np.full((1, 1, 1), phase, dtype=np.int64), np.ones(QUANTILES, dtype=np.int64)
    for t in range(count):
        add_video(fresh[t], ONE, own, 0, first + t, events, ttis, sizes, jitter)
    before, after = first * events // ttis, (first + count) * events // ttis
    due = arrival_ttis(phase, jitter, events, ttis, range(before - 5, after + 6))
    expected = np.bincount([t - first for t in due if first <= t < first + count], minlength=count)
    np.testing.assert_array_equal(fresh[:, 0, 0, 0], expected)


def test_video_frames_have_their_rate_sizes_and_spacing() -> None:
    world = slotted(sources=("xr", "poisson", "poisson"), xr_jitter_s=0.0)
    fresh = play(traffic_tables(world), members(6, 0, 0), 10_000)[:, :, 0]
    assert fresh.sum(axis=0).mean() * 8 / 10 == pytest.approx(30e6, rel=0.005)
    frames = fresh[fresh > 0]
    assert len(frames) == pytest.approx(60 * 10 * DUS * PLACES, abs=DUS * PLACES)
    assert frames.std() / frames.mean() == pytest.approx(0.105, rel=0.03)
    assert frames.min() >= 0.5 * 62_500
    assert frames.max() <= 1.5 * 62_500
    spacing = np.diff(np.flatnonzero(fresh[:, 0, 0]))
    assert set(spacing) == {16, 17}


def test_jitter_moves_frames_and_keeps_their_sizes() -> None:
    still = arrivals(slotted(sources=("xr", "poisson", "poisson"), xr_jitter_s=0.0), 6000)[:, 0, 0, 0]
    moved = arrivals(slotted(sources=("xr", "poisson", "poisson")), 6000)[:, 0, 0, 0]
    due, came = np.flatnonzero(still), np.flatnonzero(moved)[5:305]
    # The first frame may have come before the first TTI in one of them.
    (first,) = (n for n in (4, 5, 6) if (still[due[n : n + 300]] == moved[came]).all())
    shift = came - due[first : first + 300]
    # In whole TTIs: the cut Gaussian of 0.88 x 2 ms, and what rounding adds.
    assert shift.var() == pytest.approx((0.88 * 2) ** 2 + 1 / 6, rel=0.15)
    assert np.abs(shift).max() <= 5


def test_tables_of_video_frames_have_their_moments() -> None:
    world = slotted(scale=0.5, xr_bps=20e6, xr_fps=30.0)
    sizes, jitter = frame_sizes(world), frame_jitter(world)
    assert sizes.mean() == pytest.approx(20e6 * 0.5 / (8 * 30), abs=1 / QUANTILES)
    seconds = jitter / 2**FRACTION_BITS / 30
    assert seconds.mean() == pytest.approx(0, abs=1e-9)
    # The standard deviation of N(0, 1) cut at +-2 is 0.8796.
    assert seconds.std() == pytest.approx(0.8796 * 0.002, rel=0.005)
    assert np.abs(seconds).max() < 0.004
    assert (np.diff(jitter) >= 0).all()
    assert np.ptp(frame_sizes(slotted(xr_size_std=0.0))) <= 1


def test_full_buffers_are_topped_up_to_their_limit() -> None:
    tables = traffic_tables(slotted(sources=("full_buffer", "poisson", "full_buffer")))
    fresh = np.zeros((DUS, 3, PLACES), dtype=np.int64)
    queued, limit = np.arange(36).reshape(fresh.shape) * 10, np.full_like(fresh, 300)
    level = np.zeros((DUS, 3), dtype=np.int16)
    add_arrivals(fresh, members(4, 0, 6), some_phases(), queued, limit, level, 0, 0, 1, 2, tables)
    np.testing.assert_array_equal(fresh[:, 0, :4], np.maximum(300 - queued[:, 0, :4], 0))
    np.testing.assert_array_equal(fresh[:, 2], np.maximum(300 - queued[:, 2], 0))
    assert not fresh[:, 0, 4:].any()
    assert not fresh[:, 1].any()


def test_ues_replay_a_trace_from_their_own_row_on() -> None:
    trace = np.random.default_rng(0).integers(0, 3000, size=37)
    tables = traffic_tables(slotted(), trace)
    fresh = play(tables, members(6, 0, 0), 100, first=1000)[:, :, 0]
    starts = trace_starts(some_phases()[:, 0], 37)
    rows = (starts + np.arange(1000, 1100)[:, None, None]) % 37
    np.testing.assert_array_equal(fresh, trace[rows])
    assert len(np.unique(starts)) > 5


def test_a_trace_replaces_the_first_source_only() -> None:
    ues = members(6, 6, 6)
    plain = play(traffic_tables(slotted()), ues, 50)
    traced = play(traffic_tables(slotted(), np.array([500, 0])), ues, 50)
    np.testing.assert_array_equal(plain[:, :, 1:], traced[:, :, 1:])
    assert set(np.unique(traced[:, :, 0])) == {0, 500}


def test_phases_are_a_function_of_seed_slice_and_ue() -> None:
    ids = np.arange(1000, dtype=np.int32)
    drawn = phases(2**63 + 5, 1, ids)
    np.testing.assert_array_equal(drawn, phases(2**63 + 5, 1, ids.reshape(10, 100)).ravel())
    assert 0 <= drawn.min() <= drawn.max() < 2**32
    assert drawn.mean() == pytest.approx(2**31, rel=0.05)
    for other in (phases(5, 1, ids), phases(2**63 + 5, 0, ids)):
        assert len(np.intersect1d(drawn, other)) == 0
