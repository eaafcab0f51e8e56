"""Two actors in one artefact: nothing of them is lost, and nothing damaged or foreign is ever run."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.policy import (
    Actor,
    PolicyCause,
    PolicyError,
    TwoLevelMeta,
    TwoLevelPolicy,
    decode,
    decode_actor,
    encode,
    encode_two_level,
    newest,
    require_compatible_levels,
    save,
)
from cadran.policy.sealed import seal

from .conftest import make, make_levels

META, LEVELS = make_levels()
ARTIFACT = encode_two_level(META, LEVELS)
FLAT = {f"{level}/{name}": value for level, own in LEVELS.items() for name, value in own.items()}
OBSERVATIONS = {"higher": np.linspace(-1, 1, 5), "lower": np.linspace(-1, 1, 6)}


def decisions(policy: TwoLevelPolicy) -> list[np.ndarray]:
    return [getattr(policy, level).mean(seen) for level, seen in OBSERVATIONS.items()]


EXPECTED = decisions(decode(ARTIFACT)[1])


def refused(data: bytes) -> PolicyCause:
    with pytest.raises(PolicyError) as caught:
        decode(data)
    assert "\n" not in str(caught.value)
    return caught.value.cause


def forged(**changes: Any) -> bytes:
    """An artefact of a hostile sender, with another description."""
    sha256 = decode(ARTIFACT)[0].sha256
    text = json.dumps(asdict(replace(META, sha256=sha256)) | changes)
    return seal("policy", "cadran-two-level-1", text, FLAT)


def test_round_trip_keeps_description_and_both_actors() -> None:
    meta, policy = decode(ARTIFACT)
    assert isinstance(policy, TwoLevelPolicy)
    assert (policy.kind, policy.decision_frames) == ("two-level", 10)
    assert replace(meta, sha256="") == META
    for level, seen in OBSERVATIONS.items():
        alone = Actor(getattr(META, level), LEVELS[level])
        np.testing.assert_array_equal(getattr(policy, level).mean(seen), alone.mean(seen))
    assert encode_two_level(meta, dict(reversed(LEVELS.items()))) == ARTIFACT


def test_the_format_tells_one_actor_from_two() -> None:
    _, actor = decode(encode(*make()))
    assert isinstance(actor, Actor)
    assert actor.kind == "actor"
    with pytest.raises(PolicyError) as caught:
        decode_actor(ARTIFACT)
    assert caught.value.cause is PolicyCause.INCOMPATIBLE
    assert refused(seal("policy", "cadran-two-level-2", META.to_json(), FLAT)) is PolicyCause.INCOMPATIBLE


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(ARTIFACT) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(position: int, mask: int) -> None:
    damaged = bytearray(ARTIFACT)
    damaged[position] ^= mask
    try:
        meta, policy = decode(bytes(damaged))
    except PolicyError:
        return
    assert replace(meta, sha256="") == META
    for one, other in zip(decisions(policy), EXPECTED, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("level", ["higher", "lower"])
def test_what_is_not_finite_or_of_another_shape_is_refused_on_both_sides(level: str) -> None:
    for value, cause in (
        (np.full(LEVELS[level]["mean.bias"].shape, np.nan, np.float32), PolicyCause.NOT_FINITE),
        (np.zeros(9, np.float32), PolicyCause.SHAPE_MISMATCH),
    ):
        broken = LEVELS | {level: LEVELS[level] | {"mean.bias": value}}
        with pytest.raises(PolicyError) as caught:
            encode_two_level(META, broken)
        assert caught.value.cause is cause
        text = META.to_json()
        assert (
            refused(seal("policy", "cadran-two-level-1", text, FLAT | {f"{level}/mean.bias": value})) is cause
        )


def test_a_level_without_its_tensors_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"lower/mean\.bias"):
        encode_two_level(META, {"higher": LEVELS["higher"]})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision_frames", 0),
        ("decision_frames", None),
        ("higher", None),
        ("lower", {}),
        ("lower", asdict(META.lower) | {"hidden": [0]}),
        ("higher", asdict(META.higher) | {"log_std_max": -9}),
        ("middle", asdict(META.higher)),
    ],
)
def test_a_description_out_of_range_is_corrupt(field: str, value: object) -> None:
    assert refused(forged()[:-1]) is PolicyCause.CORRUPT
    assert refused(forged(**{field: value})) is PolicyCause.CORRUPT


@given(
    st.sampled_from(list(asdict(META))),
    st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5),
)
def test_no_description_ends_in_anything_but_a_refusal(field: str, value: object) -> None:
    try:
        meta, _ = decode(forged(**{field: value}))
    except PolicyError:
        return
    assert isinstance(meta, TwoLevelMeta)


def check(decision_frames: int = 10, lower: tuple[int, int] = (6, 4), **changes: Any) -> PolicyCause | None:
    given_: dict[str, Any] = {"du": 1, "problem": META.problem, "current_version": 2} | changes
    levels = {"higher": (5, 3), "lower": lower}
    try:
        require_compatible_levels(META, levels=levels, decision_frames=decision_frames, **given_)
    except PolicyError as error:
        return error.cause
    return None


def test_a_policy_must_fit_the_du_its_levels_and_its_clock() -> None:
    assert check() is None
    assert check(current_version=None) is None
    assert check(current_version=3) is PolicyCause.STALE_VERSION
    assert check(du=0) is PolicyCause.INCOMPATIBLE
    assert check(decision_frames=100) is PolicyCause.INCOMPATIBLE
    assert check(problem={**META.problem, "reward": "eq8"}) is PolicyCause.INCOMPATIBLE
    assert check(lower=(6, 5)) is PolicyCause.SHAPE_MISMATCH


def test_files_hold_either_format(tmp_path: Path) -> None:
    save(tmp_path, ARTIFACT)
    path = save(tmp_path, encode_two_level(make_levels(version=4)[0], LEVELS))
    assert newest(tmp_path) == {1: path}
