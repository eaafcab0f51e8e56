"""Dedicated, prioritised and shared RBs, repetitions first, RB by RB and in groups."""

from dataclasses import replace

import numpy as np

from .scenes import ENDLESS, Scene, await_data, await_repeats, plain_scene, play, with_quotas


def busy(scene: Scene, *slices: int) -> Scene:
    """One UE, on place 0, of each of these slices has more than it can send."""
    for s in slices:
        await_data(scene.waiting, s, {0: ENDLESS})
    return scene


def test_hard_quotas_are_used_exactly() -> None:
    scene = with_quotas(plain_scene(12, 4), [2, 7, 3], [2, 7, 3], [2, 7, 3])
    assert play(busy(scene, 0, 1, 2)).slice_of_unit.tolist() == [0] * 2 + [1] * 7 + [2] * 3


def test_dedicated_rbs_stay_idle_and_prioritised_ones_are_lent() -> None:
    scene = with_quotas(plain_scene(12, 4), [5, 0, 0], [9, 0, 0], [12, 12, 12])
    outcome = play(busy(scene, 2))
    assert outcome.held.tolist() == [5, 0, 7]
    assert (outcome.ue_of_unit >= 0).sum() == 7
    assert outcome.quota.tolist() == [12, 7, 7]


def test_zero_quotas_serve_nobody() -> None:
    scene = with_quotas(plain_scene(6, 2), [0, 0, 0], [0, 0, 0], [0, 0, 0])
    outcome = play(replace(busy(scene, 0, 1, 2), pad=True))
    assert (outcome.ue_of_unit == -1).all()
    assert outcome.held.tolist() == [0, 0, 0]


def test_one_rb_goes_to_the_best_ue_of_all() -> None:
    scene = busy(plain_scene(1, 3), 0, 1, 2)
    scene.csi[1, 0] = 101
    assert play(scene).ue_of_unit.tolist() == [3]


def test_groups_fill_a_quota_up_to_the_last_group_that_fits() -> None:
    scene = with_quotas(plain_scene(100, 4, group=8), [34, 33, 33], [34, 33, 33], [34, 33, 33])
    outcome = play(busy(scene, 0, 1, 2))
    assert outcome.held.tolist() == [32, 32, 32]
    assert outcome.slice_of_unit.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [-1]


def test_groups_never_lend_the_dedicated_rbs_that_fill_no_group() -> None:
    scene = with_quotas(plain_scene(100, 4, group=8), [34, 0, 0], [34, 0, 0], [100, 100, 100])
    outcome = play(busy(scene, 1))
    assert outcome.held.tolist() == [32, 64, 0]  # a group of 8 more would leave 28 of the 34


def test_the_smaller_last_group_goes_to_a_slice_with_room_for_no_other() -> None:
    scene = with_quotas(plain_scene(20, 4, group=8), [0, 0, 0], [0, 0, 0], [4, 0, 0])
    assert play(busy(scene, 0)).slice_of_unit.tolist() == [-1, -1, 0]


def test_repetitions_come_before_data_and_in_their_order() -> None:
    scene = with_quotas(plain_scene(4, 4), [4, 0, 0], [4, 0, 0], [4, 0, 0])
    await_repeats(scene.waiting, 0, {3: 2, 1: 3, 2: 1})
    outcome = play(busy(scene, 0))
    assert outcome.ue_of_unit.tolist() == [3, 3, 2, 0]
    assert outcome.waiting.repeat_rbs[0].tolist() == [0, 3, 0, 0]


def test_a_repetition_takes_its_slices_block_then_shared_rbs_but_never_the_block_of_others() -> None:
    scene = with_quotas(plain_scene(8, 4), [0, 0, 0], [2, 4, 0], [8, 8, 8])
    await_repeats(scene.waiting, 0, {1: 4, 2: 1})
    outcome = play(busy(scene, 1))
    assert outcome.ue_of_unit.tolist() == [1, 1, 4, 4, 4, 4, 1, 1]
    assert outcome.waiting.repeat_rbs[0, 2] == 1


def test_a_repetition_without_room_tries_again_on_what_the_blocks_leave_idle() -> None:
    scene = with_quotas(plain_scene(8, 4), [0, 2, 0], [0, 8, 0], [8, 8, 8])
    await_repeats(scene.waiting, 0, {1: 6})
    assert play(scene).ue_of_unit.tolist() == [-1, -1, 1, 1, 1, 1, 1, 1]
    await_repeats(scene.waiting, 0, {1: 7})
    assert (play(scene).ue_of_unit == -1).all()


def test_a_repetition_never_lifts_its_slice_above_its_max() -> None:
    scene = with_quotas(plain_scene(8, 4), [0, 0, 0], [0, 0, 0], [3, 8, 8])
    await_repeats(scene.waiting, 0, {1: 4, 2: 3})
    outcome = play(busy(scene, 0))
    assert outcome.ue_of_unit.tolist() == [2, 2, 2, -1, -1, -1, -1, -1]


def test_a_repetition_covers_its_rbs_with_whole_groups() -> None:
    scene = plain_scene(20, 4, group=8)
    await_repeats(scene.waiting, 2, {1: 9})
    outcome = play(scene)
    assert outcome.ue_of_unit.tolist() == [9, 9, -1]
    assert outcome.held.tolist() == [0, 0, 16]


def test_a_repetition_stays_within_the_units_assigned_to_its_slice() -> None:
    scene = replace(plain_scene(6, 4), mode=1, assigned=np.array([0, 1, 0, -1, 0, 1], dtype=np.int8))
    await_repeats(scene.waiting, 0, {2: 2})
    await_repeats(scene.waiting, 1, {2: 3})
    assert play(busy(scene, 0, 1)).ue_of_unit.tolist() == [2, 4, 2, -1, 0, 4]


def test_padding_passes_by_ues_with_a_due_repetition() -> None:
    scene = with_quotas(plain_scene(4, 2), [4, 0, 0], [4, 0, 0], [4, 0, 0])
    await_repeats(scene.waiting, 0, {0: 5})
    assert play(replace(scene, pad=True)).ue_of_unit.tolist() == [1, 1, 1, 1]


def test_service_counts_on_the_share_of_competing_ues() -> None:
    scene = with_quotas(plain_scene(20, 8), [0, 0, 0], [2, 0, 0], [20, 20, 5])
    await_data(scene.waiting, 0, dict.fromkeys(range(2), ENDLESS))
    await_data(scene.waiting, 1, dict.fromkeys(range(4), ENDLESS))
    await_repeats(scene.waiting, 2, {1: 1})
    await_data(scene.waiting, 2, dict.fromkeys(range(2, 4), ENDLESS))
    service = play(scene).service
    shares = 2 + 18 * 2 / 9, 18 * 4 / 9, 5.0
    assert (service >= np.minimum(shares, [20, 20, 5])).all()
    assert service[2] == 5.0


def test_a_repetition_never_takes_the_part_of_anothers_min_that_fills_no_group() -> None:
    # Blocks of whole groups leave 1 RB of slice 2's min, and slice 1's is 10: 5 RBs are nobody's, not 6.
    scene = with_quotas(plain_scene(16, 4, group=2), [0, 9, 1], [0, 10, 1], [14, 14, 1])
    await_repeats(scene.waiting, 0, {2: 6})
    outcome = play(busy(scene, 1))
    assert np.maximum(outcome.held, scene.dedicated).sum() <= 16
    assert (outcome.held <= outcome.quota).all()
    assert outcome.held.tolist() == [0, 14, 0]
