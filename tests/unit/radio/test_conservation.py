"""No byte and no RB is ever lost or made, whatever the world and the decisions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio import Decisions, Radio, State, World

from .worlds import (
    activity,
    block_world,
    equal,
    fast_moves,
    merged,
    no_rbs,
    random_decisions,
    small_world,
    taken,
)

SCHEDULERS = ("pf", "rr", "max_cqi", "edf", "mlwdf")
SOURCES = ("poisson", "ftp3", "periodic", "xr", "beta_burst", "full_buffer")


def of_slices(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.tuples(*[st.sampled_from(values)] * 3)


LINKS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"adaptation": "shannon"}),
    st.fixed_dictionaries(
        {
            "adaptation": st.just("mcs"),
            "mcs_table": st.sampled_from([1, 2]),
            "csi_period_ttis": st.integers(1, 6),
            "csi_delay_ttis": st.integers(0, 5),
            "csi_interference": st.sampled_from(["mean", "measured"]),
            "harq_retransmissions": st.integers(0, 3),
            "harq_rtt_ttis": st.sampled_from([4, 8]),
            "outer_loop_step_db": st.sampled_from([0.5, 3.0]),
        }
    ),
)
ALLOCATIONS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"allocation": "per_rb"}, {"allocation": "rbg"}, {"allocation": "rbg", "rbg_rbs": 3}]
)
MACS = st.builds(
    merged,
    ALLOCATIONS,
    st.fixed_dictionaries(
        {
            "idle_rbs": st.sampled_from(["silent", "active"]),
            "schedulers": of_slices(SCHEDULERS),
            "pf_average": st.sampled_from(["channel", "served"]),
        }
    ),
)
LOADS = st.fixed_dictionaries(
    {
        "scale": st.sampled_from([0.0, 0.05, 0.5]),
        "sources": of_slices(SOURCES),
        "discard_late": st.booleans(),
        "ftp_file_bytes": st.just(20_000),
    }
)
WORLDS = st.fixed_dictionaries(
    {
        "dus": st.integers(1, 4),
        "ues": st.integers(1, 12),
        "rbs": st.sampled_from([1, 2, 7, 16]),
        "ttis_per_frame": st.just(2),
        "frame_s": st.just(0.002),
        "max_ues_per_slice": st.just(12),
        "slice_weights": st.sampled_from([(1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.5, 2.0)]),
        "queue_entries": st.just(8),
        "layout": st.just({"inter_site_distance_m": 40}),
        "channel": st.sampled_from([{"fading": "rayleigh"}, {"fading": "none"}]),
        "link": LINKS,
        "load": LOADS,
        "mac": MACS,
        "mobility": st.sampled_from([{"kind": "static"}, fast_moves()]),
    }
)


def assert_bytes_balance(state: State) -> None:
    """At every DU what came is what went and what waits; what waits lies in queues and in HARQ."""
    ledger, kpis, ues = state.ledger, state.kpis, state.ues
    waiting = state.queued.sum(axis=-1)
    came = ledger.arrived_bytes + ledger.moved_in_bytes
    went = ledger.delivered_bytes + ledger.dropped_bytes + ledger.discarded_bytes + ledger.moved_out_bytes
    np.testing.assert_array_equal(came, went + waiting)
    np.testing.assert_array_equal(ledger.moved_in_bytes.sum(axis=1), ledger.moved_out_bytes.sum(axis=1))
    np.testing.assert_array_equal(kpis.queued_bytes, waiting)
    np.testing.assert_array_equal(ues.entry_bytes.sum(axis=-1), ues.queued)
    np.testing.assert_array_equal(ues.harq_bytes.sum(axis=-1), ues.in_flight)
    for array in (ues.queued, ues.in_flight, ues.entry_bytes, ues.harq_bytes, *ledger):
        assert (array >= 0).all()
    assert not state.queued[~taken(state)].any()


def assert_counts_are_parts_of_their_wholes(world: World, state: State) -> None:
    kpis = state.kpis
    for part, whole in (
        (kpis.expired_bytes + kpis.lost_bytes, kpis.dropped_bytes),
        (kpis.late_bytes, kpis.delivered_bytes),
        (kpis.failed_blocks, kpis.blocks),
        (kpis.burst_ttis, kpis.busy_ue_ttis),
        (kpis.busy_ue_ttis, world.max_ues_per_slice * world.ttis_per_frame),
        (kpis.cqi_sum, 15 * kpis.cqi_reports),
        (kpis.delivered_bytes, kpis.air_byte_ttis),
    ):
        assert (part <= whole).all()
        assert (part >= 0).all()


def assert_rbs_balance(world: World, state: State, decisions: Decisions) -> None:
    """No more RBs than there are; the limits of a slice hold in either TTI of the frame."""
    kpis, core, ttis = state.kpis, state.core, world.ttis_per_frame
    size, places = np.array(world.unit_rbs), world.max_ues_per_slice
    last = np.stack([((core.slice_of_unit == s) & (core.ue_of_unit >= 0)) @ size for s in range(3)], axis=-1)
    if not kpis.handovers_succeeded.any():
        np.testing.assert_array_equal(activity(world, state), core.ue_of_unit[0] >= 0)
        served = core.ue_of_unit >= 0
        np.testing.assert_array_equal((core.ue_of_unit // places)[served], core.slice_of_unit[served])
        first = kpis.rb_ttis - last
        quota_mode = decisions.mode == 0
        for used in (first, last):
            assert (used >= 0).all()
            assert (used.sum(axis=-1) <= world.rbs).all()
            assert (used <= decisions.max_rbs)[quota_mode].all()
            others = decisions.dedicated_rbs.sum(axis=-1, keepdims=True) - decisions.dedicated_rbs
            assert (used <= world.rbs - others)[quota_mode].all()
        assert (last <= kpis.rbs_quota).all()
        assigned = core.slice_of_unit if world.mac.allocation == "rbg" else decisions.slice_of_rb
        assert ((core.ue_of_unit < 0) | (core.slice_of_unit == assigned))[~quota_mode].all()
    assert (kpis.rb_ttis.sum(axis=-1) <= kpis.active_ttis * world.rbs).all()
    assert (kpis.rb_ttis.sum(axis=-1) >= kpis.active_ttis).all()
    assert (kpis.active_ttis <= ttis).all()
    assert (core.service_rbs <= world.rbs).all()


@settings(max_examples=60, deadline=None)
@given(changes=WORLDS, seed=st.integers(0, 2**32), starve=st.booleans())
def test_bytes_and_rbs_are_conserved(changes: dict[str, Any], seed: int, starve: bool) -> None:
    world = World.model_validate(changes)
    radio, rng = Radio(world), np.random.default_rng(seed)
    state = radio.new_state(np.array([seed, seed + 1], dtype=np.uint64))
    for frame in range(18):
        decisions = random_decisions(world, 2, rng)
        if starve and frame % 3 == 0:
            decisions = no_rbs(world, 2)
        booked = [total.copy() for total in state.ledger[:3]]
        radio.step(state, decisions)
        assert_bytes_balance(state)
        assert_counts_are_parts_of_their_wholes(world, state)
        assert_rbs_balance(world, state, decisions)
        measured = (state.kpis.arrived_bytes, state.kpis.delivered_bytes, state.kpis.dropped_bytes)
        for total, was, frames in zip(state.ledger[:3], booked, measured, strict=True):
            np.testing.assert_array_equal(total, was + frames)
        if frame == 11:
            radio.reset(state, np.array([True, False]), 1)
            assert_bytes_balance(state)


@pytest.mark.parametrize("link", ["shannon", "mcs"])
def test_bytes_are_conserved_while_ues_change_their_du(link: str) -> None:
    world = World.model_validate(
        {
            "dus": 4,
            "ues": 30,
            "rbs": 8,
            "ttis_per_frame": 4,
            "frame_s": 0.004,
            "layout": {"inter_site_distance_m": 40},
            "link": {"adaptation": link},
            "load": {"scale": 0.3},
            "mobility": fast_moves(),
        }
    )
    radio, rng = Radio(world), np.random.default_rng(1)
    state, handovers = radio.new_state(np.array([1, 2], dtype=np.uint64)), 0
    for _ in range(120):
        radio.step(state, random_decisions(world, 2, rng))
        handovers += int(state.kpis.handovers_succeeded.sum())
        assert_bytes_balance(state)
        assert state.kpis.ues.sum(axis=(1, 2)).tolist() == [30, 30]
        np.testing.assert_array_equal(state.kpis.ues, state.core.ues)
    assert handovers > 20
    assert state.ledger.moved_in_bytes.sum() > 0


def test_a_ue_that_a_handover_interrupts_is_not_served_even_by_padding() -> None:
    for link in ("shannon", "mcs"):
        world = World.model_validate(
            {
                "dus": 2,
                "ues": 12,
                "rbs": 6,
                "ttis_per_frame": 2,
                "link": {"adaptation": link},
                "mac": {"idle_rbs": "active"},
            }
        )
        radio = Radio(world)
        state = radio.new_state(np.array([1], dtype=np.uint64))
        state.ues.deaf_until[:] = 10
        for _ in range(5):
            radio.step(state, random_decisions(world, 1, np.random.default_rng(1)))
        assert state.ledger.arrived_bytes.sum() > 0
        assert state.ledger.delivered_bytes.sum() == state.ues.in_flight.sum() == 0


@pytest.mark.parametrize("make", [small_world, block_world])
def test_ues_on_a_cell_edge_are_served_and_their_bytes_counted(make: Callable[..., World]) -> None:
    radio = Radio(make(channel={"fading": "none"}, load={"scale": 0.5}))
    world, rng = radio.world, np.random.default_rng(2)
    state = radio.new_state(np.array([1], dtype=np.uint64))
    state.ues.gain[:] = np.float32(1e6)  # as strong from every DU, to the bit
    for _ in range(30):
        radio.step(state, random_decisions(world, 1, rng))
        assert_bytes_balance(state)
    assert state.ledger.delivered_bytes.sum() > 0


def test_on_a_cell_edge_the_sinr_is_one_over_the_neighbours_that_send() -> None:
    world = small_world(
        channel={"fading": "none"}, mac={"idle_rbs": "active"}, kpis={"achievable_rate": True}
    )
    radio = Radio(world)
    state = radio.new_state(np.array([1], dtype=np.uint64))
    state.ues.gain[:] = np.float32(1e6)
    radio.step(state, equal(world, 1))
    assert activity(world, state).all()
    bits = world.rb_bandwidth_hz * np.log2(1 + 1 / 2) * world.rbs / 3
    members = np.broadcast_to(state.kpis.ues[..., None], state.kpis.ue_rate_bps.shape)
    at = taken(state)
    np.testing.assert_allclose(state.kpis.ue_rate_bps[at], (bits / np.maximum(members, 1))[at], rtol=3e-3)
