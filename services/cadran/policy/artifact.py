"""The policy artefact: a sealed blob of kind ``policy``, of one actor or of two that act as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cadran.policy import two_level
from cadran.policy.actor import Actor
from cadran.policy.meta import PolicyCause, PolicyError, PolicyMeta, TwoLevelMeta
from cadran.policy.sealed import (
    Tensors,
    digest,
    read_description,
    read_one_of,
    read_tensors,
    require_digest,
    require_shapes,
    seal,
)

FORMAT: Final = "cadran-policy-1"


def encode(meta: PolicyMeta, tensors: Tensors) -> bytes:
    """Serialise an actor.

    Args:
        meta: its description; ``sha256`` is computed here, whatever it held.
        tensors: float32 arrays, names and shapes as ``tensor_shapes`` gives them.

    Returns:
        The artefact; the same input gives the same bytes.

    Raises:
        PolicyError: SHAPE_MISMATCH or NOT_FINITE.
    """
    require_shapes(meta.tensor_shapes, tensors)
    return seal(two_level.KIND, FORMAT, replace(meta, sha256=digest(tensors)).to_json(), tensors)


def decode(data: bytes) -> tuple[PolicyMeta, Actor] | tuple[TwoLevelMeta, two_level.TwoLevelPolicy]:
    """Read and verify an artefact of either format.

    Args:
        data: what ``encode`` or ``encode_two_level`` returned.

    Returns:
        Its description, and the policy ready to act; its ``kind`` tells which it is.

    Raises:
        PolicyError: CORRUPT, INCOMPATIBLE (another format), HASH_MISMATCH, SHAPE_MISMATCH or NOT_FINITE.
    """
    form, text = read_one_of(two_level.KIND, (FORMAT, two_level.FORMAT), data)
    return two_level.decode_two_level(data, text) if form == two_level.FORMAT else _decode(data, text)


def decode_actor(data: bytes) -> tuple[PolicyMeta, Actor]:
    """As ``decode``, for an artefact that must hold a single actor; two levels are INCOMPATIBLE."""
    return _decode(data, read_description(two_level.KIND, FORMAT, data))


def _decode(data: bytes, text: str) -> tuple[PolicyMeta, Actor]:
    try:
        meta = PolicyMeta.from_json(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(PolicyCause.CORRUPT, str(error)) from error
    tensors = read_tensors(data)
    require_shapes(meta.tensor_shapes, tensors)
    require_digest(tensors, meta.sha256)
    return meta, Actor(meta, tensors)
