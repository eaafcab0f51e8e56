from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn import CheckpointError, Networks
from cadran.learn.ddpg import actions, policy_tensors
from cadran.policy import Actor, PolicyMeta, decode, encode

from .samples import ACTION, KINDS, OBSERVATION, TASKS, lively_networks, same_networks, small_shape


def meta_of(activation: str, layer_norm: bool) -> PolicyMeta:
    return PolicyMeta(
        du=0,
        version=1,
        created_unix_s=0.0,
        observation_dim=OBSERVATION,
        action_dim=ACTION,
        hidden=(6, 5),
        activation=activation,
        layer_norm=layer_norm,
        problem={},
        log_std_min=-20.0,
    )


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_the_policy_artefact_acts_as_the_stacked_actor(activation: str, layer_norm: bool) -> None:
    shape = small_shape(activation, layer_norm)
    networks = lively_networks(shape)
    observation = np.random.default_rng(0).normal(size=(TASKS, 7, OBSERVATION)).astype(np.float32)
    together = actions(shape, networks.actor, observation)
    for task in range(TASKS):
        blob = encode(meta_of(activation, layer_norm), policy_tensors(networks.actor, task, 0.1))
        actor = decode(blob)[1]
        np.testing.assert_allclose(actor.mean(observation[task]), together[task], atol=2e-6)
        still = policy_tensors(networks.actor, task, 0.0)
        quiet = decode(encode(meta_of(activation, layer_norm), still))[1]
        noise = np.full((7, ACTION), 3.0)
        np.testing.assert_allclose(quiet.sample(observation[task], noise), together[task], atol=2e-6)


def test_an_artefact_in_the_middle_of_its_range_explores_with_the_standard_deviation_asked_for() -> None:
    shape = small_shape()
    networks = lively_networks(shape, tasks=1)
    for name in ("mean.weight", "mean.bias"):
        networks.actor[name].zero_()
    actor = Actor(meta_of("tanh", True), policy_tensors(networks.actor, 0, 0.05))
    noise = np.random.default_rng(0).standard_normal((4000, ACTION))
    spread = actor.sample(np.zeros((4000, OBSERVATION)), noise).std(axis=0)
    np.testing.assert_allclose(spread, 0.05, rtol=0.05)


def test_arrays_bring_the_same_networks_back() -> None:
    shape = small_shape()
    networks = lively_networks(shape)
    assert same_networks(Networks.from_arrays(shape, networks.arrays(), torch.float64), networks)


def test_arrays_of_other_networks_are_refused() -> None:
    arrays = lively_networks(small_shape()).arrays()
    with pytest.raises(CheckpointError, match="tensors that differ"):
        Networks.from_arrays(small_shape(layer_norm=False), arrays)
    with pytest.raises(CheckpointError, match="tensors that differ"):
        Networks.from_arrays(small_shape(), {})
    short = arrays | {"actor/mean.bias": arrays["actor/mean.bias"][:-1]}
    with pytest.raises(CheckpointError, match=r"actor/mean\.bias"):
        Networks.from_arrays(small_shape(), short)


def test_repeated_networks_share_no_memory() -> None:
    one = lively_networks(small_shape(), tasks=1)
    many = one.repeated(TASKS)
    assert many.tasks == TASKS
    for task in range(TASKS):
        assert same_networks(many.of_tasks([task]), one)
    many.actor["mean.bias"][0] += 1.0
    assert torch.equal(many.actor["mean.bias"][1], one.actor["mean.bias"][0])
    with pytest.raises(ValueError, match="cannot be repeated"):
        many.repeated(2)
