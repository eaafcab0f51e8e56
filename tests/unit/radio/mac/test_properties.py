"""What quotas, data and repetitions promise, in any scene."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from cadran.radio.mac import FREE

from .scenes import SLICES, Outcome, Scene, play, scenes


def has_room(scene: Scene, outcome: Outcome, s: int, rbs: int) -> bool:
    """Whether slice ``s`` may hold ``rbs`` more RBs without passing its max or taking dedicated ones."""
    held = outcome.held.copy()
    held[s] += rbs
    return bool(held[s] <= scene.most[s] and np.maximum(held, scene.dedicated).sum() <= scene.rbs)


def waiting_at_first(scene: Scene) -> list[set[int]]:
    waiting = scene.waiting
    return [set(waiting.places[s, : waiting.size[s]].tolist()) for s in range(SLICES)]


def repeating(scene: Scene) -> list[tuple[int, int]]:
    waiting = scene.waiting
    return [(s, int(u)) for s in range(SLICES) for u in waiting.repeats[s, : waiting.repeat_size[s]]]


def units_of(outcome: Outcome, scene: Scene, s: int, u: int) -> np.ndarray:
    return np.flatnonzero(outcome.ue_of_unit == s * scene.places + u)


@settings(max_examples=200, deadline=None)
@given(scene=scenes())
def test_units_and_rbs_are_conserved(scene: Scene) -> None:
    outcome = play(scene)
    served = outcome.served_slice
    assert ((served == -1) | (served == outcome.slice_of_unit)).all()
    place = outcome.ue_of_unit % scene.places
    assert all(place[unit] < scene.ues[s] for unit, s in enumerate(served) if s >= 0)
    held = [int(scene.unit_rbs[outcome.slice_of_unit == s].sum()) for s in range(SLICES)]
    assert outcome.held.tolist() == held
    assert sum(held) <= scene.rbs
    assert (outcome.held <= outcome.quota).all() or scene.pad
    assert (outcome.service <= scene.rbs).all()


@settings(max_examples=200, deadline=None)
@given(scene=scenes(mode=0))
def test_a_slice_never_holds_more_than_its_max_nor_what_is_dedicated_to_others(scene: Scene) -> None:
    outcome = play(scene)
    assert (outcome.held <= scene.most).all()
    assert np.maximum(outcome.held, scene.dedicated).sum() <= scene.rbs
    others = scene.dedicated.sum() - scene.dedicated
    assert (outcome.quota <= np.minimum(scene.most, scene.rbs - others)).all()


@settings(max_examples=200, deadline=None)
@given(scene=scenes(mode=0))
def test_a_slice_with_backlog_gets_its_min_to_the_unit(scene: Scene) -> None:
    outcome = play(replace(scene, pad=False))
    backlog = outcome.waiting.size > 0
    assert (outcome.held > scene.least - scene.unit_rbs.max())[backlog].all()


@settings(max_examples=200, deadline=None)
@given(scene=scenes(mode=0))
def test_no_unit_stays_idle_that_a_slice_with_backlog_may_have(scene: Scene) -> None:
    outcome = play(scene)
    for unit in np.flatnonzero(outcome.slice_of_unit == FREE):
        for s in np.flatnonzero(outcome.waiting.size > 0):
            assert not has_room(scene, outcome, s, int(scene.unit_rbs[unit]))
    for unit in np.flatnonzero((outcome.ue_of_unit < 0) & (outcome.slice_of_unit != FREE)):
        assert outcome.waiting.size[outcome.slice_of_unit[unit]] == 0


@settings(max_examples=200, deadline=None)
@given(scene=scenes(mode=1))
def test_an_assigned_unit_serves_its_slice_or_nobody(scene: Scene) -> None:
    outcome = play(scene)
    np.testing.assert_array_equal(outcome.slice_of_unit, scene.assigned)
    idle = (outcome.ue_of_unit < 0) & (scene.assigned >= 0)
    assert all(outcome.waiting.size[s] == 0 for s in scene.assigned[idle])
    assert (outcome.ue_of_unit[scene.assigned == FREE] < 0).all()
    np.testing.assert_array_equal(outcome.quota, outcome.held)


@settings(max_examples=200, deadline=None)
@given(scene=scenes())
def test_only_ues_with_data_left_or_a_repetition_are_served_unless_padding(scene: Scene) -> None:
    outcome, waiting, repeats = play(scene), waiting_at_first(scene), repeating(scene)
    for s in range(SLICES):
        for u in range(scene.places):
            units = units_of(outcome, scene, s, u)
            carried = scene.csi[s, u, units]
            if u in waiting[s] and not scene.pad:
                left = int(scene.waiting.bits[s, u] - carried.sum())
                assert int(outcome.waiting.bits[s, u]) == left
                # The unit that drained it was not always the last in number: lent units may lie before.
                assert len(units) == 0 or left + carried.max() > 0
                assert (u in outcome.waiting.places[s, : outcome.waiting.size[s]]) == (left > 0)
            elif (s, u) not in repeats and not scene.pad:
                assert len(units) == 0


@settings(max_examples=200, deadline=None)
@given(scene=scenes())
def test_a_repetition_gets_all_its_rbs_or_none(scene: Scene) -> None:
    outcome = play(scene)
    for s, u in repeating(scene):
        need, units = int(scene.waiting.repeat_rbs[s, u]), units_of(outcome, scene, s, u)
        rbs = scene.unit_rbs[units]
        if outcome.waiting.repeat_rbs[s, u] == 0:
            assert rbs.sum() >= need > rbs.sum() - rbs.max()
        else:
            assert outcome.waiting.repeat_rbs[s, u] == need
            assert len(units) == 0


@settings(max_examples=200, deadline=None)
@given(scene=scenes())
def test_padding_fills_what_slices_may_hold(scene: Scene) -> None:
    if not scene.pad:
        return
    outcome = play(scene)
    again = repeating(scene)
    padded = [s for s in range(SLICES) if any((s, u) not in again for u in range(scene.ues[s]))]
    for unit in np.flatnonzero(outcome.ue_of_unit < 0):
        assert outcome.slice_of_unit[unit] not in padded
        if scene.mode == 0 and outcome.slice_of_unit[unit] == FREE:
            assert not any(has_room(scene, outcome, s, int(scene.unit_rbs[unit])) for s in padded)
