"""Who is served within a slice, and what happens when UEs tie."""

from dataclasses import replace

import numpy as np
import pytest

from cadran.radio.mac import EDF, MAX_CQI, MLWDF, PF, RR

from .scenes import ENDLESS, Scene, await_data, plain_scene, play, with_quotas


def one_slice(scheduler: int, rbs: int, bits: dict[int, int], places: int = 8) -> Scene:
    """All RBs belong to slice 0."""
    scene = with_quotas(plain_scene(rbs, places), [rbs, 0, 0], [rbs, 0, 0], [rbs, 0, 0])
    await_data(scene.waiting, 0, bits)
    return replace(scene, schedulers=(scheduler, PF, PF))


def test_round_robin_serves_in_turn_and_goes_on_where_it_stopped() -> None:
    scene = one_slice(RR, 5, {1: 200, 4: ENDLESS, 6: ENDLESS})
    outcome = play(replace(scene, next_place=np.array([5, 0, 0], dtype=np.int16)))
    assert outcome.ue_of_unit.tolist() == [6, 1, 4, 6, 1]
    assert outcome.next_place[0] == 2
    assert outcome.waiting.places[0, :2].tolist() == [4, 6]


def test_max_cqi_looks_at_bits_only() -> None:
    scene = one_slice(MAX_CQI, 4, {0: ENDLESS, 1: ENDLESS})
    scene.csi[0, 1, :2] += 1
    scene.csi[0, 0, 2:] += 1
    scene.waiting.weight[0, :2] = [1.0, 100.0]
    assert play(scene).ue_of_unit.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(("others", "winner"), [(MAX_CQI, 8), (PF, 0)])
def test_slices_that_all_go_by_rate_share_by_rate(others: int, winner: int) -> None:
    scene = with_quotas(plain_scene(4, 8), [0, 0, 0], [0, 0, 0], [4, 4, 4])
    await_data(scene.waiting, 0, {0: ENDLESS})
    await_data(scene.waiting, 1, {0: ENDLESS})
    scene.csi[1, 0] += 1
    scene.waiting.metric[0, 0] = 2.0
    outcome = play(replace(scene, schedulers=(MAX_CQI, MAX_CQI, others)))
    assert outcome.ue_of_unit.tolist() == [winner] * 4


@pytest.mark.parametrize("scheduler", [PF, MLWDF])
def test_pf_and_mlwdf_look_at_bits_times_weight(scheduler: int) -> None:
    scene = one_slice(scheduler, 3, {0: ENDLESS, 1: ENDLESS})
    scene.csi[0, 1] = [150, 250, 400]
    scene.waiting.weight[0, :2] = [2.0, 1.0]
    assert play(scene).ue_of_unit.tolist() == [0, 1, 1]


def test_edf_serves_the_oldest_byte_until_it_is_drained() -> None:
    scene = one_slice(EDF, 6, {0: ENDLESS, 2: 250, 5: 100})
    scene.waiting.age[0, [0, 2, 5]] = [3, 9, 4]
    scene.csi[0, 0] = 100_000
    assert play(replace(scene, csi=scene.csi)).ue_of_unit.tolist() == [2, 2, 2, 5, 0, 0]


def test_edf_takes_equally_old_ues_in_turn() -> None:
    scene = one_slice(EDF, 4, {1: 200, 3: ENDLESS, 6: 100})
    scene.waiting.age[0] = 5
    outcome = play(replace(scene, next_place=np.array([5, 0, 0], dtype=np.int16)))
    assert outcome.ue_of_unit.tolist() == [6, 1, 1, 3]
    assert play(replace(scene, next_place=outcome.next_place)).ue_of_unit[0] == 6


@pytest.mark.parametrize("rbs", [1, 13, 100])
@pytest.mark.parametrize("pair", [(0, 1), (0, 32), (3, 20), (11, 13)])
def test_two_tied_ues_share_wherever_their_places(rbs: int, pair: tuple[int, int]) -> None:
    scene = one_slice(MAX_CQI, rbs, dict.fromkeys(pair, ENDLESS), places=33)
    won = np.zeros(2)
    for _ in range(128):
        outcome = play(scene)
        won += [(outcome.ue_of_unit == place).sum() for place in pair]
        scene = replace(scene, next_place=outcome.next_place)
    assert won.sum() == 128 * rbs
    assert 0.4 <= won[0] / won.sum() <= 0.6


def test_many_tied_ues_share_within_a_few_ttis() -> None:
    tied = range(0, 33, 2)
    scene = one_slice(PF, 100, dict.fromkeys(tied, ENDLESS), places=33)
    won = np.zeros(33)
    for _ in range(10):
        outcome = play(scene)
        won += np.bincount(outcome.ue_of_unit, minlength=33)
        scene = replace(scene, next_place=outcome.next_place)
    share = won[list(tied)] * len(tied) / won.sum()
    assert won[1::2].sum() == 0
    assert share.min() > 0.6
    assert share.max() < 1.6


def test_tied_slices_share_what_is_shared() -> None:
    scene = plain_scene(100, 33)
    for s in range(3):
        await_data(scene.waiting, s, dict.fromkeys(range(11), ENDLESS))
    won = np.zeros(3)
    for _ in range(10):
        outcome = play(scene)
        won += outcome.held
        scene = replace(scene, next_place=outcome.next_place)
    assert won.sum() == 1000
    assert won.min() > 250
