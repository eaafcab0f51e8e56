from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cadran.learn.checkpoint import CheckpointError
from cadran.learn.levels import draw_batches, frames_of
from cadran.learn.meta import LEVELS
from cadran.learn.shots import ShotRule, rule_of
from cadran.policy import PolicyCause, PolicyError, TwoLevelMeta, decode
from cadran.policy.initialisation import LevelShape, decode_initialisation
from cadran.problem import DeliveredSpec, Problem, ProblemSpec
from cadran.problem.hierarchy import higher_transitions, lower_transitions
from cadran.replay import MemoryReplay, Rows
from cadran.xapp.adaptation import AdaptingTrainer, Shot
from cadran.xapp.du_task import shots_to_settle

from .adapting import DUS, FRAME, PROBLEM, SCHEMA, SPEC, filled, initialisation, meta_learner, rows, trainer

ALL_SHOTS = SPEC.shots * DUS


def state(of: AdaptingTrainer) -> bytes:
    return of.checkpoint(1, 0.0).learner


def run(of: AdaptingTrainer, most: int = 1000) -> int:
    return of.run(None, most, stop_to_publish=False).updates


def metas(of: AdaptingTrainer, version: int) -> list[TwoLevelMeta]:
    made = [decode(artefact)[0] for artefact in of.artefacts(version, PROBLEM.names, 0, 0.0)]
    assert all(isinstance(meta, TwoLevelMeta) for meta in made)
    return made  # type: ignore[return-value]


def one_shot_by_hand(rules: dict[str, ShotRule]) -> None:
    """Of DU 1, on its frames 0..9."""
    problem, frames = PROBLEM.of_du(1), frames_of(rows(1, 0, 10))
    held = {"higher": higher_transitions(problem, frames), "lower": lower_transitions(problem, frames)}
    rng = np.random.default_rng([5, 1, 0, 0])
    for _ in range(SPEC.shot_steps):
        for level in LEVELS:
            (batch,) = draw_batches(rng, [held[level]], 8)
            rules[level].step(batch)


@pytest.mark.parametrize("fresh", [True, False])
def test_a_shot_is_steps_of_both_levels_on_batches_of_the_dus_own_rows(fresh: bool) -> None:
    learner = meta_learner(5 if fresh else 3)
    start = learner.initialisation()
    rules = {
        level: rule_of(learner.levels[level], SPEC, networks, fresh=fresh)
        for level, networks in start.items()
    }
    one_shot_by_hand(rules)
    shots: list[Shot] = []
    ours = trainer(filled(10), shots=shots)
    if not fresh:
        ours.deliver(initialisation(3))
        metas(ours, 1)
    assert run(ours) == DUS
    for level in LEVELS:
        for name, array in rules[level].networks().arrays().items():
            np.testing.assert_array_equal(ours.tasks[1].networks[level].arrays()[name], array)
        before, after = (networks[level].actor["mean.weight"] for networks in (start, ours.tasks[1].networks))
        assert not torch.equal(before, after)
    reward = float(np.mean(PROBLEM.of_du(1).rewards(rows(1, 0, 10)["kpis"]).reward, dtype=np.float64))
    assert [(shot.du, shot.shots) for shot in shots] == [(0, 1), (1, 1), (2, 1)]
    assert shots[1].reward == ours.tasks[1].record.rewards[0] == reward


def test_shots_are_worth_what_the_thresholds_in_force_say() -> None:
    strict = ProblemSpec(delivered=DeliveredSpec(embb_delay_s=0.001))
    shots: list[Shot] = []
    ours = trainer(filled(10), shots=shots)
    metas(ours, 1)
    ours.judge_by([ProblemSpec(), strict, ProblemSpec()])
    assert run(ours) == DUS
    plain, other = (
        [float(np.mean(problem.reward(_base(rows(du, 0, 10))), dtype=np.float64)) for du in range(DUS)]
        for problem in (Problem(ProblemSpec(), FRAME), Problem(strict, FRAME))
    )
    assert [shot.reward for shot in shots] == [plain[0], other[1], plain[2]]
    assert other[1] < plain[1]


def _base(made: Rows) -> NDArray[np.float32]:
    return np.asarray(made["kpis"][:, : PROBLEM.base.kpi_dim])


