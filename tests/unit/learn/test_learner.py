from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.learn import Batch, CheckpointError, DivergedError, Learner, LearnerSpec, RhoSpec, SamSpec
from cadran.learn.losses import actor_loss
from cadran.learn.networks import Params
from cadran.learn.sam import clip_networks
from cadran.policy import decode

from .samples import (
    ACTION,
    AGENTS,
    SIZE,
    float64_params,
    float64_transitions,
    normal,
    random_batch,
    same,
    small_learner,
    small_shape,
    small_spec,
    tasam_spec,
    tensors_of,
    train,
)


def test_same_seed_gives_the_same_learner_bit_for_bit() -> None:
    first, second, other = (small_learner(tasam_spec(), seed) for seed in (1, 1, 2))
    assert train(first, 10) == train(second, 10)
    assert same(tensors_of(first), tensors_of(second))
    train(other, 10)
    assert not same(tensors_of(first), tensors_of(other))


def test_learning_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    train(small_learner(tasam_spec()), 3)
    assert torch.equal(torch.get_rng_state(), before)


def test_tasam_that_selects_nobody_is_sac_bit_for_bit() -> None:
    nobody = tasam_spec(critic_rho=0.0, td_var_mode="fixed", td_var_threshold=1e9)
    plain, gated = small_learner(small_spec()), small_learner(nobody)
    train(plain, 10)
    train(gated, 10)
    assert same(tensors_of(plain), tensors_of(gated))


def test_radius_zero_is_adam_bit_for_bit() -> None:
    growing = small_spec(method="tasam", sam=SamSpec(actor_rho=RhoSpec(start=0.0, final=1.0), gate="none"))
    plain, sam = small_learner(small_spec()), small_learner(growing)
    train(plain, 1)
    train(sam, 1)
    assert same(tensors_of(plain), tensors_of(sam))
    train(plain, 1, start=1)
    train(sam, 1, start=1)
    assert not same(tensors_of(plain), tensors_of(sam))


def test_an_agent_that_is_not_selected_takes_the_plain_adam_step() -> None:
    batch = random_batch(np.random.default_rng(0))
    plain = small_learner(small_spec())
    variances = np.sort(plain.update(batch).td_variance)
    spec = tasam_spec(critic_rho=0.0, td_var_mode="fixed", td_var_threshold=float(variances[1]))
    gated = small_learner(spec)
    metrics = gated.update(batch)
    assert metrics.sam_on.sum() == 2
    for agent in range(AGENTS):
        left, right = plain.actor_tensors(agent), gated.actor_tensors(agent)
        assert same(left, right) != metrics.sam_on[agent]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 4.0), st.floats(0.0, 4.0), st.sampled_from(["relative", "fixed"]))
def test_a_higher_threshold_selects_no_more_agents(one: float, two: float, mode: str) -> None:
    low, high = sorted((one, two))
    batch = random_batch(np.random.default_rng(0))
    selected = [
        small_learner(tasam_spec(td_var_mode=mode, td_var_threshold=t)).update(batch).sam_on
        for t in (low, high)
    ]
    assert not (selected[1] & ~selected[0]).any()


def test_relative_threshold_follows_the_running_mean_of_the_variance() -> None:
    learner = small_learner(tasam_spec(td_var_threshold=1.5, td_var_decay=0.9))
    rng = np.random.default_rng(0)
    mean = None
    for _ in range(5):
        metrics = learner.update(random_batch(rng))
        now = float(metrics.td_variance.mean())
        mean = now if mean is None else 0.9 * mean + 0.1 * now
        assert metrics.td_threshold == pytest.approx(1.5 * mean, rel=1e-5)
        assert (metrics.sam_on == (metrics.td_variance >= metrics.td_threshold)).all()
        assert set(metrics.actor_rho) <= {np.float32(0.0), np.float32(0.05)}


