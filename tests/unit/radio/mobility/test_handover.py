"""A UE that is handed over keeps what it has; places stay dense; no byte is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.radio.mobility.handover import handover_ue, request_handover
from cadran.radio.state import PER_UE_KPIS, State, Ues, clone
from cadran.radio.world import World

from .places import members, places_are_dense, random_state

WORLD = World.model_validate(
    {
        "preset": "3gpp",
        "dus": 3,
        "ues": 18,
        "rbs": 12,
        "max_ues_per_slice": 4,
        "queue_entries": 8,
        "mobility": {"handover": {"interruption_s": 0.030}},
    }
)
SET_ANEW = {"csi_tti", "olla", "a3_frames", "queued", "in_flight", "entry_bytes", "entry_tti"}
SET_ANEW |= {"entry_head", "entry_count"} | {name for name in Ues._fields if name.startswith("harq_")}

moves = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(0, 2)))


def books(state: State) -> np.ndarray:
    """Bytes of each (DU, slice) less those that moved in, plus those that moved out."""
    ledger = state.ledger
    return state.queued.sum(axis=-1) - ledger.moved_in_bytes + ledger.moved_out_bytes


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), sequence=moves)
def test_any_sequence_of_handovers_keeps_every_ue_once_and_every_byte(seed, sequence):
    state = random_state(WORLD, seed)
    before, held, bytes_before = members(state), books(state), state.queued.sum()
    for c, s, u, target in sequence:
        possible = u < state.core.ues[0, c, s] and c != target
        if possible and state.core.ues[0, target, s] < WORLD.max_ues_per_slice:
            handover_ue(state, 0, c, s, u, target)
    assert members(state) == before
    assert places_are_dense(state)
    assert state.queued.sum() == bytes_before
    assert (books(state) == held).all()
    assert (state.ledger.moved_in_bytes.sum(axis=1) == state.ledger.moved_out_bytes.sum(axis=1)).all()
    assert (state.kpis.ues == state.core.ues).all()
    assert (state.kpis.queued_bytes == state.queued.sum(axis=-1)).all()
    for name in PER_UE_KPIS:
        values = getattr(state.kpis, name)
        empty = np.isnan(values) if values.dtype.kind == "f" else values == 0
        assert (empty == (state.ues.id < 0)).all(), name


def a_handover(seed: int) -> tuple[State, State, tuple[int, ...], tuple[int, ...]]:
    """States before and after, old place and new place of a handover of a UE that has others behind it."""
    rng = np.random.default_rng(seed)
    while True:
        before = random_state(WORLD, int(rng.integers(2**31)))
        options = np.argwhere(before.core.ues[0] >= 2)
        c, s = options[rng.integers(len(options))]
        target = (c + 1) % WORLD.dus
        if before.core.ues[0, target, s] < WORLD.max_ues_per_slice:
            after = clone(before)
            return before, after, (0, c, s, 0), handover_ue(after, 0, int(c), int(s), 0, int(target))


@pytest.mark.parametrize("seed", range(5))
def test_all_arrays_of_the_ue_move_along(seed):
    before, after, old, new = a_handover(seed)
    for name in set(Ues._fields) - SET_ANEW:
        np.testing.assert_array_equal(getattr(after.ues, name)[new], getattr(before.ues, name)[old], name)
    for name in PER_UE_KPIS:
        assert getattr(after.kpis, name)[new] == getattr(before.kpis, name)[old]


@pytest.mark.parametrize("seed", range(5))
def test_nobody_else_changes_except_that_the_last_ue_closes_the_gap(seed):
    before, after, old, new = a_handover(seed)
    last = (*old[:3], int(before.core.ues[old[:3]]) - 1)
    for was, now in zip(before.ues, after.ues, strict=True):
        np.testing.assert_array_equal(now[old], was[last])
        same = np.ones(before.ues.id.shape, dtype=bool)
        same[old] = same[new] = same[last] = False
        np.testing.assert_array_equal(now[same], was[same])


@pytest.mark.parametrize("seed", range(20))
def test_bytes_in_harq_return_to_the_queue_in_order_of_age(seed):
    before, after, old, new = a_handover(seed)
    was, now = before.ues, after.ues
    ring = (int(now.entry_head[new]) + np.arange(int(now.entry_count[new]))) % WORLD.queue_entries
    assert now.queued[new] == was.queued[old] + was.harq_bytes[old].sum() == now.entry_bytes[new].sum()
    assert now.in_flight[new] == 0
    assert not any(getattr(now, name)[new].any() for name in SET_ANEW if name.startswith("harq_"))
    assert (now.entry_bytes[new][ring] > 0).all()
    assert (np.diff(now.entry_tti[new][ring]) >= 0).all()
    assert (now.csi_tti[new], now.olla[new]) == (-1, 0)
    assert not now.a3_frames[new].any()


def test_a_block_returns_with_the_mean_arrival_of_its_bytes():
    state = random_state(WORLD, 0)
    s = int(np.argmax(state.core.ues[0, 0]))
    at = (0, 0, s, 0)
    for name in (
        "entry_bytes",
        "entry_tti",
        "entry_head",
        "entry_count",
        "queued",
        "harq_bytes",
        "in_flight",
    ):
        getattr(state.ues, name)[at] = 0
    state.ues.harq_bytes[at][:2] = (100, 10)
    state.ues.harq_tti[at][:2] = (50, 40)
    state.ues.harq_age[at][:2] = (401, 20)
    state.ues.in_flight[at] = 110
    target = int(np.flatnonzero(state.core.ues[0, :, s] < WORLD.max_ues_per_slice)[-1])
    new = handover_ue(state, 0, 0, s, 0, target)
    ring = (int(state.ues.entry_head[new]) + np.arange(2)) % WORLD.queue_entries
    assert state.ues.entry_tti[new][ring].tolist() == [40 - 2, 50 - 5]
    assert state.ues.entry_bytes[new][ring].tolist() == [10, 100]


def test_the_record_of_grants_follows_the_places():
    before, _, old, _ = a_handover(3)
    _, c, s, _ = old
    places, last = WORLD.max_ues_per_slice, int(before.core.ues[0, c, s]) - 1
    before.core.ue_of_unit[0, c, :3] = (s * places, s * places + last, -1)
    handover_ue(before, 0, int(c), int(s), 0, int((c + 1) % WORLD.dus))
    assert before.core.ue_of_unit[0, c, :3].tolist() == [-1, s * places, -1]


def test_a_ue_in_the_only_place_leaves_an_empty_slice():
    world = World.model_validate({"preset": "3gpp", "dus": 2, "ues": 1, "rbs": 6})
    state = random_state(world, 1)
    c, s = (int(index) for index in np.argwhere(state.core.ues[0])[0])
    measured = (state.kpis.mean_se, state.kpis.backlog_rbs, state.kpis.arrival_rbs)
    for array in measured:
        array[0, c, s] = 1.5
    handover_ue(state, 0, c, s, 0, 1 - c)
    assert [float(array[0, c, s]) for array in measured] == [0, 0, 0]
    assert state.core.ues[0, c, s] == 0
    assert state.core.ues[0, 1 - c, s] == 1
    assert places_are_dense(state)


def test_a_full_slice_refuses_and_the_ue_waits_for_another_time_to_trigger():
    world = World.model_validate({"preset": "3gpp", "dus": 2, "ues": 12, "rbs": 6, "max_ues_per_slice": 3})
    state = random_state(world, 2)
    while state.core.ues[0, 0, 0] < 3:
        handover_ue(state, 0, 1, 0, 0, 0)
    before = clone(state)
    assert not request_handover(world, state, 0, 1, 0, 0, 0)
    assert state.kpis.handovers_requested.tolist() == [[0, 1]]
    assert state.kpis.handovers_succeeded.sum() == 0
    assert before.ues.a3_frames[0, 1, 0, 0, 0] > 0
    assert state.ues.a3_frames[0, 1, 0, 0, 0] == 0
    assert (state.core.ues == before.core.ues).all()


def test_a_handover_is_counted_at_the_source_and_interrupts_service():
    state = random_state(WORLD, 4)
    state.core.frame[0] = 8
    c, s = (int(index) for index in np.argwhere(state.core.ues[0] > 0)[0])
    target = next(d for d in range(3) if d != c and state.core.ues[0, d, s] < WORLD.max_ues_per_slice)
    place = int(state.core.ues[0, target, s])
    assert request_handover(WORLD, state, 0, c, s, 0, target)
    assert state.kpis.handovers_requested[0, c] == state.kpis.handovers_succeeded[0, c] == 1
    assert state.ues.deaf_until[0, target, s, place] == 80 + 30
