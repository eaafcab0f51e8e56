from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.policy import PolicyCause, PolicyError, PolicyMeta, decode, encode, require_compatible

from .conftest import Made, make

META, TENSORS = make()
ARTIFACT = encode(META, TENSORS)
OBSERVATION = np.linspace(-1.0, 1.0, META.observation_dim, dtype=np.float32)
NOISE = np.array([0.3, -1.2], dtype=np.float32)
EXPECTED = decode(ARTIFACT)[1].sample(OBSERVATION, NOISE)


def forge(meta: PolicyMeta, tensors: dict[str, np.ndarray], sha256: str | None = None) -> bytes:
    """An artefact written by a hostile or broken sender, without any of encode's checks."""
    digest = hashlib.sha256(b"".join(tensors[name].tobytes() for name in sorted(tensors))).hexdigest()
    return forge_text(replace(meta, sha256=sha256 or digest).to_json(), tensors)


def forge_text(text: str, tensors: dict[str, np.ndarray]) -> bytes:
    digest = hashlib.sha256(text.encode()).hexdigest()
    entry = {"format": "cadran-policy-1", "meta": text, "meta_sha256": digest}
    return bytes(safetensors.numpy.save(tensors, {"policy": json.dumps(entry)}))


def refused(data: bytes) -> PolicyCause:
    with pytest.raises(PolicyError) as caught:
        decode(data)
    assert "\n" not in str(caught.value)
    return caught.value.cause


def test_round_trip_keeps_description_and_decisions(make_policy: Callable[..., Made]) -> None:
    for activation, layer_norm in (("relu", True), ("tanh", False), ("tanh", True)):
        meta, tensors = make_policy(activation=activation, layer_norm=layer_norm)
        read, actor = decode(encode(meta, tensors))
        assert replace(read, sha256="") == meta
        assert len(read.sha256) == 64
        again, twin = decode(encode(read, tensors))
        assert again == read
        assert np.array_equal(actor.mean(OBSERVATION), twin.mean(OBSERVATION))


def test_same_policy_gives_same_bytes() -> None:
    shuffled = dict(reversed(list(TENSORS.items())))
    assert encode(META, shuffled) == ARTIFACT


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(ARTIFACT) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(position: int, mask: int) -> None:
    damaged = bytearray(ARTIFACT)
    damaged[position] ^= mask
    try:
        meta, actor = decode(bytes(damaged))
    except PolicyError:
        return
    assert replace(meta, sha256="") == META
    assert np.array_equal(actor.sample(OBSERVATION, NOISE), EXPECTED)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    refused(data)


@pytest.mark.parametrize("keep", [0, 7, 8, 100, len(ARTIFACT) - 1])
def test_a_truncated_artifact_is_corrupt(keep: int) -> None:
    assert refused(ARTIFACT[:keep]) is PolicyCause.CORRUPT


def test_every_tensor_byte_is_covered() -> None:
    body = int.from_bytes(ARTIFACT[:8], "little") + 8
    for position in range(body, len(ARTIFACT), 97):
        damaged = bytearray(ARTIFACT)
        damaged[position] ^= 1
        assert refused(bytes(damaged)) is PolicyCause.HASH_MISMATCH


def test_wrong_hash_is_refused() -> None:
    assert refused(forge(META, TENSORS, sha256="0" * 64)) is PolicyCause.HASH_MISMATCH


def test_edited_description_is_refused() -> None:
    edited = re.sub(rb'(version[\\"]+:)3', rb"\g<1>4", ARTIFACT)
    assert edited != ARTIFACT
    assert refused(edited) is PolicyCause.HASH_MISMATCH


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_on_both_sides(value: float) -> None:
    broken = {name: tensor.copy() for name, tensor in TENSORS.items()}
    broken["mean.weight"][1, 0] = value
    assert refused(forge(META, broken)) is PolicyCause.NOT_FINITE
    with pytest.raises(PolicyError) as caught:
        encode(META, broken)
    assert caught.value.cause is PolicyCause.NOT_FINITE


@pytest.mark.parametrize(
    "change",
    [
        {"mean.weight": np.zeros((7, 3), np.float32)},
        {"mean.weight": np.zeros((2, 7), np.float32)},
        {"layers.0.weight": np.zeros((6, 8), np.float32)},
        {"mean.bias": np.zeros(2, np.float64)},
        {"mean.bias": np.zeros(2, np.float16)},
        {"extra": np.zeros(1, np.float32)},
    ],
)
def test_wrong_shapes_are_refused_on_both_sides(change: dict[str, np.ndarray]) -> None:
    assert refused(forge(META, {**TENSORS, **change})) is PolicyCause.SHAPE_MISMATCH
    with pytest.raises(PolicyError) as caught:
        encode(META, {**TENSORS, **change})
    assert caught.value.cause is PolicyCause.SHAPE_MISMATCH


def test_a_missing_tensor_is_refused() -> None:
    fewer = {name: tensor for name, tensor in TENSORS.items() if name != "layers.1.norm.bias"}
    assert refused(forge(META, fewer)) is PolicyCause.SHAPE_MISMATCH


def test_another_format_is_incompatible() -> None:
    assert refused(ARTIFACT.replace(b"cadran-policy-1", b"cadran-policy-9")) is PolicyCause.INCOMPATIBLE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", []),
        ("activation", "gelu"),
        ("du", -1),
        ("version", 1.5),
        ("layer_norm", 1),
        ("log_std_max", -9),
    ],
)
def test_description_out_of_range_is_corrupt(field: str, value: object) -> None:
    data = json.loads(META.to_json()) | {field: value}
    assert refused(forge_text(json.dumps(data), TENSORS)) is PolicyCause.CORRUPT


def check(
    du: int = 1,
    observation_dim: int = 5,
    action_dim: int = 2,
    reward: str = "delivered",
    current_version: int | None = 2,
) -> PolicyCause | None:
    try:
        require_compatible(
            META,
            du=du,
            observation_dim=observation_dim,
            action_dim=action_dim,
            problem={**META.problem, "reward": reward},
            current_version=current_version,
        )
    except PolicyError as error:
        return error.cause
    return None


def test_a_policy_must_fit_the_du_and_be_newer() -> None:
    assert check() is None
    assert check(current_version=None) is None
    assert check(current_version=3) is PolicyCause.STALE_VERSION
    assert check(current_version=9) is PolicyCause.STALE_VERSION
    assert check(du=0) is PolicyCause.INCOMPATIBLE
    assert check(observation_dim=6) is PolicyCause.SHAPE_MISMATCH
    assert check(action_dim=3) is PolicyCause.SHAPE_MISMATCH
    assert check(reward="eq8") is PolicyCause.INCOMPATIBLE
