"""RBs and power decided for each UE: what is used, what is heard, what is paid, what is refused."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from cadran.radio import Decisions, Radio, State, World, beside, grants, hard_quotas, validate_grants

from .test_conservation import assert_bytes_balance, assert_counts_are_parts_of_their_wholes
from .worlds import (
    activity,
    block_world,
    equal,
    fast_moves,
    mixed,
    pf_all,
    random_decisions,
    random_grants,
    seeds,
    small_world,
    taken,
)

WORLDS = st.fixed_dictionaries(
    {
        "dus": st.integers(1, 4),
        "ues": st.integers(1, 14),
        "rbs": st.sampled_from([1, 2, 7, 16]),
        "ttis_per_frame": st.integers(1, 3),
        "max_ues_per_slice": st.just(14),
        "slice_weights": st.sampled_from([(1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.5, 2.0)]),
        "layout": st.just({"inter_site_distance_m": 40}),
        "channel": st.sampled_from([{"fading": "rayleigh"}, {"fading": "jakes"}, {"fading": "none"}]),
        "load": st.fixed_dictionaries({"scale": st.sampled_from([0.0, 0.05, 0.5])}),
        "mac": st.fixed_dictionaries({"idle_rbs": st.sampled_from(["silent", "active"])}),
        "mobility": st.sampled_from([{"kind": "static"}, fast_moves()]),
    }
)


def assert_ues_add_up(state: State) -> None:
    """What is measured of single UEs adds up to their slices; empty places show nothing."""
    kpis, at = state.kpis, taken(state)
    np.testing.assert_array_equal(kpis.ue_queued_bytes, state.queued)
    np.testing.assert_array_equal(kpis.ue_mean_se[at], state.ues.mean_se[at].astype(np.float32))
    np.testing.assert_array_equal(np.isnan(kpis.ue_mean_se), ~at)
    for of_ues, of_slices in (
        (kpis.ue_arrived_bytes, kpis.arrived_bytes),
        (kpis.ue_delivered_bytes, kpis.delivered_bytes),
        (kpis.ue_queued_bytes, kpis.queued_bytes),
        (kpis.ue_rbs, kpis.rb_ttis),
    ):
        assert not of_ues[~at].any()
        # A UE takes its measurements along in a handover.
        both = (of_ues.sum(axis=(1, 3)), of_slices.sum(axis=1))
        if not kpis.handovers_succeeded.any():
            both = (of_ues.sum(axis=-1), of_slices)
        np.testing.assert_array_equal(*both)


def assert_grants_hold(world: World, state: State, decisions: Decisions) -> None:
    """No UE uses more than its RBs, and the power is that of the RBs used."""
    kpis, ttis = state.kpis, world.ttis_per_frame
    users = decisions.mode == 2
    used = kpis.ue_rbs[users]
    if not kpis.handovers_succeeded.any():
        assert (used <= ttis * decisions.ue_rbs[users]).all()
        spent = (used * decisions.ue_power[users].astype(np.float64)).sum(axis=(1, 2))
        np.testing.assert_allclose(kpis.rb_power[users], spent, rtol=1e-12)
        total = decisions.ue_rbs.sum(axis=-1)[users]
        np.testing.assert_array_equal(kpis.rbs_quota[users], total)
        np.testing.assert_array_equal(state.core.service_rbs[users], total)
    np.testing.assert_array_equal(kpis.rb_power[~users], kpis.rb_ttis.sum(axis=-1)[~users])
    assert (kpis.rb_ttis.sum(axis=-1) <= kpis.active_ttis * world.rbs).all()


@settings(max_examples=40, deadline=None)
@given(changes=WORLDS, seed=st.integers(0, 2**32))
def test_bytes_and_rbs_are_conserved(changes: dict[str, Any], seed: int) -> None:
    world = World.model_validate(changes)
    radio, rng = Radio(world), np.random.default_rng(seed)
    state = radio.new_state(np.array([seed, seed + 1], dtype=np.uint64))
    for frame in range(12):
        own, slices = random_grants(world, state.core.ues, rng), random_decisions(world, 2, rng)
        decisions = mixed(own, slices, rng)
        radio.step(state, decisions)
        assert_bytes_balance(state)
        assert_counts_are_parts_of_their_wholes(world, state)
        assert_ues_add_up(state)
        assert_grants_hold(world, state, decisions)
        if frame == 7:
            radio.reset(state, np.array([True, False]), 1)


@pytest.mark.parametrize("make", [small_world, block_world])
def test_ues_add_up_to_their_slices_under_any_decision(make: Any) -> None:
    world = make(mobility=fast_moves(), layout={"inter_site_distance_m": 60})
    radio, rng = Radio(world), np.random.default_rng(1)
    state = radio.new_state(seeds(2))
    for _ in range(25):
        radio.step(state, random_decisions(world, 2, rng))
        assert_ues_add_up(state)


def saturated(**changes: object) -> tuple[Radio, State]:
    """Every UE has data at all times, so that the same RBs serve the same UEs whatever the power."""
    radio = Radio(small_world(load={"sources": ("full_buffer",) * 3}, **changes))
    state = radio.new_state(seeds(4))
    radio.step(state, pf_all(radio.world, 4))
    return radio, state


def one_each(world: World, state: State) -> NDArray[np.int64]:
    """An RB for every UE of a small world, as far as there are RBs: those of eMBB first."""
    wanted = taken(state).astype(np.int64)
    before = wanted.reshape(*wanted.shape[:2], -1).cumsum(axis=-1).reshape(wanted.shape)
    return np.where(before <= world.rbs, wanted, 0)


def played(radio: Radio, state: State, own: NDArray[np.int64], power: ArrayLike) -> State:
    """A copy of the state, one frame later; ``power`` broadcasts to [E, C, S, U]."""
    after = radio.clone(state)
    radio.step(after, grants(own, np.broadcast_to(power, own.shape), radio.world.rbs))
    return after


def of_first_du(power: float) -> NDArray[np.float64]:
    return np.array([power, 1.0, 1.0]).reshape(1, 3, 1, 1)


@pytest.mark.parametrize("fading", ["rayleigh", "jakes", "none"])
def test_more_power_of_a_du_never_carries_less_there_nor_more_elsewhere(fading: str) -> None:
    radio, state = saturated(channel={"fading": fading})
    own = one_each(radio.world, state)
    after = [played(radio, state, own, of_first_du(power)) for power in (0.01, 0.2, 0.7, 1.0)]
    for less, more in pairwise(after):
        np.testing.assert_array_equal(less.core.ue_of_unit, more.core.ue_of_unit)
        before, now = less.kpis.ue_delivered_bytes, more.kpis.ue_delivered_bytes
        assert (before[:, 0] <= now[:, 0]).all()
        assert (before[:, 1:] >= now[:, 1:]).all()
    first, last = after[0].kpis.delivered_bytes.sum(axis=2), after[-1].kpis.delivered_bytes.sum(axis=2)
    assert first[:, 0].sum() < last[:, 0].sum()
    assert first[:, 1:].sum() > last[:, 1:].sum()


def test_the_sinr_on_a_cell_edge_is_the_ratio_of_powers() -> None:
    radio, state = saturated(
        channel={"fading": "none"},
        kpis={"achievable_rate": True, "rate": "won_rbs"},
        mac={"schedulers": ["max_cqi"] * 3},
    )
    state.ues.gain[:] = np.float32(1e6)  # as strong from every DU, to the bit
    world, own = radio.world, np.zeros((4, 3, 3, 5), dtype=np.int64)
    own[:, :, 0, 0] = world.rbs * taken(state)[:, :, 0, 0]
    power = np.array([0.2, 0.5, 1.0])
    after = played(radio, state, own, power[None, :, None, None])
    assert activity(world, after).all()
    sinr = power / (1e-6 + power.sum() - power)
    rates = np.broadcast_to(world.rbs * world.rb_bandwidth_hz * np.log2(1 + sinr), (4, 3))
    np.testing.assert_allclose(after.kpis.ue_rate_bps[:, :, 0, 0], rates, rtol=3e-3)
    delivered = 8 * after.kpis.ue_delivered_bytes[:, :, 0, 0] / world.frame_s
    np.testing.assert_allclose(delivered, rates, rtol=3e-3)


@pytest.mark.parametrize("ttis", [1, 4])
def test_energy_follows_the_power_of_the_rbs(ttis: int) -> None:
    radio, state = saturated(ttis_per_frame=ttis)
    world, own = radio.world, one_each(radio.world, state)
    power = np.random.default_rng(1).uniform(0.1, 1, size=own.shape).astype(np.float32)
    after = played(radio, state, own, power)
    emitted = (own * power.astype(np.float64)).sum(axis=(2, 3))
    watts = 10 ** ((world.channel.tx_power_dbm - 30) / 10) * emitted / world.rbs
    energy = world.energy
    on = energy.active_w + energy.per_output_w * watts
    expected = world.frame_s * np.where(emitted > 0, on, energy.sleep_w)
    np.testing.assert_allclose(after.kpis.energy_j, expected, rtol=1e-12)
    np.testing.assert_allclose(after.kpis.rb_power, ttis * emitted, rtol=1e-12)
    np.testing.assert_array_equal(after.kpis.ue_rbs, ttis * own)


def test_without_grants_nothing_is_sent() -> None:
    radio, state = saturated()
    after = played(radio, state, np.zeros((4, 3, 3, 5), dtype=np.int64), 1.0)
    assert not after.kpis.ue_delivered_bytes.any()
    assert not after.kpis.active_ttis.any()


def test_full_power_of_one_ue_is_the_same_as_a_quota_for_it() -> None:
    radio, state = saturated(dus=1, ues=1, slice_weights=(1, 0, 0))
    twin = radio.clone(state)
    own = np.zeros((4, 1, 3, 5), dtype=np.int64)
    own[:, :, 0, 0] = 12
    radio.step(state, grants(own, np.ones(own.shape), 12))
    radio.step(twin, hard_quotas(np.tile([12, 0, 0], (4, 1, 1)), 12))
    for name in state.kpis._fields:
        np.testing.assert_array_equal(getattr(state.kpis, name), getattr(twin.kpis, name), name)


ILLEGAL = [
    (-1, 1.0, "slice 1, place 0: -1 RBs; allowed are 0 to 12"),
    (13, 1.0, "ue_rbs sum to 13; allowed are at most 12"),
    (1, 0.0, "slice 1, place 0: power 0 of 1 RBs; allowed are 0 to 1, and above 0 where RBs are"),
    (1, float("nan"), "slice 1, place 0: power nan of 1 RBs"),
    (0, float("nan"), "slice 1, place 0: power nan of 0 RBs"),
    (1, float("inf"), "slice 1, place 0: power inf of 1 RBs"),
    (1, 1.01, "slice 1, place 0: power 1.01 of 1 RBs"),
    (1, -0.5, "slice 1, place 0: power -0.5 of 1 RBs"),
]


@pytest.mark.parametrize(("rbs", "power", "text"), ILLEGAL)
def test_illegal_grants_are_refused_and_change_nothing(rbs: int, power: float, text: str) -> None:
    radio = Radio(small_world())
    state = radio.new_state(seeds(2))
    own, fractions = np.zeros((2, 3, 3, 5), dtype=np.int64), np.ones((2, 3, 3, 5))
    at = (1, 2, 1, 0)
    assert taken(state)[at]
    own[at], fractions[at] = rbs, power
    with pytest.raises(ValueError, match=f"^decision of environment 1, DU 2: {text}") as refused:
        radio.step(state, grants(own, fractions, 12))
    assert "\n" not in str(refused.value)
    assert state.frame.tolist() == [0, 0]


def test_grants_to_an_empty_place_are_refused() -> None:
    radio = Radio(small_world())
    state = radio.new_state(seeds(1))
    own = np.zeros((1, 3, 3, 5), dtype=np.int64)
    e, c, s, u = np.argwhere(~taken(state))[0]
    own[e, c, s, u] = 1
    with pytest.raises(
        ValueError, match=f"slice {s}, place {u}: 1 RBs for an empty place; the slice has {u} UEs"
    ):
        radio.step(state, grants(own, np.ones(own.shape), 12))


def test_grants_of_a_wrong_shape_or_type_are_refused() -> None:
    radio = Radio(small_world())
    state = radio.new_state(seeds(1))
    own = np.zeros((1, 3, 3, 4), dtype=np.int64)
    with pytest.raises(
        ValueError, match=r"decisions.ue_rbs: shape \(1, 3, 3, 4\), allowed is \(1, 3, 3, 5\)"
    ):
        radio.step(state, grants(own, np.ones(own.shape), 12))
    nobody = equal(radio.world, 1)._replace(mode=np.full((1, 3), 2, dtype=np.int8))
    with pytest.raises(
        ValueError, match=r"decisions.ue_rbs: shape \(1, 3, 3, 0\), allowed is \(1, 3, 3, 5\)"
    ):
        radio.step(state, nobody)
    for strange in (2**16, 0.5, float("nan")):
        with pytest.raises(ValueError, match=r"ue_rbs: .*; allowed are whole numbers, -32768 to 32767"):
            grants(np.full((1, 3, 3, 5), strange), np.ones((1, 3, 3, 5)), 12)
    assert state.frame.tolist() == [0]


@pytest.mark.parametrize("changes", [{}, {"mac": {"allocation": "per_rb"}}])
def test_grants_to_ues_are_refused_where_rbs_come_in_groups_or_blocks(changes: dict[str, Any]) -> None:
    radio = Radio(block_world(**changes))
    state = radio.new_state(seeds(1))
    with pytest.raises(ValueError, match=r"mode 2 .*per_rb and link.adaptation shannon only"):
        radio.step(state, grants(np.zeros((1, 3, 3, 5)), np.ones((1, 3, 3, 5)), 12))


def test_dus_decide_in_different_modes_beside_each_other() -> None:
    radio, state = saturated()
    world, own = radio.world, one_each(radio.world, state)
    users, slices = grants(own, np.ones(own.shape), world.rbs), equal(world, 4)
    parts = [
        Decisions(*(array[:, c : c + 1] for array in part)) for c, part in enumerate((users, slices, users))
    ]
    radio.step(state, beside(parts))
    np.testing.assert_array_equal(state.kpis.ue_rbs[:, ::2], own[:, ::2])
    assert (state.kpis.rbs_used[:, 1] <= 4).all()


def test_shapes_of_grants_of_one_du_are_checked() -> None:
    text = validate_grants(12, [1, 1, 1], np.zeros((3, 2)), np.ones((3, 3)))
    assert text == "ue_rbs: (3, 2) values, ue_power: (3, 3); allowed are 3 x U, one per place"
    assert validate_grants(12, [1, 1, 1], np.ones((3, 1)), np.ones((3, 1))) is None
