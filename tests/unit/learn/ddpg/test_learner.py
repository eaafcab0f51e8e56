from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn import CheckpointError, Ddpg, DdpgBatch, DivergedError

from .samples import (
    ACTION,
    KINDS,
    OBSERVATION,
    SIZE,
    TASKS,
    changed,
    lively_networks,
    of_task,
    random_batch,
    same_networks,
    small_shape,
    small_spec,
)


def small_learner(dtype: torch.dtype = torch.float32, seed: int = 0, **changes: object) -> Ddpg:
    seeds = range(seed, seed + TASKS)
    return Ddpg(small_spec(**changes), OBSERVATION, ACTION, seeds, dtype=dtype)


def train(learner: Ddpg, updates: int, start: int = 0) -> list[str]:
    return [repr(learner.update(random_batch(start + k))) for k in range(updates)]


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_tasks_trained_together_equal_tasks_trained_alone(activation: str, layer_norm: bool) -> None:
    kind = {"activation": activation, "layer_norm": layer_norm, "grad_clip": 0.5}
    together = small_learner(torch.float64, **kind)
    rows = [together.update(random_batch(k)) for k in range(6)]
    for task in range(TASKS):
        alone = Ddpg(small_spec(**kind), OBSERVATION, ACTION, [task], dtype=torch.float64)
        own = [alone.update(of_task(random_batch(k), task)) for k in range(6)]
        assert same_networks(alone.networks(), together.networks().of_tasks([task]), atol=1e-12)
        np.testing.assert_allclose(
            [row.td_variance[0] for row in own], [row.td_variance[task] for row in rows], rtol=1e-10
        )


def test_the_targets_follow_by_tau_of_the_way() -> None:
    learner = small_learner(torch.float64, tau=0.25)
    learner.load_networks(lively_networks(small_shape()))
    before = learner.networks()
    learner.update(random_batch(0))
    after = learner.networks()
    for slow, fast, old in (
        (after.target_actor, after.actor, before.target_actor),
        (after.target_critic, after.critic, before.target_critic),
    ):
        for name, tensor in slow.items():
            torch.testing.assert_close(tensor, 0.75 * old[name] + 0.25 * fast[name])


def test_a_learner_that_resumes_goes_on_bit_for_bit() -> None:
    steady, first, second = small_learner(), small_learner(), small_learner(seed=9)
    expected = train(steady, 8)
    train(first, 4)
    second.load_state(first.state_bytes())
    assert train(second, 4, start=4) == expected[4:]
    assert second.state_bytes() == steady.state_bytes()
    assert second.updates == 8


@pytest.mark.parametrize("field", ["reward", "observation", "next_observation", "action"])
def test_a_value_that_is_not_finite_is_refused_and_changes_nothing(field: str) -> None:
    learner = small_learner()
    train(learner, 2)
    before = learner.state_bytes()
    batch = random_batch(3)
    poisoned = np.array(getattr(batch, field))
    poisoned[1, 2] = np.nan
    batch = changed(batch, discount=np.ones((TASKS, SIZE)), **{field: poisoned})
    with pytest.raises(DivergedError, match="of task 1 is not finite"):
        learner.update(batch)
    assert learner.state_bytes() == before


def test_a_batch_of_another_number_of_tasks_is_refused_and_changes_nothing() -> None:
    learner = small_learner()
    before = learner.state_bytes()
    with pytest.raises(ValueError, match="batch observation has shape"):
        learner.update(random_batch(0, tasks=TASKS + 1))
    assert learner.state_bytes() == before


def test_a_learner_needs_a_task() -> None:
    with pytest.raises(ValueError, match="one per task"):
        Ddpg(small_spec(), OBSERVATION, ACTION, [])


@pytest.mark.parametrize("other", [{"hidden": (6, 6)}, {"layer_norm": False}, {"activation": "relu"}])
def test_a_checkpoint_of_other_networks_is_refused(other: dict[str, object]) -> None:
    learner = small_learner()
    before = learner.state_bytes()
    with pytest.raises(CheckpointError):
        learner.load_state(small_learner(**other).state_bytes())
    assert learner.state_bytes() == before


def test_loaded_networks_start_with_fresh_optimisers() -> None:
    start = lively_networks(small_shape(), seed=4)
    used, fresh = small_learner(torch.float64), small_learner(torch.float64)
    train(used, 5)
    for learner in (used, fresh):
        learner.load_networks(start)
        learner.update(random_batch(7))
    assert same_networks(used.networks(), fresh.networks())


def test_exploration_goes_linearly_from_start_to_final() -> None:
    spec = small_spec(exploration_start=0.4, exploration_final=0.1)
    assert [spec.exploration_std(x) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)] == pytest.approx(
        [0.4, 0.4, 0.25, 0.1, 0.1]
    )


def test_each_task_finds_its_own_best_action() -> None:
    """A bandit: the reward falls with the square of the distance to the task's own point."""
    best = np.array([0.3, 0.5, 0.7])
    rng = np.random.default_rng(0)
    spec = small_spec(hidden=(32, 32), activation="relu", actor_lr=1e-3, critic_lr=1e-2)
    learner = Ddpg(spec, OBSERVATION, ACTION, range(TASKS))
    for _ in range(200):
        action = rng.random((TASKS, 32, ACTION))
        seen = rng.random((TASKS, 32, OBSERVATION))
        reward = -((action - best[:, None, None]) ** 2).sum(-1)
        learner.update(DdpgBatch(seen, action, reward, seen, np.zeros((TASKS, 32)), np.ones((TASKS, 32))))
    chosen = learner.act(rng.random((TASKS, 64, OBSERVATION))).mean(axis=(1, 2))
    np.testing.assert_allclose(chosen, best, atol=0.1)
