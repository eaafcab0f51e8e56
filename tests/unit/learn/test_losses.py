from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from cadran.learn import LearnerSpec
from cadran.learn.losses import (
    Heads,
    actor_loss,
    critic_loss,
    td_target,
    td_variance,
    temperature_loss,
    values_of_all,
)
from cadran.learn.networks import Params, actor_heads, squashed_sample
from cadran.learn.spectral import new_vectors, normalised

from .samples import (
    ACTION,
    AGENTS,
    KINDS,
    SIZE,
    float64_params,
    float64_transitions,
    normal,
    small_learner,
    small_shape,
)

EVERYONE = torch.arange(AGENTS)
BETA = torch.tensor([0.1, 0.2, 0.4], dtype=torch.float64)


def assert_gradient(params: Params, loss: Callable[[], torch.Tensor]) -> None:
    """Autograd against central differences, coordinate by coordinate."""
    gradients = torch.autograd.grad(loss(), list(params.values()))
    step = 1e-6
    for (name, param), gradient in zip(params.items(), gradients, strict=True):
        flat = param.detach().view(-1)
        for index in range(flat.numel()):
            kept = flat[index].item()
            flat[index] = kept + step
            above = loss().item()
            flat[index] = kept - step
            below = loss().item()
            flat[index] = kept
            expected = (above - below) / (2 * step)
            assert gradient.view(-1)[index].item() == pytest.approx(expected, abs=2e-8, rel=1e-6), name


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_gradient_of_the_critic_loss(activation: str, layer_norm: bool) -> None:
    shape = small_shape(activation, layer_norm)
    _, critic = float64_params(shape)
    data, target = float64_transitions(shape), normal(1, AGENTS, SIZE)
    assert_gradient(critic, lambda: critic_loss(shape, critic, data, target).total)


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_gradient_of_the_actor_loss(activation: str, layer_norm: bool) -> None:
    shape = small_shape(activation, layer_norm)
    actor, critic = float64_params(shape)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    assert_gradient(actor, lambda: actor_loss(shape, actor, critic, BETA, EVERYONE, data, noise).total)


def test_gradient_of_the_losses_of_a_joint_critic() -> None:
    shape = replace(small_shape(), joint=True)
    actor, critic = float64_params(shape)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    target = normal(1, AGENTS, SIZE)
    assert_gradient(critic, lambda: critic_loss(shape, critic, data, target).total)
    assert_gradient(actor, lambda: actor_loss(shape, actor, critic, BETA, EVERYONE, data, noise).total)


def test_gradient_of_the_losses_with_dropout() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    data, noise, target = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION), normal(1, AGENTS, SIZE)
    own = [(normal(AGENTS, SIZE, units, seed=units) > 0) * 2.0 for units in shape.hidden]
    pooled = [(normal(2, AGENTS * SIZE, units, seed=units) > 0) * 2.0 for units in shape.hidden]
    assert_gradient(critic, lambda: critic_loss(shape, critic, data, target, pooled).total)
    assert_gradient(actor, lambda: actor_loss(shape, actor, critic, BETA, EVERYONE, data, noise, own).total)


def test_gradient_of_the_losses_with_spectral_norm() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    data, noise, target = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION), normal(1, AGENTS, SIZE)
    generator = torch.Generator().manual_seed(0)
    kept = [new_vectors(params, generator) for params in (actor, critic)]
    assert_gradient(critic, lambda: critic_loss(shape, normalised(critic, kept[1]), data, target).total)
    assert_gradient(
        actor,
        lambda: actor_loss(shape, normalised(actor, kept[0]), critic, BETA, EVERYONE, data, noise).total,
    )


def test_gradient_of_the_actor_loss_with_a_teacher() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    slow, _ = float64_params(shape, seed=9)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    with torch.no_grad():
        teacher = Heads(*actor_heads(shape, slow, data.observation[0]))

    def loss(weight: float) -> torch.Tensor:
        return actor_loss(
            shape, actor, critic, BETA, EVERYONE, data, noise, teacher=teacher, distillation=weight
        ).total

    assert_gradient(actor, lambda: loss(0.3))
    mine = actor_heads(shape, actor, data.observation[0])
    independent = torch.distributions.kl_divergence(
        torch.distributions.Normal(teacher.mean, teacher.log_std.exp()),
        torch.distributions.Normal(mine[0], mine[1].exp()),
    )
    expected = 0.3 * independent.sum(-1).mean(1).sum()
    assert (loss(0.3) - loss(0.0)).item() == pytest.approx(expected.item(), rel=1e-9)


