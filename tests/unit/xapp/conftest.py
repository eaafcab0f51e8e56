"""Small artefacts and settings for the xApp's tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cadran.policy import PolicyMeta, encode, tensor_shapes

Artefact = Callable[[int, int], bytes]

NAMES = {"observation": "demand", "action": "slice_quota", "reward": "delivered"}


@pytest.fixture
def artefact() -> Artefact:
    """Makes the artefact of (du, version), with weights of its own."""

    def make(du: int, version: int) -> bytes:
        rng = np.random.default_rng([du, version])
        shapes = tensor_shapes(27, 3, (8,), True)
        meta = PolicyMeta(
            du=du,
            version=version,
            created_unix_s=1.0,
            observation_dim=27,
            action_dim=3,
            hidden=(8,),
            activation="relu",
            layer_norm=True,
            problem=NAMES,
        )
        return encode(
            meta, {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        )

    return make
