"""The policy artefact: one safetensors blob whose metadata holds the policy's description.

Its ``__metadata__`` has one entry, ``policy``: JSON with ``format``, ``meta`` (text of ``PolicyMeta``) and
``meta_sha256`` (the digest of that text). The description in turn holds the digest of the tensors, so
every byte that matters is covered: a damaged artefact is refused, never run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from cadran.policy.actor import Actor
from cadran.policy.meta import PolicyCause, PolicyError, PolicyMeta, tensor_shapes

FORMAT: Final = "cadran-policy-1"

Tensors = Mapping[str, NDArray[np.float32]]


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
    text = replace(meta, sha256=_digest(tensors)).to_json()
    # One entry only: the library writes several in no fixed order, and equal policies must give equal bytes.
    entry = {"format": FORMAT, "meta": text, "meta_sha256": hashlib.sha256(text.encode()).hexdigest()}
    contiguous = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    return bytes(safetensors.numpy.save(contiguous, {"policy": json.dumps(entry, sort_keys=True)}))


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
    tensors = _read_tensors(data)
    _check_tensors(meta, tensors)
    if _digest(tensors) != meta.sha256:
        raise PolicyError(PolicyCause.HASH_MISMATCH, "the tensors do not have the sha256 that is stated")
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
    """Description out of the blob's header, verified against its digest."""
    try:
        length = int.from_bytes(data[:8], "little")
        entry = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["policy"])
        found, text, digest = entry["format"], entry["meta"], entry["meta_sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PolicyError(
            PolicyCause.CORRUPT, "no readable safetensors header with a policy in it"
        ) from error
    if found != FORMAT:
        raise PolicyError(PolicyCause.INCOMPATIBLE, f"format is {found!r}, only {FORMAT!r} is understood")
    if not isinstance(text, str) or hashlib.sha256(text.encode(errors="replace")).hexdigest() != digest:
        raise PolicyError(
            PolicyCause.HASH_MISMATCH, "the description does not have the sha256 that is stated"
        )
    try:
        return PolicyMeta.from_json(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(PolicyCause.CORRUPT, str(error)) from error


def _read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """All tensors of the blob."""
    try:
        return safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise PolicyError(PolicyCause.CORRUPT, f"not a safetensors blob: {error}") from error
    except KeyError as error:  # how the library reports a type that numpy does not have
        raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"tensor type {error}, must be F32") from error


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
        if not np.isfinite(value).all():
            raise PolicyError(PolicyCause.NOT_FINITE, f"{name} holds a value that is not finite")


def _digest(tensors: Tensors) -> str:
    """sha256 of the tensors' little-endian bytes in order of name, hex."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name], dtype="<f4").data)
    return digest.hexdigest()
