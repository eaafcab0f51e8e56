from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.policy import PolicyMeta, tensor_shapes

Made = tuple[PolicyMeta, dict[str, NDArray[np.float32]]]


def make(
    observation_dim: int = 5,
    action_dim: int = 2,
    hidden: tuple[int, ...] = (8, 7),
    activation: str = "relu",
    layer_norm: bool = True,
    version: int = 3,
) -> Made:
    meta = PolicyMeta(
        du=1,
        version=version,
        created_unix_s=1.5e9,
        observation_dim=observation_dim,
        action_dim=action_dim,
        hidden=hidden,
        activation=activation,
        layer_norm=layer_norm,
        problem={"action": "slice_quota", "observation": "demand", "reward": "delivered"},
    )
    rng = np.random.default_rng(7)
    shapes = tensor_shapes(observation_dim, action_dim, hidden, layer_norm)
    tensors = {
        name: (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in shapes.items()
    }
    return meta, tensors


@pytest.fixture
def make_policy() -> Callable[..., Made]:
    return make
