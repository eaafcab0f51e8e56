from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.losses import actor_loss, critic_loss, td_target, td_variance
from cadran.learn.ddpg.networks import DdpgShape, act, judge, logits
from cadran.learn.networks import Params

from .samples import KINDS, SIZE, TASKS, changed, float64_rows, lively_networks, random_batch, small_shape


def leaves(params: Params) -> Params:
    return {name: tensor.clone().requires_grad_() for name, tensor in params.items()}


def difference_quotient(loss: object, params: Params, direction: Params, step: float = 1e-6) -> float:
    ends = []
    for sign in (1.0, -1.0):
        moved = {name: tensor.detach() + sign * step * direction[name] for name, tensor in params.items()}
        ends.append(float(loss(moved).total))  # type: ignore[operator]
    return (ends[0] - ends[1]) / (2.0 * step)


def directions(params: Params, seed: int = 3) -> Params:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(t.shape, generator=generator, dtype=torch.float64) for name, t in params.items()
    }


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_the_gradients_are_those_of_finite_differences(activation: str, layer_norm: bool) -> None:
    shape = small_shape(activation, layer_norm)
    networks = lively_networks(shape)
    rows = float64_rows(shape, random_batch(1, masked=0.3))
    target = td_target(shape, networks.target_actor, networks.target_critic, rows, 0.9)
    for params, loss in (
        (networks.critic, lambda critic: critic_loss(shape, critic, rows, target)),
        (networks.actor, lambda actor: actor_loss(shape, actor, networks.critic, rows, 0.1)),
    ):
        here, direction = leaves(params), directions(params)
        gradients = torch.autograd.grad(loss(here).total, list(here.values()))
        along = sum(
            float((gradient * direction[name]).sum()) for name, gradient in zip(here, gradients, strict=True)
        )
        assert along == pytest.approx(difference_quotient(loss, here, direction), rel=1e-6, abs=1e-9)


def rows_of(shape: DdpgShape, size: int = SIZE) -> Rows:
    return float64_rows(shape, random_batch(1, size=size))


def test_the_target_bootstraps_from_the_slow_copies_alone_and_has_no_gradient() -> None:
    shape = small_shape()
    networks = lively_networks(shape)
    rows = rows_of(shape)
    slow_actor, slow_critic = leaves(networks.target_actor), leaves(networks.target_critic)
    target = td_target(shape, slow_actor, slow_critic, rows, 0.9)
    action = act(shape, slow_actor, rows.next_observation)
    expected = rows.reward + 0.9 * rows.discount * judge(shape, slow_critic, rows.next_observation, action)
    assert torch.equal(target, expected)
    assert not target.requires_grad


def test_the_losses_are_weighted_means_of_squared_errors_and_of_negated_values_and_squared_logits() -> None:
    shape = small_shape()
    networks = lively_networks(shape)
    batch = random_batch(1)
    rows = float64_rows(shape, batch)
    target = torch.zeros_like(rows.reward)
    loss = critic_loss(shape, networks.critic, rows, target)
    value = judge(shape, networks.critic, rows.observation, rows.action).numpy()
    np.testing.assert_allclose(
        loss.per_task.numpy(), np.average(value**2, axis=1, weights=batch.weight), rtol=1e-12
    )
    own = judge(shape, networks.critic, rows.observation, act(shape, networks.actor, rows.observation))
    pull = logits(shape, networks.actor, rows.observation).square().mean(-1).numpy()
    np.testing.assert_allclose(
        actor_loss(shape, networks.actor, networks.critic, rows, 0.1).per_task.numpy(),
        np.average(0.1 * pull - own.numpy(), axis=1, weights=batch.weight),
        rtol=1e-12,
    )


def test_the_variance_is_that_of_the_rows_with_their_weights_as_frequencies() -> None:
    shape = small_shape()
    frequency = np.array([[1, 2, 0, 3, 1, 1]] * TASKS)
    rows = float64_rows(shape, changed(random_batch(1), weight=frequency))
    errors = np.random.default_rng(0).normal(size=(TASKS, SIZE))
    expected = [np.var(np.repeat(errors[task], frequency[task])) for task in range(TASKS)]
    np.testing.assert_allclose(td_variance(rows, torch.tensor(errors)).numpy(), expected, rtol=1e-12)


def test_a_masked_row_counts_as_if_it_were_not_there() -> None:
    shape = small_shape()
    networks = lively_networks(shape)
    batch = random_batch(1)
    weight = np.array(batch.weight)
    weight[:, -2:] = 0.0
    masked = float64_rows(shape, changed(batch, weight=weight))
    short = float64_rows(
        shape, changed(batch, **{name: array[:, :-2] for name, array in vars(batch).items()})
    )
    for rows in (masked, short):
        target = td_target(shape, networks.target_actor, networks.target_critic, rows, 0.9)
        loss = critic_loss(shape, networks.critic, rows, target)
        found = torch.stack(
            [
                loss.per_task,
                td_variance(rows, loss.td_error),
                actor_loss(shape, networks.actor, networks.critic, rows, 0.1).per_task,
            ]
        )
        if rows is masked:
            expected = found
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_task_without_weight_has_a_loss_and_a_gradient_of_zero() -> None:
    shape = small_shape()
    networks = lively_networks(shape)
    batch = random_batch(1)
    weight = np.array(batch.weight)
    weight[1] = 0.0
    rows = float64_rows(shape, changed(batch, weight=weight))
    critic = leaves(networks.critic)
    loss = critic_loss(shape, critic, rows, torch.ones_like(rows.reward))
    assert loss.per_task[1] == 0.0
    for gradient in torch.autograd.grad(loss.total, list(critic.values())):
        assert not gradient[1].any()
        assert gradient[0].isfinite().all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"reward": np.zeros((TASKS, SIZE + 1))}, "batch observation has shape"),
        ({"action": np.zeros((TASKS, SIZE, 9))}, "batch action has shape"),
        ({"weight": np.full((TASKS, SIZE), -1.0)}, "batch weight has -1.0, must be 0 or more"),
        ({name: np.zeros((TASKS, 0)) for name in ("reward", "discount", "weight")}, "has shape"),
    ],
)
def test_a_bad_batch_is_refused_in_one_line(arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        float64_rows(small_shape(), changed(random_batch(1), **arrays))