def test_some_actors_are_judged_as_they_are_among_all() -> None:
    for joint in (False, True):
        shape = replace(small_shape(), joint=joint)
        actor, critic = float64_params(shape)
        data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
        everyone = actor_loss(shape, actor, critic, BETA, EVERYONE, data, noise)
        some = torch.tensor([0, 2])
        own = {name: tensor[some] for name, tensor in actor.items()}
        few = actor_loss(shape, own, critic, BETA, some, data, noise)
        torch.testing.assert_close(few.per_agent, everyone.per_agent[some], rtol=1e-12, atol=1e-12)


def test_gradient_of_the_temperature_loss() -> None:
    log_beta = {"log_beta": normal(AGENTS).requires_grad_()}
    log_prob = normal(AGENTS, SIZE, seed=9)
    assert_gradient(log_beta, lambda: temperature_loss(log_beta["log_beta"], log_prob, -1.7))


def test_losses_are_their_formulas() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    _, slow = float64_params(shape, seed=7)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    target = td_target(shape, actor, slow, BETA, data, noise, gamma=0.9)
    judged = critic_loss(shape, critic, data, target)
    acted = actor_loss(shape, actor, critic, BETA, EVERYONE, data, noise)
    with torch.no_grad():

        def sample(observation: torch.Tensor) -> tuple[torch.Tensor, np.ndarray]:
            action, log_prob = squashed_sample(*actor_heads(shape, actor, observation[0]), noise[0])
            return action.unsqueeze(0), log_prob.numpy()

        next_action, next_log_prob = sample(data.next_observation)
        action, log_prob = sample(data.observation)

        def q(params: Params, observation: torch.Tensor, chosen: torch.Tensor) -> np.ndarray:
            return values_of_all(shape, params, observation, chosen)[0].numpy()

        next_value = q(slow, data.next_observation, next_action)
        value = q(critic, data.observation, data.action)
        on_policy = q(critic, data.observation, action)
    beta = BETA.numpy()
    total, per_agent = 0.0, np.zeros(AGENTS)
    for i in range(AGENTS):
        for b in range(SIZE):
            soft = min(next_value[0, i, b], next_value[1, i, b]) - beta[i] * next_log_prob[i, b]
            y = float(data.reward[0, i, b]) + 0.9 * float(data.discount[0, i, b]) * soft
            assert target[0, i, b].item() == pytest.approx(y, rel=1e-12)
            total += sum(0.5 * (value[j, i, b] - y) ** 2 for j in range(2)) / (AGENTS * SIZE)
            error = y - min(value[0, i, b], value[1, i, b])
            assert judged.td_error[0, i, b].item() == pytest.approx(error, rel=1e-9)
            per_agent[i] += (beta[i] * log_prob[i, b] - on_policy[:, i, b].min()) / SIZE
    assert judged.total.item() == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(acted.per_agent.numpy(), per_agent, rtol=1e-12)
    assert acted.total.item() == pytest.approx(per_agent.sum(), rel=1e-12)


def test_no_agent_feels_another_agents_loss() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    data, noise = float64_transitions(shape), normal(1, AGENTS, SIZE, ACTION)
    both = []
    for beta_of_the_last in (0.4, 40.0):
        beta = torch.tensor([0.1, 0.2, beta_of_the_last], dtype=torch.float64)
        loss = actor_loss(shape, actor, critic, beta, EVERYONE, data, noise).total
        both.append(torch.autograd.grad(loss, list(actor.values())))
    for first, second in zip(*both, strict=True):
        assert torch.equal(first[:2], second[:2])
        assert not torch.equal(first[2], second[2])


def test_td_variance_is_the_unbiased_variance_per_agent() -> None:
    errors = normal(AGENTS, SIZE)
    np.testing.assert_allclose(td_variance(errors).numpy(), np.var(errors.numpy(), axis=1, ddof=1))


def test_target_entropy_is_minus_one_per_dimension_moved_to_the_unit_interval() -> None:
    # a = (t + 1) / 2 maps (-1, 1) to (0, 1) and takes log 2 of entropy from each dimension.
    assert LearnerSpec().target_entropy_per_dim == pytest.approx(-1.0 - math.log(2.0))
    assert small_learner(LearnerSpec()).target_entropy == pytest.approx(-1.6931472 * ACTION)


@pytest.mark.parametrize(("entropy", "sign"), [(-3.0, -1.0), (0.0, 1.0), (-1.7, 0.0)])
def test_temperature_rises_below_the_target_entropy_and_falls_above(entropy: float, sign: float) -> None:
    log_beta = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    log_prob = torch.full((1, SIZE), -entropy, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(temperature_loss(log_beta, log_prob, -1.7), log_beta)
    # Gradient descent: a negative gradient raises the temperature.
    assert np.sign(round(gradient.item(), 9)) == sign
