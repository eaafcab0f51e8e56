"""The policy artefact: a sealed blob of kind ``policy``, described by ``PolicyMeta``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from cadran.policy.actor import Actor
from cadran.policy.meta import PolicyCause, PolicyError, PolicyMeta, tensor_shapes
from cadran.policy.sealed import (
    Tensors,
    digest,
    read_description,
    read_tensors,
    require_digest,
    require_finite,
    seal,
)

FORMAT: Final = "cadran-policy-1"
_KIND: Final = "policy"


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
    _check_tensors(meta, tensors)
    return seal(_KIND, FORMAT, replace(meta, sha256=digest(tensors)).to_json(), tensors)


def decode(data: bytes) -> tuple[PolicyMeta, Actor]:
    """Read and verify an artefact.

    Args:
        data: what ``encode`` returned.

    Returns:
        Its description, and the actor ready to act.

    Raises:
        PolicyError: CORRUPT, INCOMPATIBLE (another format), HASH_MISMATCH, SHAPE_MISMATCH or NOT_FINITE.
    """
    meta = _read_meta(data)
    tensors = read_tensors(data)
    _check_tensors(meta, tensors)
    require_digest(tensors, meta.sha256)
    return meta, Actor(meta, tensors)


def require_compatible(
    meta: PolicyMeta,
    *,
    du: int,
    observation_dim: int,
    action_dim: int,
    problem: Mapping[str, str],
    current_version: int | None,
) -> None:
    """Refuse a policy that is sound in itself but not one for this DU now.

    Args:
        meta: description of the policy on offer.
        du: the DU that would run it.
        observation_dim: length of the DU's observation.
        action_dim: length of the DU's action.
        problem: the DU's names of observation, action decoding and reward.
        current_version: version now running; None when none is, or when an older one is wanted (roll-back).

    Raises:
        PolicyError: INCOMPATIBLE, SHAPE_MISMATCH or STALE_VERSION.
    """
    if meta.du != du:
        raise PolicyError(PolicyCause.INCOMPATIBLE, f"made for DU {meta.du}, this is DU {du}")
    if (meta.observation_dim, meta.action_dim) != (observation_dim, action_dim):
        raise PolicyError(
            PolicyCause.SHAPE_MISMATCH,
            f"maps {meta.observation_dim} inputs to {meta.action_dim} actions, "
            f"the DU needs {observation_dim} to {action_dim}",
        )
    if dict(meta.problem) != dict(problem):
        raise PolicyError(
            PolicyCause.INCOMPATIBLE, f"trained for {dict(meta.problem)}, the DU runs {dict(problem)}"
        )
    if current_version is not None and meta.version <= current_version:
        raise PolicyError(
            PolicyCause.STALE_VERSION,
            f"version {meta.version} is not newer than {current_version}, which is running",
        )


def _read_meta(data: bytes) -> PolicyMeta:
    text = read_description(_KIND, FORMAT, data)
    try:
        return PolicyMeta.from_json(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(PolicyCause.CORRUPT, str(error)) from error


def _check_tensors(meta: PolicyMeta, tensors: Tensors) -> None:
    """Names, shapes, types and finiteness."""
    expected = tensor_shapes(
        meta.observation_dim, meta.action_dim, meta.hidden, meta.layer_norm, meta.activation
    )
    if set(tensors) != set(expected):
        odd = ", ".join(sorted(set(tensors) ^ set(expected)))
        raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"tensors missing or not expected: {odd}")
    for name, shape in expected.items():
        value = tensors[name]
        if value.shape != shape or value.dtype != np.float32:
            raise PolicyError(
                PolicyCause.SHAPE_MISMATCH,
                f"{name} is {value.dtype}{list(value.shape)}, must be float32{list(shape)}",
            )
        require_finite(name, value)