def test_stacked_steps_equal_separate_networks_with_separate_optimisers() -> None:
    shape = small_shape()
    actor, critic = float64_params(shape)
    data, beta = float64_transitions(shape), torch.full((AGENTS,), 0.1, dtype=torch.float64)

    def steps(params: Params, who: torch.Tensor, limit: float) -> Params:
        leaves = list(params.values())
        adam = torch.optim.Adam(leaves, lr=0.01)
        for step in range(5):
            noise = normal(1, AGENTS, SIZE, ACTION, seed=step)
            loss = actor_loss(shape, params, critic, beta, who, data, noise)
            clipped, _ = clip_networks(torch.autograd.grad(loss.total, leaves), limit)
            for leaf, gradient in zip(leaves, clipped, strict=True):
                leaf.grad = gradient
            adam.step()
        return params

    def copy(agents: slice) -> Params:
        return {name: t.detach()[agents].clone().requires_grad_() for name, t in actor.items()}

    together = steps(copy(slice(None)), torch.arange(AGENTS), 0.2)
    for i in range(AGENTS):
        alone = steps(copy(slice(i, i + 1)), torch.tensor([i]), 0.2)
        for name in together:
            torch.testing.assert_close(together[name][i : i + 1], alone[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("spec", [small_spec(), tasam_spec(), small_spec(beta_automatic=False)])
def test_a_resumed_run_equals_an_uninterrupted_one(spec: LearnerSpec) -> None:
    straight, first = small_learner(spec), small_learner(spec)
    expected = train(straight, 20)
    train(first, 10)
    resumed = small_learner(spec, seed=99)
    resumed.load_state(first.state_bytes())
    assert resumed.updates == 10
    assert train(resumed, 10, start=10) == expected[10:]
    assert same(tensors_of(resumed), tensors_of(straight))
    assert resumed.state_bytes() == straight.state_bytes()


def test_a_checkpoint_holds_every_part() -> None:
    names = {name.split("/")[0] for name in tensors_of(small_learner(small_spec()))}
    assert names == {
        "actor",
        "critic",
        "target_critic",
        "log_beta",
        "actor_adam",
        "critic_adam",
        "beta_adam",
        "td_variance_mean",
        "generator",
    }


def test_a_checkpoint_that_does_not_fit_changes_nothing() -> None:
    learner = small_learner(small_spec())
    train(learner, 3)
    good = learner.state_bytes()
    damaged = bytearray(good)
    damaged[len(good) // 2] ^= 1
    strangers = [
        small_learner(small_spec(hidden=(16, 16))),
        small_learner(small_spec(layer_norm=False)),
        small_learner(small_spec(activation="tanh")),
        small_learner(small_spec(), dtype=torch.float64),
        Learner(small_spec(), AGENTS + 1, 4, 2, 0),
    ]
    for data in (bytes(damaged), good[:-1], b"", *(other.state_bytes() for other in strangers)):
        with pytest.raises(CheckpointError) as caught:
            learner.load_state(data)
        assert "\n" not in str(caught.value)
        assert learner.state_bytes() == good


def test_loading_keeps_the_storage_of_every_tensor() -> None:
    learner = small_learner(small_spec())
    live = learner._one._state.tensors()
    pointers = {name: tensor.data_ptr() for name, tensor in live.items()}
    train(learner, 2)
    learner.load_state(learner.state_bytes())
    train(learner, 2)
    assert {name: tensor.data_ptr() for name, tensor in learner._one._state.tensors().items()} == pointers


def test_an_actor_can_be_taken_out_and_put_back() -> None:
    learner, other = small_learner(small_spec()), small_learner(small_spec(), seed=5)
    other.load_actor(1, learner.actor_tensors(1))
    assert same(other.actor_tensors(1), learner.actor_tensors(1))
    assert not same(other.actor_tensors(0), learner.actor_tensors(0))
    short = learner.actor_tensors(1)
    short["mean.bias"] = np.zeros(3, np.float32)
    with pytest.raises(CheckpointError, match=r"mean\.bias"):
        other.load_actor(0, short)


def test_a_batch_of_the_wrong_shape_is_refused_and_changes_nothing() -> None:
    learner = small_learner(small_spec())
    before, good = learner.state_bytes(), random_batch(np.random.default_rng(0))
    wrong: list[Batch] = [
        replace(good, observation=good.observation[:, :, :-1]),
        replace(good, action=good.action[:-1]),
        replace(good, discount=good.discount[:, :-1]),
        random_batch(np.random.default_rng(0), size=1),
    ]
    for batch in wrong:
        with pytest.raises(ValueError, match="has shape"):
            learner.update(batch)
    assert learner.state_bytes() == before


def test_values_that_are_not_finite_stop_learning() -> None:
    learner = small_learner(small_spec())
    batch = random_batch(np.random.default_rng(0))
    with pytest.raises(DivergedError, match="not finite"):
        learner.update(replace(batch, reward=np.full_like(batch.reward, np.nan)))


@pytest.mark.parametrize("spec", [small_spec(), tasam_spec(0.02, 0.02)])
def test_a_bandit_with_a_known_optimum_is_solved(spec: LearnerSpec) -> None:
    """One state, one step: reward -|a - a*|^2 with another a* for each agent."""
    best = np.array([[0.2, 0.8], [0.7, 0.5], [0.4, 0.15]], dtype=np.float32)
    learner = small_learner(spec.model_copy(update={"hidden": (64, 64), "lr": 3e-3, "beta_initial": 0.01}))
    rng = np.random.default_rng(0)
    observation = np.ones((AGENTS, 64, 4), np.float32)
    for _ in range(300):
        action = rng.random((AGENTS, 64, ACTION), dtype=np.float32)
        reward = -np.square(action - best[:, None]).sum(-1)
        learner.update(Batch(observation, action, reward, observation, np.zeros((AGENTS, 64))))
    for agent in range(AGENTS):
        data = learner.artifact(agent, version=1, created_unix_s=0.0, problem={}, effective_frame=0)
        assert np.abs(decode(data)[1].mean(observation[agent, 0]) - best[agent]).max() < 0.1
