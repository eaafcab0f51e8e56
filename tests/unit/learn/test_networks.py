from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from cadran.learn.losses import values_of_all
from cadran.learn.networks import (
    actor_heads,
    actor_shapes,
    features,
    initialise,
    squashed_log_prob,
    squashed_sample,
)
from cadran.policy import Actor, decode

from .samples import (
    ACTION,
    AGENTS,
    KINDS,
    OBSERVATION,
    SIZE,
    float64_params,
    float64_transitions,
    normal,
    small_learner,
    small_shape,
    small_spec,
    train,
)


@pytest.mark.parametrize(("mean", "log_std"), [(0.0, 0.0), (1.5, -1.0), (-2.0, 0.7), (0.3, 1.5)])
def test_density_of_a_squashed_gaussian_integrates_to_one(mean: float, log_std: float) -> None:
    action = (torch.arange(400_000, dtype=torch.float64) + 0.5) / 400_000
    logit = torch.logit(action).unsqueeze(1)
    std = torch.full_like(logit, log_std)
    density = squashed_log_prob(logit, (logit - mean) / std.exp(), std).exp()
    assert density.mean().item() == pytest.approx(1.0, abs=1e-3)


def test_log_density_is_that_of_the_change_of_variables() -> None:
    logit, noise, log_std = normal(5, 3, seed=3) * 4, normal(5, 3), normal(5, 3, seed=4)
    action = torch.sigmoid(logit)
    gaussian = torch.distributions.Normal(logit - log_std.exp() * noise, log_std.exp()).log_prob(logit)
    expected = (gaussian - (action * (1 - action)).log()).sum(-1)
    torch.testing.assert_close(squashed_log_prob(logit, noise, log_std), expected, rtol=1e-10, atol=1e-10)


def test_log_density_stays_finite_at_the_ends() -> None:
    logit = torch.tensor([[-80.0, 80.0]])
    zero = torch.zeros_like(logit)
    assert squashed_log_prob(logit, zero, zero).isfinite().all()


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_stacked_networks_equal_one_after_another(activation: str, layer_norm: bool) -> None:
    shape = small_shape(activation, layer_norm)
    actor, critic = float64_params(shape)
    data, noise = float64_transitions(shape), normal(AGENTS, SIZE, ACTION)
    mean, log_std = actor_heads(shape, actor, data.observation[0])
    actions, log_prob = squashed_sample(mean, log_std, noise)
    for agent in range(AGENTS):
        mine = {name: tensor[agent : agent + 1] for name, tensor in actor.items()}
        one = slice(agent, agent + 1)
        heads = actor_heads(shape, mine, data.observation[0, one])
        action, density = squashed_sample(*heads, noise[one])
        torch.testing.assert_close(action, actions[one], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(density, log_prob[one], rtol=1e-12, atol=1e-12)
    values = values_of_all(shape, critic, data.observation, data.action)
    for twin in range(2):
        mine = {name: tensor[[twin, twin]] for name, tensor in critic.items()}
        alone = values_of_all(shape, mine, data.observation, data.action)
        torch.testing.assert_close(alone[0, 0], values[0, twin], rtol=1e-12, atol=1e-12)


def test_the_critic_is_told_which_agent_it_judges() -> None:
    shape = small_shape()
    _, critic = float64_params(shape)
    data = float64_transitions(shape)
    same = [part[:, :1].expand(-1, AGENTS, -1, -1) for part in (data.observation, data.action)]
    values = values_of_all(shape, critic, *same)
    assert not torch.allclose(values[:, :, 0], values[:, :, 1])


def test_first_actions_are_near_one_half_with_wide_noise() -> None:
    shape = small_shape("relu")
    params = initialise(actor_shapes(shape), torch.Generator().manual_seed(0), torch.float32)
    mean, log_std = actor_heads(shape, params, torch.rand(AGENTS, SIZE, OBSERVATION))
    assert (torch.sigmoid(mean) - 0.5).abs().max() < 0.02
    assert log_std.abs().max() < 0.1


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_numpy_inference_equals_torch(activation: str, layer_norm: bool) -> None:
    learner = small_learner(small_spec(activation=activation, layer_norm=layer_norm, lr=3e-2))
    train(learner, 30)
    rng = np.random.default_rng(3)
    observation = rng.standard_normal((AGENTS, 20, OBSERVATION), dtype=np.float32)
    noise = rng.standard_normal((AGENTS, 20, ACTION), dtype=np.float32)
    stacked = {
        name: torch.from_numpy(np.stack([learner.actor_tensors(i)[name] for i in range(AGENTS)]))
        for name in learner.actor_tensors(0)
    }
    with torch.no_grad():
        heads = actor_heads(learner.shape, stacked, torch.from_numpy(observation))
        mean = torch.sigmoid(heads[0])
        sampled, _ = squashed_sample(*heads, torch.from_numpy(noise))
    for agent in range(AGENTS):
        actor: Actor
        meta, actor = decode(
            learner.artifact(agent, version=7, created_unix_s=1.0, problem={"action": "x"}, effective_frame=9)
        )
        assert (meta.du, meta.version, meta.updates, meta.effective_frame) == (agent, 7, 30, 9)
        np.testing.assert_allclose(actor.mean(observation[agent]), mean[agent], atol=1e-5)
        np.testing.assert_allclose(actor.sample(observation[agent], noise[agent]), sampled[agent], atol=1e-5)
        for row in range(20):
            single = actor.sample(observation[agent, row], noise[agent, row])
            np.testing.assert_allclose(single, sampled[agent, row], atol=1e-5)


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_dropout_keeps_the_mean_of_every_hidden_unit(activation: str, layer_norm: bool) -> None:
    shape = replace(small_shape(activation, layer_norm), hidden=(6,))
    params = {name: 3.0 * tensor for name, tensor in float64_params(shape)[0].items()}
    observation = normal(shape.agents, 1, OBSERVATION)
    kept, dropped = torch.full((shape.agents, 1, 6), 1.0 / 0.9, dtype=torch.float64), torch.zeros(1)
    ends = [features(shape, params, observation, [mask.expand_as(kept)]) for mask in (kept, dropped)]
    torch.testing.assert_close(0.9 * ends[0] + 0.1 * ends[1], features(shape, params, observation))
