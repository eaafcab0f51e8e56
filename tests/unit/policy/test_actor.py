from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from cadran.policy import Actor, noise

from .conftest import Made

KINDS = [("relu", True), ("relu", False), ("tanh", True), ("tanh", False)]

DIGEST_PROGRAM = """
import hashlib, sys
import numpy as np
from cadran.policy import load, noise
meta, actor = load(__import__("pathlib").Path(sys.argv[1]))
rng = np.random.default_rng(1)
digest = hashlib.sha256()
for frame in range(50):
    observation = rng.standard_normal(meta.observation_dim, dtype=np.float32)
    digest.update(actor.mean(observation).tobytes())
    digest.update(actor.sample(observation, noise(3, meta.du, frame, meta.action_dim)).tobytes())
print(digest.hexdigest())
"""


def reference(meta_tensors: Made, observation: np.ndarray, eps: np.ndarray | None) -> np.ndarray:
    """The formula of the actor, one line a step, in float64."""
    meta, tensors = meta_tensors
    t = {name: value.astype(np.float64) for name, value in tensors.items()}
    x = observation.astype(np.float64)
    for i in range(len(meta.hidden)):
        x = x @ t[f"layers.{i}.weight"] + t[f"layers.{i}.bias"]
        if meta.layer_norm:
            x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
            x = x * t[f"layers.{i}.norm.weight"] + t[f"layers.{i}.norm.bias"]
        x = np.tanh(x) if meta.activation == "tanh" else np.maximum(x, 0)
    u = x @ t["mean.weight"] + t["mean.bias"]
    if eps is not None:
        log_std = np.clip(x @ t["log_std.weight"] + t["log_std.bias"], meta.log_std_min, meta.log_std_max)
        u = u + np.exp(log_std) * eps
    return 1 / (1 + np.exp(-u))


@pytest.mark.parametrize(("activation", "layer_norm"), KINDS)
def test_actor_is_its_formula_single_and_batched(
    make_policy: Callable[..., Made], activation: str, layer_norm: bool
) -> None:
    made = make_policy(
        observation_dim=27, action_dim=3, hidden=(64, 32), activation=activation, layer_norm=layer_norm
    )
    actor = Actor(*made)
    rng = np.random.default_rng(0)
    observations = rng.standard_normal((4, 6, 27), dtype=np.float32)
    eps = rng.standard_normal((4, 6, 3), dtype=np.float32)
    np.testing.assert_allclose(actor.mean(observations), reference(made, observations, None), atol=1e-5)
    np.testing.assert_allclose(actor.sample(observations, eps), reference(made, observations, eps), atol=1e-5)
    for index in np.ndindex(4, 6):
        single = actor.sample(observations[index], eps[index])
        np.testing.assert_allclose(single, reference(made, observations[index], eps[index]), atol=1e-5)
        assert single.dtype == np.float32


def test_zero_noise_is_the_mean(make_policy: Callable[..., Made]) -> None:
    actor = Actor(*make_policy())
    observation = np.ones(5, np.float32)
    assert np.array_equal(actor.mean(observation), actor.sample(observation, np.zeros(2, np.float32)))


def test_results_are_fresh_and_weights_are_copied(make_policy: Callable[..., Made]) -> None:
    meta, tensors = make_policy()
    actor = Actor(meta, tensors)
    observation = np.ones(5, np.float32)
    first = actor.mean(observation)
    kept = first.copy()
    for tensor in tensors.values():
        tensor[:] = 0
    actor.mean(-observation)
    assert np.array_equal(first, kept)
    assert np.array_equal(actor.mean(observation), kept)
    assert np.array_equal(observation, np.ones(5, np.float32))


def test_actions_stay_inside_the_open_interval(make_policy: Callable[..., Made]) -> None:
    meta, tensors = make_policy()
    actor = Actor(meta, {name: tensor * 1e6 for name, tensor in tensors.items()})
    observations = np.random.default_rng(0).standard_normal((50, 5), dtype=np.float32)
    actions = np.stack([actor.sample(observation, np.full(2, 4.0)) for observation in observations])
    assert (actions > 0).all()
    assert (actions < 1).all()


def test_wrong_lengths_are_named(make_policy: Callable[..., Made]) -> None:
    actor = Actor(*make_policy())
    with pytest.raises(ValueError, match="last axis must be 5"):
        actor.mean(np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="last axis must be 2"):
        actor.sample(np.zeros(5, np.float32), np.zeros(3, np.float32))


def test_single_decisions_have_the_same_bits_in_every_process(
    make_policy: Callable[..., Made], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from cadran.policy import encode, save

    meta, tensors = make_policy(
        observation_dim=206, action_dim=200, hidden=(300, 400, 400), activation="tanh"
    )
    path = save(tmp_path_factory.mktemp("policy"), encode(meta, tensors))
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST_PROGRAM, str(path)],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(digests) == 1


def test_noise_is_a_function_of_its_coordinates() -> None:
    assert np.array_equal(noise(5, 2, 100, 3), noise(5, 2, 100, 3))
    draws = {noise(seed, du, frame, 3).tobytes() for seed in (1, 2) for du in (0, 1) for frame in range(50)}
    assert len(draws) == 200
    assert np.array_equal(noise(5, 2, 100, 2), noise(5, 2, 100, 4)[:2])
    with pytest.raises(ValueError, match="must all be >= 0"):
        noise(-1, 0, 0, 3)


def test_noise_is_standard_normal_over_frames() -> None:
    draws = np.stack([noise(9, 1, frame, 4) for frame in range(5000)]).astype(np.float64)
    assert np.abs(draws.mean(0)).max() < 4 / np.sqrt(5000)
    assert np.abs(draws.var(0) - 1).max() < 4 * np.sqrt(2 / 5000)
    assert np.abs(np.corrcoef(draws[1:, 0], draws[:-1, 0])[0, 1]) < 4 / np.sqrt(5000)
