"""What RBs decided for each UE promise, in any scene."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from cadran.radio.mac import FREE

from .scenes import ENDLESS, SLICES, Outcome, Scene, await_data, plain_scene, play, user_scenes


def taken(scene: Scene, outcome: Outcome) -> NDArray[np.int64]:
    """RBs that serve each UE, int64[S, U]."""
    slots = outcome.ue_of_unit[outcome.ue_of_unit >= 0]
    counts = np.bincount(slots, minlength=SLICES * scene.places)
    return counts.reshape(SLICES, scene.places)


def users(rbs: list[list[int]], power: float = 1.0, total: int = 12) -> Scene:
    """Every UE waits without end and has so many of ``total`` RBs."""
    own = np.array(rbs, dtype=np.int16)
    scene = plain_scene(total, own.shape[1])
    for s in range(SLICES):
        await_data(scene.waiting, s, dict.fromkeys(range(own.shape[1]), ENDLESS))
    return replace(scene, mode=2, ue_rbs=own, ue_power=np.full(own.shape, power, dtype=np.float32))


@settings(max_examples=200, deadline=None)
@given(scene=user_scenes())
def test_no_ue_gets_more_than_its_rbs_and_a_slice_holds_the_sum(scene: Scene) -> None:
    outcome = play(scene)
    served, total = taken(scene, outcome), scene.ue_rbs.sum(axis=1)
    assert (served <= scene.ue_rbs).all()
    np.testing.assert_array_equal(outcome.held, total)
    np.testing.assert_array_equal(outcome.quota, total)
    np.testing.assert_array_equal(outcome.service, total)
    assert [(outcome.slice_of_unit == s).sum() for s in range(SLICES)] == total.tolist()
    at = outcome.ue_of_unit >= 0
    np.testing.assert_array_equal(outcome.served_slice[at], outcome.slice_of_unit[at])


@settings(max_examples=200, deadline=None)
@given(scene=user_scenes())
def test_a_ue_takes_rbs_until_its_queue_is_covered_or_they_end(scene: Scene) -> None:
    outcome = play(replace(scene, pad=False))
    served, waiting = taken(scene, outcome), scene.waiting
    for s in range(SLICES):
        waits = waiting.places[s, : waiting.size[s]].tolist()
        for u in range(scene.places):
            units = np.flatnonzero(outcome.ue_of_unit == s * scene.places + u)
            share = float(scene.ue_power[s, u]) * scene.csi[s, u, units]
            promised = share.astype(np.int64)
            if u not in waits:
                assert len(units) == 0
            elif served[s, u] < scene.ue_rbs[s, u]:
                assert promised.sum() >= waiting.bits[s, u]
                assert promised[:-1].sum() < waiting.bits[s, u]


@settings(max_examples=200, deadline=None)
@given(scene=user_scenes())
def test_with_padding_each_ue_transmits_on_all_its_rbs(scene: Scene) -> None:
    outcome = play(replace(scene, pad=True))
    np.testing.assert_array_equal(taken(scene, outcome), scene.ue_rbs)


def test_saturated_ues_get_exactly_their_rbs_and_the_rest_stays_free() -> None:
    own = [[1, 2, 0], [0, 0, 0], [3, 0, 1]]
    scene = users(own)
    outcome = play(scene)
    assert taken(scene, outcome).tolist() == own
    assert (outcome.slice_of_unit == FREE).sum() == 5


def test_each_rb_goes_to_the_ue_that_it_carries_most_for() -> None:
    scene = users([[2, 2], [0, 0], [0, 0]], total=4)
    csi = scene.csi.copy()
    csi[0, 0, [1, 3]] = csi[0, 1, [0, 2]] = 300
    assert play(replace(scene, csi=csi)).ue_of_unit.tolist() == [1, 0, 1, 0]


def test_a_ue_of_less_power_needs_more_rbs_for_the_same_bytes() -> None:
    used = []
    for power in (1.0, 0.5, 0.25):
        scene = users([[12], [0], [0]], power)
        await_data(scene.waiting, 0, {0: 300})
        used.append(int(taken(scene, play(scene)).sum()))
    assert used == [3, 6, 12]