def test_from_an_initialisation_steps_can_be_those_of_the_inner_loop() -> None:
    level, spec = meta_learner(3).levels["lower"], SPEC.model_copy(update={"shot_rule": "inner"})
    start, ours = level.initialisation(), rule_of(level, spec, level.initialisation(), fresh=False)
    (batch,) = draw_batches(
        np.random.default_rng(0), [lower_transitions(PROBLEM.of_du(0), frames_of(rows(0, 0, 10)))], 8
    )
    ours.step(batch)
    for name, array in level.adapt(batch, SPEC.inner_steps, start).arrays().items():
        np.testing.assert_array_equal(ours.networks().arrays()[name], array)


@settings(max_examples=5, deadline=None)
@given(sizes=st.lists(st.integers(1, 17), min_size=1, max_size=8))
def test_what_is_learned_does_not_depend_on_how_rows_come(sizes: list[int]) -> None:
    whole = trainer(filled(total := sum(sizes)))
    run(whole)
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    ours, at = trainer(replay), 0
    for size in sizes:
        for du in range(DUS):
            replay.append(du, rows(du, at, at + size))
        at += size
        run(ours)
    assert (ours.updates, at) == (whole.updates, total)
    assert state(ours) == state(whole)


@pytest.mark.parametrize("frames", [0, 4, 10, 37, 80])
def test_a_trainer_restored_from_a_checkpoint_goes_on_as_if_nothing_had_been(frames: int) -> None:
    whole = trainer(filled(80), cold=(1,))
    whole.deliver(initialisation(3))
    metas(whole, 1)
    run(whole)
    begun = trainer(filled(frames), cold=(1,))
    begun.deliver(initialisation(3))
    metas(begun, 1)
    run(begun)
    resumed = AdaptingTrainer(PROBLEM, SPEC, filled(80), frozenset({1}), seed=5, observe=lambda shot: None)
    resumed.restore(begun.checkpoint(1, 0.0))
    unseen = resumed.unseen([80] * DUS)
    assert [len(own) for own in unseen] == [80 - frames] * DUS
    run(resumed)
    assert state(resumed) == state(whole)
    assert len(metas(resumed, 9)) == DUS
    assert resumed.unseen([80] * DUS) == [[]] * DUS


def test_who_is_cold_is_decided_anew_for_dus_that_have_not_begun() -> None:
    """A run that is resumed may let another DU start cold than the run before it did."""
    before = trainer(filled(0), cold=(1,))
    before.deliver(initialisation(3))
    metas(before, 1)
    after = trainer(filled(0), cold=(2,))
    after.restore(before.checkpoint(1, 0.0))
    origins = [task.record.origin for task in after.tasks]
    assert origins == [after.initialisation, after.initialisation, None]
    fresh = meta_learner(5).initialisation()
    for level in LEVELS:
        for name, array in fresh[level].arrays().items():
            np.testing.assert_array_equal(after.tasks[2].networks[level].arrays()[name], array)

    begun = trainer(filled(10), cold=(1,))
    begun.deliver(initialisation(3))
    metas(begun, 1)
    run(begun)
    later = trainer(filled(10), cold=(2,))
    later.restore(begun.checkpoint(1, 0.0))
    assert [task.record for task in later.tasks] == [task.record for task in begun.tasks]


def test_in_lock_step_no_more_is_seen_than_is_said() -> None:
    ours, other = trainer(filled(80)), trainer(filled(15))
    ours.run([15] * DUS, 1000, stop_to_publish=False)
    run(other)
    assert state(ours) == state(other)


def test_only_what_has_changed_is_published() -> None:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    ours = trainer(replay)
    assert not ours.run(None, 10, stop_to_publish=True).publish
    replay.append(2, rows(2, 0, 25))
    burst = ours.run(None, 10, stop_to_publish=True)
    assert (burst.updates, burst.publish, burst.more) == (1, True, True)
    assert [(meta.du, meta.version, meta.updates) for meta in metas(ours, 7)] == [(2, 7, 1)]
    assert metas(ours, 8) == []


def test_dus_that_have_not_begun_start_from_the_newest_initialisation() -> None:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    replay.append(0, rows(0, 0, 4))
    ours = trainer(replay, cold=(1,))
    run(ours)
    artefact = initialisation(3)
    origin, dus = ours.deliver(artefact)
    meta, tensors = decode_initialisation(artefact)
    assert (origin.version, origin.sha256, dus) == (3, meta.sha256, [2])
    (out,) = metas(ours, 2)
    assert (out.du, out.sha256) == (2, ours.tasks[2].record.policy_sha256)
    np.testing.assert_array_equal(
        ours.tasks[2].networks["lower"].arrays()["critic/value.weight"], tensors["lower/critic/value.weight"]
    )
    assert [task.record.origin for task in ours.tasks] == [None, None, origin]
    assert ours.deliver(artefact) == (origin, [2])
    assert metas(ours, 3) == []

    newer, dus = ours.deliver(initialisation(4))
    assert (newer.version, dus) == (4, [2])
    for du in (0, 1):
        ours.restart(du)
    assert [task.record.origin for task in ours.tasks] == [newer, None, newer]
    assert [meta.du for meta in metas(ours, 4)] == [0, 1, 2]


