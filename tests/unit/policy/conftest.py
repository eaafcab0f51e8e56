from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.policy import NetworkMeta, PolicyMeta, TwoLevelMeta, tensor_shapes

Made = tuple[PolicyMeta, dict[str, NDArray[np.float32]]]
Levels = dict[str, dict[str, NDArray[np.float32]]]


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
    return meta, drawn(tensor_shapes(observation_dim, action_dim, hidden, layer_norm), seed=7)


def drawn(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return {
        name: (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in shapes.items()
    }


def make_levels(version: int = 3) -> tuple[TwoLevelMeta, Levels]:
    meta = TwoLevelMeta(
        du=1,
        version=version,
        created_unix_s=1.5e9,
        problem={"action": "hierarchy", "observation": "hierarchy", "reward": "delivered"},
        decision_frames=10,
        higher=NetworkMeta(5, 3, (8,), "tanh", False),
        lower=NetworkMeta(6, 4, (7, 6), "crelu", True),
    )
    return meta, {
        "higher": drawn(meta.higher.tensor_shapes, seed=1),
        "lower": drawn(meta.lower.tensor_shapes, seed=2),
    }


@pytest.fixture
def make_policy() -> Callable[..., Made]:
    return make
