from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn import CheckpointError, Ddpg, DdpgBatch, DivergedError, MetaLearner, MetaSpec
from cadran.learn.meta import task_weights

from ..ddpg.samples import (
    ACTION,
    OBSERVATION,
    SIZE,
    TASKS,
    changed,
    lively_networks,
    random_batch,
    same_networks,
    small_shape,
)
from .samples import batches, meta_spec, plain_task, small_level, train


def pooled(batch: DdpgBatch, omega: np.ndarray) -> DdpgBatch:
    """The rows of all tasks as those of one, each task's share of the loss being its omega."""
    weight = omega[:, None] * batch.weight / batch.weight.sum(1, keepdims=True)
    arrays = vars(batch) | {"weight": weight}
    return DdpgBatch(**{name: array.reshape(1, -1, *array.shape[2:]) for name, array in arrays.items()})


@pytest.mark.parametrize("order", ["first", "second"])
def test_with_inner_rates_of_zero_an_update_is_a_plain_weighted_step(order: str) -> None:
    spec = meta_spec({"grad_clip": 0.5}, order=order, inner_critic_lr=0.0, inner_actor_lr=0.0)
    level = small_level(spec)
    plain = Ddpg(spec.lower, OBSERVATION, ACTION, [0], dtype=torch.float64)
    start = lively_networks(small_shape(), tasks=1)
    level.load_initialisation(start)
    plain.load_networks(start)
    for k in range(4):
        update = level.update(*batches(k))
        row = plain.update(pooled(batches(k)[1], update.metrics.weights))
        assert row.critic_grad_norm[0] == pytest.approx(update.metrics.critic_grad_norm, rel=1e-10)
        assert same_networks(plain.networks(), level.initialisation(), atol=1e-11)


def test_an_update_adapts_each_task_and_follows_its_variance() -> None:
    spec = meta_spec({"tau": 0.1}, inner_steps=2, ema=0.75)
    level = small_level(spec)
    running = None
    for k in range(3):
        start = level.initialisation()
        own = type(start)(
            *({name: t.requires_grad_() for name, t in getattr(start, part).items()} for part in vars(start))
        )
        update = level.update(*batches(k))
        for task in range(TASKS):
            alone = plain_task(spec, level.shape, own, *batches(k), task)
            assert same_networks(update.adapted.of_tasks([task]), alone.networks.of_tasks([0]), atol=1e-12)
            assert update.metrics.critic_loss[task] == pytest.approx(float(alone.critic_loss.detach()))
        now = update.metrics.td_variance_now
        running = now if running is None else 0.75 * running + 0.25 * now
        np.testing.assert_allclose(update.metrics.td_variance, running, rtol=1e-12)
        expected = task_weights("softmax_var", torch.tensor(running), spec.kappa, spec.floor)
        np.testing.assert_allclose(update.metrics.weights, expected.numpy(), rtol=1e-12)
        assert update.metrics.updates == level.updates == k + 1


def test_static_weights_stay_after_their_update() -> None:
    level = small_level(meta_spec(weighting="static_var", static_at=3))
    rows = [level.update(*batches(k)).metrics.weights for k in range(6)]
    assert not np.array_equal(rows[1], rows[2])
    for row in rows[3:]:
        assert np.array_equal(row, rows[2])


def test_a_task_without_rows_keeps_its_variance() -> None:
    level = small_level(meta_spec())
    before = level.update(*batches(0)).metrics.td_variance
    train_rows, validation = batches(1)
    weight = np.array(validation.weight)
    weight[1] = 0.0
    after = level.update(train_rows, changed(validation, weight=weight)).metrics.td_variance
    assert after[1] == before[1]
    assert after[0] != before[0]


def test_some_of_the_tasks_are_followed_under_their_own_numbers() -> None:
    level = small_level(meta_spec())
    all_of_them = level.update(*batches(0)).metrics.td_variance
    some = level.update(*batches(1, tasks=2), tasks=[2, 0]).metrics
    np.testing.assert_array_equal(some.tasks, [2, 0])
    expected = 0.9 * all_of_them[[2, 0]] + 0.1 * some.td_variance_now
    np.testing.assert_allclose(some.td_variance, expected, rtol=1e-12)
    assert some.weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("tasks", [[], [0, 0, 1], [0, 1, TASKS], [-1, 0, 1]])
def test_tasks_that_do_not_exist_are_refused(tasks: list[int]) -> None:
    level = small_level(meta_spec())
    with pytest.raises(ValueError, match="each must be once in 0"):
        level.update(*batches(0), tasks=tasks)
    with pytest.raises(ValueError, match="at least 1 is needed"):
        type(level)(level.spec, level.ddpg, OBSERVATION, ACTION, 0, 0)


@pytest.mark.parametrize("order", ["first", "second"])
def test_a_level_that_resumes_goes_on_bit_for_bit(order: str) -> None:
    spec = meta_spec(order=order, weighting="static_var", static_at=6)
    steady, first, second = (small_level(spec, torch.float32, seed) for seed in (0, 0, 9))
    expected = train(steady, 8)
    train(first, 4)
    second.load_state(first.state_bytes())
    assert train(second, 4, start=4) == expected[4:]
    assert second.state_bytes() == steady.state_bytes()


