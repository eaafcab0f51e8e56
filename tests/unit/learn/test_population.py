from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from cadran.learn import Batch, CheckpointError, LearnerSpec, Population

from .samples import ACTION, AGENTS, OBSERVATION, SIZE, random_batch, small_spec, tasam_spec

STRUCTURES: list[dict[str, object]] = [
    {},
    {"dropout": 0.1},
    {"spectral_norm": True},
    {"activation": "crelu", "reset_every_updates": 3},
    {"distillation": 0.1},
    {"critic": "joint"},
]
SEEDS = (3, 4, 5, 6, 7)


def runs_that_differ(structure: dict[str, object]) -> list[LearnerSpec]:
    """Methods that may share a program: none of them has other tensors than the rest."""

    def with_sam(actor_rho: float, critic_rho: float, gate: str) -> LearnerSpec:
        spec = tasam_spec(actor_rho, critic_rho, gate=gate)
        return LearnerSpec.model_validate(spec.model_dump() | structure)

    return [
        small_spec(**structure),
        with_sam(0.05, 0.05, "td_variance"),
        with_sam(0.05, 0.0, "none"),
        small_spec(**structure, l2=1e-2),
        small_spec(**structure, td_variance_lr=True),
    ]


def joined(batches: list[Batch]) -> Batch:
    return Batch(*(np.stack([getattr(b, f.name) for b in batches]) for f in fields(Batch)))


def population(specs: list[LearnerSpec], seeds: tuple[int, ...], dtype: torch.dtype) -> Population:
    return Population(specs, AGENTS, OBSERVATION, ACTION, seeds, dtype=dtype)


def train_all(learners: Population, streams: list[int], updates: int) -> list[list[str]]:
    """Each run sees its own stream of batches; returns the metrics as text, by update and run."""
    rngs = [np.random.default_rng(stream) for stream in streams]
    return [
        [repr(row) for row in learners.update(joined([random_batch(rng) for rng in rngs]))]
        for _ in range(updates)
    ]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_runs_trained_together_equal_runs_trained_alone_bit_for_bit(structure: dict[str, object]) -> None:
    specs = runs_that_differ(structure)
    together = population(specs, SEEDS, torch.float32)
    rows = train_all(together, list(SEEDS), 8)
    actors = together.actors()
    one_batch = random_batch(np.random.default_rng(99))
    sharpness = together.curvature(joined([one_batch] * len(SEEDS)))
    for run, (spec, seed) in enumerate(zip(specs, SEEDS, strict=True)):
        alone = population([spec], (seed,), torch.float32)
        assert [row[0] for row in train_all(alone, [seed], 8)] == [row[run] for row in rows]
        for name, tensor in alone.actors().items():
            assert np.array_equal(tensor[0], actors[name][run]), name
        assert alone.gradient_evaluations[0] == together.gradient_evaluations[run]
        own = alone.curvature(joined([one_batch]))
        # Second derivatives round by their place in the stack; the search stops at 0.1 %.
        np.testing.assert_allclose(own.critic[0], sharpness.critic[run], rtol=5e-3)
        np.testing.assert_allclose(own.actor[0], sharpness.actor[run], rtol=5e-3)


def test_only_runs_of_one_program_train_together() -> None:
    with pytest.raises(ValueError, match="train them apart"):
        population([small_spec(), small_spec(dropout=0.1)], (0, 1), torch.float32)
    with pytest.raises(ValueError, match="1 specifications for 2 seeds"):
        population([small_spec()], (0, 1), torch.float32)
    assert small_spec(l2=0.1).program == tasam_spec().program != small_spec(lr=0.1).program


def test_gradient_evaluations_count_second_passes() -> None:
    learners = population(
        [small_spec(), tasam_spec(gate="none"), tasam_spec(critic_rho=0.0)], (0, 1, 2), torch.float32
    )
    batches = joined([random_batch(np.random.default_rng(seed)) for seed in range(3)])
    rows = learners.update(batches)
    plain = AGENTS + 2
    expected = [plain, 2 * plain, plain + int(rows[2].sam_on.sum())]
    assert learners.gradient_evaluations.tolist() == expected


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_population_resumes_bit_for_bit(structure: dict[str, object]) -> None:
    specs = runs_that_differ(structure)
    first = population(specs, SEEDS, torch.float32)
    train_all(first, list(SEEDS), 5)
    second = population(specs, (0, 0, 0, 0, 0), torch.float32)
    second.load_state(first.state_bytes())
    assert train_all(first, [1] * 5, 3) == train_all(second, [1] * 5, 3)
    assert first.state_bytes() == second.state_bytes()
    with pytest.raises(CheckpointError):
        population(specs[:2], (0, 0), torch.float32).load_state(first.state_bytes())


