"""Sealed blobs: tensors and a description of them in one safetensors file, every byte that matters digested.

The file's ``__metadata__`` has one entry, named after the kind of blob: JSON with ``format``, ``meta`` (the
description's text) and ``meta_sha256`` (the digest of that text). The description in turn holds the digest of
the tensors, so a damaged blob is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from cadran.policy.meta import PolicyCause, PolicyError

Tensors = Mapping[str, NDArray[np.float32]]


def digest(tensors: Tensors) -> str:
    """sha256 of the tensors' little-endian bytes in order of name, hex."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(np.ascontiguousarray(tensors[name], dtype="<f4").data)
    return found.hexdigest()


def seal(kind: str, form: str, text: str, tensors: Tensors) -> bytes:
    """Serialise; the same input gives the same bytes.

    Args:
        kind: what the blob holds; names its entry.
        form: format and its number.
        text: the description, which states the tensors' `digest`.
        tensors: float32 arrays by name.
    """
    # One entry only: the library writes several in no fixed order, and equal policies must give equal bytes.
    entry = {"format": form, "meta": text, "meta_sha256": hashlib.sha256(text.encode()).hexdigest()}
    contiguous = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    return bytes(safetensors.numpy.save(contiguous, {kind: json.dumps(entry, sort_keys=True)}))


def read_description(kind: str, form: str, data: bytes) -> str:
    """Description out of the blob's header, verified against its digest.

    Raises:
        PolicyError: CORRUPT, INCOMPATIBLE (another format) or HASH_MISMATCH.
    """
    return read_one_of(kind, (form,), data)[1]


def read_one_of(kind: str, forms: tuple[str, ...], data: bytes) -> tuple[str, str]:
    """Which of several formats the blob has, and its description, verified against its digest.

    Raises:
        PolicyError: CORRUPT, INCOMPATIBLE (another format) or HASH_MISMATCH.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        entry = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][kind])
        found, text, stated = entry["format"], entry["meta"], entry["meta_sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PolicyError(
            PolicyCause.CORRUPT, f"no readable safetensors header with a {kind} in it"
        ) from error
    if found not in forms:
        allowed = " and ".join(repr(form) for form in forms)
        raise PolicyError(PolicyCause.INCOMPATIBLE, f"format is {found!r}, only {allowed} is understood")
    if not isinstance(text, str) or hashlib.sha256(text.encode(errors="replace")).hexdigest() != stated:
        raise PolicyError(
            PolicyCause.HASH_MISMATCH, "the description does not have the sha256 that is stated"
        )
    return found, text


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """All tensors of the blob.

    Raises:
        PolicyError: CORRUPT, or SHAPE_MISMATCH for a type that numpy does not have.
    """
    try:
        return safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise PolicyError(PolicyCause.CORRUPT, f"not a safetensors blob: {error}") from error
    except KeyError as error:  # how the library reports a type that numpy does not have
        raise PolicyError(PolicyCause.SHAPE_MISMATCH, f"tensor type {error}, must be F32") from error


def require_digest(tensors: Tensors, stated: str) -> None:
    """Raise PolicyError HASH_MISMATCH unless the tensors have the digest that their description states."""
    if digest(tensors) != stated:
        raise PolicyError(PolicyCause.HASH_MISMATCH, "the tensors do not have the sha256 that is stated")


def require_finite(name: str, tensor: NDArray[np.float32]) -> None:
    """Raise PolicyError NOT_FINITE unless every value is finite."""
    if not np.isfinite(tensor).all():
        raise PolicyError(PolicyCause.NOT_FINITE, f"{name} holds a value that is not finite")


def require_shapes(expected: Mapping[str, tuple[int, ...]], tensors: Tensors) -> None:
    """Raise PolicyError unless tensors have these names and shapes, are float32 and finite.

    Raises:
        PolicyError: SHAPE_MISMATCH or NOT_FINITE.
    """
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