@pytest.mark.parametrize("poisoned", ["train", "validation"])
def test_a_value_that_is_not_finite_is_refused_and_changes_nothing(poisoned: str) -> None:
    level = small_level(meta_spec(), torch.float32)
    train(level, 2)
    before = level.state_bytes()
    rows = dict(zip(("train", "validation"), batches(5), strict=True))
    reward = np.array(rows[poisoned].reward)
    reward[1, 2] = np.nan
    rows[poisoned] = changed(rows[poisoned], reward=reward)
    with pytest.raises(DivergedError, match="of task 1 is not finite"):
        level.update(**rows)
    assert level.state_bytes() == before


@pytest.mark.parametrize("steps", [(1, 4), (3, 2), (0, 5)])
def test_shots_add_up_and_leave_the_level_as_it_is(steps: tuple[int, int]) -> None:
    level = small_level(meta_spec({"tau": 0.2}))
    before = level.state_bytes()
    batch = random_batch(3, tasks=2)
    halfway = level.adapt(batch, steps[0])
    assert halfway.tasks == 2
    assert same_networks(level.adapt(batch, steps[1], halfway), level.adapt(batch, 5), atol=1e-15)
    assert level.state_bytes() == before
    assert same_networks(level.adapt(batch, 0).of_tasks([1]), level.initialisation())


def test_adapting_the_heads_alone_leaves_the_rest() -> None:
    level = small_level(meta_spec(adapts="head"))
    start, adapted = level.initialisation(), level.adapt(random_batch(0, tasks=1), 3)
    for before, after in ((start.actor, adapted.actor), (start.critic, adapted.critic)):
        for name, tensor in before.items():
            assert torch.equal(tensor, after[name]) != name.startswith(("mean.", "value.")), name


def test_adapting_to_a_value_that_is_not_finite_is_refused() -> None:
    batch = random_batch(0)
    reward = np.array(batch.reward)
    reward[2, 0] = np.inf
    with pytest.raises(DivergedError, match="of task 2 is not finite"):
        small_level(meta_spec()).adapt(changed(batch, reward=reward), 1)


@pytest.mark.parametrize("order", ["first", "second"])
def test_an_initialisation_learned_from_tasks_knows_a_new_one_after_one_step(order: str) -> None:
    """The reward grows with the first entry of the action, or falls with it, by task."""
    spec = meta_spec({"hidden": (16, 16), "critic_lr": 1e-2}, inner_critic_lr=0.1, order=order)
    level = small_level(spec, torch.float32)
    fresh = level.initialisation()
    rng = np.random.default_rng(0)

    def rows(slope: np.ndarray) -> DdpgBatch:
        action, seen = rng.random((TASKS, 32, ACTION)), rng.random((TASKS, 32, OBSERVATION))
        reward = slope[:, None] * (action[..., 0] - 0.5)
        return DdpgBatch(seen, action, reward, seen, np.zeros((TASKS, 32)), np.ones((TASKS, 32)))

    for _ in range(60):
        slope = rng.choice([-1.0, 1.0], TASKS)
        level.update(rows(slope), rows(slope))
    unseen = np.array([1.0, -1.0, 1.0])
    shot, probe = rows(unseen), rows(unseen)
    judge = Ddpg(spec.lower, OBSERVATION, ACTION, range(TASKS))
    losses = []
    for start in (level.initialisation(), fresh):
        judge.load_networks(level.adapt(shot, 1, start))
        losses.append(judge.update(probe).critic_loss.mean())
    assert losses[0] < 0.25 * losses[1]


def small_learner(seed: int = 0, spec: MetaSpec | None = None) -> MetaLearner:
    return MetaLearner(spec or meta_spec(), TASKS, (3, 1), (OBSERVATION, ACTION), seed)


def higher(batch: DdpgBatch) -> DdpgBatch:
    return changed(
        batch,
        observation=batch.observation[..., :3],
        action=batch.action[..., :1],
        next_observation=batch.next_observation[..., :3],
    )


def both(k: int) -> dict:
    train_rows, validation = batches(k)
    return {"higher": (higher(train_rows), higher(validation)), "lower": (train_rows, validation)}


def test_both_levels_resume_bit_for_bit_from_one_checkpoint() -> None:
    steady, other = small_learner(), small_learner(seed=3)
    for k in range(3):
        steady.update(both(k))
    other.load_state(steady.state_bytes())
    for learner in (steady, other):
        learner.update(both(3))
    assert other.state_bytes() == steady.state_bytes()
    with pytest.raises(CheckpointError, match="activation"):
        other.load_state(small_learner(spec=meta_spec({"activation": "relu"})).state_bytes())


def test_a_level_without_rows_stays_as_it_is() -> None:
    learner = small_learner()
    before = learner.initialisation()["higher"]
    made = learner.update({"lower": batches(0)})
    assert set(made) == {"lower"}
    assert same_networks(learner.initialisation()["higher"], before)
    assert learner.levels["lower"].updates == 1


def test_two_steps_are_one_and_one_more() -> None:
    level, batch = small_learner().levels["lower"], random_batch(0)
    twice = level.adapt(batch, 1, level.adapt(batch, 1))
    direct = level.adapt(batch, 2)
    assert same_networks(twice, direct, atol=1e-6)
    seen = np.zeros((TASKS, SIZE, OBSERVATION))
    assert level.act(direct, seen).shape == (TASKS, SIZE, ACTION)