def test_rows_that_a_policy_before_the_start_decided_do_not_count() -> None:
    replay = filled(10)
    ours = trainer(replay)
    run(ours)
    ours.restart(0)
    metas(ours, 4)
    replay.append(0, rows(0, 10, 30, policy_version=3))
    assert run(ours) == 0
    assert not ours.tasks[0].record.begun
    replay.append(0, rows(0, 30, 40, policy_version=4))
    assert run(ours) == 1
    reward = np.mean(PROBLEM.of_du(0).rewards(rows(0, 30, 40)["kpis"]).reward, dtype=np.float64)
    assert ours.tasks[0].record.rewards == (float(reward),)


def test_rows_that_are_read_before_the_policy_of_a_start_is_out_do_not_count() -> None:
    replay = filled(4)
    ours = trainer(replay)
    ours.deliver(initialisation(3))
    run(ours)  # a burst between the delivery and the publication
    metas(ours, 2)
    (digest,) = {ours.tasks[0].record.policy_sha256} - {""}
    ours.heard(0, digest)
    assert ours.tasks[0].acknowledged
    assert not ours.tasks[0].record.begun


def test_rows_that_never_count_take_no_memory() -> None:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    ours = trainer(replay)
    metas(ours, 1)
    for frame in range(50):
        replay.append(0, rows(0, frame, frame + 1, policy_version=0))
        run(ours)
    assert len(ours.tasks[0]._memory._parts) == 1


def test_a_du_acknowledges_its_start_by_the_hash_of_its_policy() -> None:
    ours = trainer(filled(0))
    ours.heard(1, "")
    ours.heard(1, "00" * 32)
    assert not ours.tasks[1].acknowledged
    ours.heard(1, ours.tasks[1].record.policy_sha256)
    assert ours.tasks[1].acknowledged
    ours.deliver(initialisation(3))
    metas(ours, 2)
    assert not ours.tasks[1].acknowledged


def poisoned(frames: int, du: int) -> MemoryReplay:
    """Rows of all DUs; those of one lead to losses that are not finite, though they are finite themselves."""
    replay = filled(frames)
    bad = rows(du, frames, frames + 10)
    bad["next_state"] = 3e38
    replay.append(du, bad)
    for other in set(range(DUS)) - {du}:
        replay.append(other, rows(other, frames, frames + 10))
    return replay


@pytest.mark.parametrize("fresh", [True, False])
def test_a_du_that_diverges_keeps_its_last_networks_and_the_others_go_on(fresh: bool) -> None:
    good, bad = filled(20), poisoned(10, du=1)
    made: list[tuple[AdaptingTrainer, list[Shot]]] = []
    for replay in (good, bad):
        shots: list[Shot] = []
        ours = trainer(replay, cold=(0, 1, 2) if fresh else (), shots=shots)
        ours.deliver(initialisation(3))
        metas(ours, 1)
        run(ours)
        made.append((ours, shots))
    (whole, _), (ours, shots) = made
    for du in (0, 2):
        assert ours.tasks[du].record == whole.tasks[du].record
        for name, array in whole.tasks[du].networks["lower"].arrays().items():
            np.testing.assert_array_equal(ours.tasks[du].networks["lower"].arrays()[name], array)
    record = ours.tasks[1].record
    assert (record.shots, len(record.rewards)) == (1, 2)
    assert record.diverged is not None
    assert record.diverged.startswith("shot 2: ")
    assert [(shot.du, shot.diverged is not None) for shot in shots if shot.diverged] == [(1, True)]
    assert [meta.updates for meta in metas(ours, 2)] == [2, 1, 2]  # all can go out


def test_a_du_that_diverged_stays_so_across_a_restart_and_begins_anew_when_told() -> None:
    replay = poisoned(10, du=1)
    before = trainer(replay)
    run(before)
    resumed = trainer(replay)
    resumed.restore(before.checkpoint(1, 0.0))
    replay.append(1, rows(1, 20, 60))
    assert run(resumed) == 0
    assert resumed.tasks[1].record.diverged == before.tasks[1].record.diverged
    for name, array in before.tasks[1].networks["lower"].arrays().items():
        np.testing.assert_array_equal(resumed.tasks[1].networks["lower"].arrays()[name], array)
    resumed.deliver(initialisation(3))
    assert resumed.tasks[1].record.diverged is not None
    resumed.restart(1)
    metas(resumed, 2)
    replay.append(1, rows(1, 60, 70, policy_version=2))
    assert run(resumed) == 1
    assert resumed.tasks[1].record.diverged is None


