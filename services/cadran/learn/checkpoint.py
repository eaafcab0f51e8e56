"""Checkpoints as bytes: safetensors for tensors, JSON for the rest, a digest over both; no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

FORMAT: Final = "cadran-learner-2"
_DIGEST_BYTES: Final = 32


class CheckpointError(ValueError):
    """A checkpoint that cannot be loaded, with one line saying why; nothing was changed."""


def pack(tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> bytes:
    """Serialise.

    Args:
        tensors: by name, of any dtype.
        scalars: JSON values.

    Returns:
        sha256 of the rest (32 bytes), then a safetensors blob with the scalars in its metadata; the same
        input gives the same bytes.
    """
    copies = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    # One entry only: the library writes several in no fixed order, and equal states must give equal bytes.
    text = json.dumps({"format": FORMAT, "scalars": dict(scalars)}, sort_keys=True, allow_nan=False)
    blob = bytes(safetensors.torch.save(copies, {"learner": text}))
    return hashlib.sha256(blob).digest() + blob


def unpack(data: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what ``pack`` wrote.

    Args:
        data: the bytes.

    Returns:
        Tensors and scalars.

    Raises:
        CheckpointError: damaged, or of another format.
    """
    digest, blob = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(blob).digest() != digest:
        raise CheckpointError("checkpoint: the bytes do not have the sha256 that is stated")
    try:
        tensors = safetensors.torch.load(blob)
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        content = json.loads(header["__metadata__"]["learner"])
        form, scalars = content["format"], content["scalars"]
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"checkpoint: not a safetensors blob of a learner: {error}") from error
    if form != FORMAT:
        raise CheckpointError(f"checkpoint: format is {form!r}, only {FORMAT!r} is understood")
    return tensors, scalars


def copy_into(live: Mapping[str, Tensor], loaded: Mapping[str, Tensor]) -> None:
    """Overwrite tensors in place, all or none.

    Args:
        live: the tensors to overwrite.
        loaded: their new values, with the same names, shapes and dtypes.

    Raises:
        CheckpointError: a name, shape or dtype differs; nothing was changed.
    """
    if set(live) != set(loaded):
        odd = ", ".join(sorted(set(live) ^ set(loaded))[:4])
        raise CheckpointError(f"checkpoint: made by another learner, tensors that differ: {odd}")
    for name, tensor in live.items():
        other = loaded[name]
        if other.shape != tensor.shape or other.dtype != tensor.dtype:
            raise CheckpointError(
                f"checkpoint: {name} is {other.dtype}{list(other.shape)}, "
                f"this learner needs {tensor.dtype}{list(tensor.shape)}"
            )
    with torch.no_grad():
        for name, tensor in live.items():
            tensor.copy_(loaded[name])
