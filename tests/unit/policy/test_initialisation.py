from __future__ import annotations

import json

import numpy as np
import pytest

from cadran.policy import PolicyCause, PolicyError
from cadran.policy.initialisation import (
    LEVELS,
    PARTS,
    Evaluation,
    InitialisationMeta,
    LevelShape,
    Lineage,
    decode_initialisation,
    encode_initialisation,
    of_level,
    of_levels,
)

SHAPE = LevelShape(observation_dim=2, action_dim=1, hidden=(3,), activation="relu", layer_norm=True)
META = InitialisationMeta(
    version=3,
    created_unix_s=12.5,
    problem={"reward": "delivered"},
    decision_frames=10,
    levels={"higher": SHAPE, "lower": SHAPE},
    lineage=Lineage(parent=2, iterations=7, region="demo", streams=()),
    metrics={"loss": 0.1},
    evaluation=Evaluation(against=2, score="reward", scores=(0.5, 0.25), scores_against=(0.5, 0.0)),
)
TENSORS = {
    f"{level}/{part}/w": np.arange(3, dtype=np.float32) + index
    for index, (level, part) in enumerate((level, part) for level in LEVELS for part in PARTS)
}


def test_an_initialisation_comes_back_as_it_was_and_its_bytes_repeat() -> None:
    data = encode_initialisation(META, TENSORS)
    assert data == encode_initialisation(META, dict(reversed(TENSORS.items())))
    meta, tensors = decode_initialisation(data)
    assert meta.model_copy(update={"sha256": ""}) == META
    assert set(tensors) == set(TENSORS)
    for name, value in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], value)


def test_levels_come_apart_and_together() -> None:
    parts = {level: of_level(TENSORS, level) for level in LEVELS}
    assert set(parts["lower"]) == {f"{part}/w" for part in PARTS}
    assert of_levels(parts).keys() == TENSORS.keys()


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_no_changed_byte_goes_unseen(place: int) -> None:
    data = bytearray(encode_initialisation(META, TENSORS))
    at = place * len(data) // 400
    data[at] ^= 0x10
    try:
        meta, tensors = decode_initialisation(bytes(data))
    except PolicyError:
        return
    # Padding and the header's spelling may change; what is described may not.
    assert meta.model_copy(update={"sha256": ""}) == META
    assert all(np.array_equal(tensors[name], value) for name, value in TENSORS.items())


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_a_torn_initialisation_is_refused(cut: int) -> None:
    with pytest.raises(PolicyError):
        decode_initialisation(encode_initialisation(META, TENSORS)[:cut])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    bad = {**TENSORS, "lower/critic/w": np.array([0.0, value], np.float32)}
    with pytest.raises(PolicyError, match="lower/critic/w") as refused:
        encode_initialisation(META, bad)
    assert refused.value.cause is PolicyCause.NOT_FINITE


def test_missing_parts_and_wrong_types_are_named() -> None:
    without = {name: value for name, value in TENSORS.items() if not name.startswith("higher/critic")}
    with pytest.raises(PolicyError, match="higher/critic"):
        encode_initialisation(META, without)
    with pytest.raises(PolicyError, match="float64"):
        encode_initialisation(META, {**TENSORS, "lower/actor/w": np.zeros(2)})  # type: ignore[dict-item]


def test_descriptions_out_of_range_are_refused() -> None:
    fields = json.loads(META.to_json())
    for change, text in (
        ({"version": 0}, "version"),
        ({"levels": {"higher": fields["levels"]["higher"]}}, "higher and lower"),
        ({"decision_frames": 0}, "decision_frames"),
    ):
        with pytest.raises(ValueError, match=text):
            InitialisationMeta.model_validate({**fields, **change})
    with pytest.raises(ValueError, match="one per score"):
        Evaluation(against=2, score="reward", scores=(0.5,), scores_against=())