def test_weights_that_are_ruined_by_finite_losses_count_as_diverged() -> None:
    fast = SPEC.model_copy(update={"fresh_lr_scale": 1e45})
    ours = trainer(filled(20), spec=fast)
    run(ours)
    assert all(task.record.diverged and task.record.shots == 0 for task in ours.tasks)
    assert len(metas(ours, 2)) == 0


def test_after_the_last_shot_a_du_keeps_what_it_has() -> None:
    replay = filled(200)
    ours = trainer(replay)
    assert run(ours) == ALL_SHOTS
    task = ours.tasks[0]
    assert (task.record.shots, len(task.record.rewards), task.finished) == (4, 5, True)
    networks, record = task.networks["lower"].arrays(), task.record
    replay.append(0, rows(0, 200, 260))
    assert run(ours) == 0
    for name, array in task.networks["lower"].arrays().items():
        np.testing.assert_array_equal(array, networks[name])
    assert task.record == record.model_copy(update={"cursor": 260, "oldest": 260})


def test_rows_that_are_overwritten_before_they_are_seen_count_for_nothing() -> None:
    replay = filled(30, capacity=12)
    ours = trainer(replay)
    assert run(ours) == DUS
    record = ours.tasks[0].record
    assert (record.cursor, record.frames, record.oldest) == (30, 2, 18)


def test_a_store_that_lost_its_rows_does_not_keep_a_restored_trainer_from_going_on() -> None:
    before = trainer(filled(17))
    run(before)
    empty = MemoryReplay(SCHEMA, DUS, 1000)
    resumed = trainer(empty)
    resumed.restore(before.checkpoint(1, 0.0))
    assert resumed.unseen([0] * DUS) == [[]] * DUS
    assert run(resumed) == 0
    for du in range(DUS):
        empty.append(du, rows(du, 17, 27))
    assert run(resumed) == DUS


@pytest.mark.parametrize(
    ("changed", "cause", "text"),
    [
        ({"decision_frames": 4}, PolicyCause.INCOMPATIBLE, "every 4 frames, that of the DUs every 3"),
        ({"problem": {"observation": "demand"}}, PolicyCause.INCOMPATIBLE, "the DUs work on"),
        (
            {"levels": {level: LevelShape(observation_dim=15, action_dim=3, hidden=(9,), activation="relu",
                                          layer_norm=True) for level in LEVELS}},
            PolicyCause.SHAPE_MISMATCH,
            "higher level: hidden (9,) instead of (8,)",
        ),
    ],
)  # fmt: skip
def test_an_initialisation_that_does_not_fit_is_refused_and_nothing_changes(
    changed: dict[str, object], cause: PolicyCause, text: str
) -> None:
    ours = trainer(filled(5))
    before = state(ours)
    with pytest.raises(PolicyError, match="refused") as error:
        ours.deliver(initialisation(3, **changed))
    assert error.value.cause is cause
    assert text in error.value.text
    assert state(ours) == before


def test_a_state_of_another_trainer_is_refused() -> None:
    ours = trainer(filled(5))
    other = trainer(
        filled(5), spec=SPEC.model_copy(update={"lower": SPEC.lower.model_copy(update={"hidden": (9,)})})
    )
    with pytest.raises(CheckpointError):
        ours.restore(other.checkpoint(1, 0.0))
    damaged = ours.checkpoint(1, 0.0)
    with pytest.raises(CheckpointError):
        ours.restore(replace(damaged, learner=damaged.learner[:-1]))


@given(st.lists(st.floats(0, 1), min_size=10, max_size=60))
def test_a_du_has_settled_where_its_running_mean_comes_near_the_best(rewards: list[float]) -> None:
    found = shots_to_settle(np.array(rewards))
    means = np.array([np.mean(rewards[k : k + 5]) for k in range(len(rewards) - 4)])
    assert found is not None
    gain = means.max() - means[0]
    assert means[found] >= means[0] + 0.95 * gain - 1e-9
    assert (means[:found] < means[0] + 0.95 * gain + 1e-9).all()


def test_nothing_is_said_of_a_du_that_has_hardly_begun() -> None:
    assert shots_to_settle(np.ones(9)) is None
    assert shots_to_settle(np.linspace(1, 0, 20)) == 0