def test_acting_is_the_actors_own_inference() -> None:
    learners = population(
        runs_that_differ({"activation": "crelu", "spectral_norm": True}), SEEDS, torch.float32
    )
    train_all(learners, list(SEEDS), 4)
    rng = np.random.default_rng(0)
    observation = rng.random((5, AGENTS, 7, OBSERVATION), dtype=np.float32)
    noise = rng.standard_normal((5, AGENTS, 7, ACTION), dtype=np.float32)
    means, samples = learners.act(observation), learners.act(observation, noise)
    from cadran.policy import decode

    for run in range(5):
        for agent in range(AGENTS):
            data = learners.artifact(run, agent, version=1, created_unix_s=0.0, problem={}, effective_frame=0)
            actor = decode(data)[1]
            np.testing.assert_allclose(actor.mean(observation[run, agent]), means[run, agent], atol=1e-5)
            sampled = actor.sample(observation[run, agent], noise[run, agent])
            np.testing.assert_allclose(sampled, samples[run, agent], atol=1e-5)


def test_spectral_norm_makes_the_actors_hidden_layers_contract() -> None:
    learners = population([small_spec(spectral_norm=True, lr=3e-2)], (0,), torch.float32)
    train_all(learners, [0], 60)
    for name, tensor in learners.actors().items():
        if name.startswith("layers.") and name.endswith("weight") and tensor.ndim == 4:
            largest = np.linalg.svd(tensor[0], compute_uv=False)[:, 0]
            np.testing.assert_allclose(largest, 1.0, atol=0.05)


def test_a_reset_draws_the_head_anew_and_keeps_the_encoder() -> None:
    learners = population([small_spec(reset_every_updates=2)], (0,), torch.float32)
    points = []
    for _ in range(3):
        train_all(learners, [0], 1)
        points.append(learners.actors())
    one, two, three = points
    assert np.abs(three["layers.0.weight"] - two["layers.0.weight"]).max() < 0.01
    assert np.abs(three["layers.1.weight"] - two["layers.1.weight"]).max() > 0.05
    # What learned until the reset is there to be examined.
    assert np.abs(two["layers.1.weight"] - one["layers.1.weight"]).max() < 0.01


def test_a_joint_critic_sees_the_others_and_a_shared_one_does_not() -> None:
    for critic, sees in (("joint", True), ("shared", False)):
        one, two = (population([small_spec(critic=critic)], (0,), torch.float32) for _ in range(2))
        batch = joined([random_batch(np.random.default_rng(0))])
        other = joined([random_batch(np.random.default_rng(0))])
        other.action[0, AGENTS - 1] = 1.0 - other.action[0, AGENTS - 1]
        losses = one.update(batch)[0].actor_loss, two.update(other)[0].actor_loss
        assert (losses[0][0] != losses[1][0]) == sees


def test_a_larger_td_variance_shortens_the_step() -> None:
    batch = joined([random_batch(np.random.default_rng(0), size=SIZE)])
    plain, slowed = (population([small_spec(td_variance_lr=on)], (0,), torch.float64) for on in (False, True))
    start = plain.actors()
    variance = plain.update(batch)[0].td_variance
    slowed.update(batch)
    expected = np.minimum(1.0, variance.mean() / variance)
    for name, tensor in slowed.actors().items():
        full = plain.actors()[name] - start[name]
        share = expected.reshape(1, -1, *[1] * (tensor.ndim - 2))
        np.testing.assert_allclose(tensor - start[name], share * full, atol=1e-6)


@pytest.mark.parametrize("strength", [1e-3, 0.5])
def test_l2_pulls_by_its_gradient(strength: float) -> None:
    batch = joined([random_batch(np.random.default_rng(0))])
    plain, pulled = (
        population([small_spec(l2=weight, grad_clip_norm=1e9)], (0,), torch.float64)
        for weight in (0.0, strength)
    )
    expected = {}
    for learners in (plain, pulled):
        learners.update(batch)
        moments = learners._state.actor_optimiser.moments()
        expected[learners] = {name: parts["exp_avg"].numpy() / 0.1 for name, parts in moments.items()}
    fresh = population([small_spec()], (0,), torch.float64)._state.actor
    for name, gradient in expected[plain].items():
        weights = fresh[name].detach().numpy()
        np.testing.assert_allclose(expected[pulled][name], gradient + strength * weights, atol=1e-9)
