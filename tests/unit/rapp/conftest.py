"""Small initialisations for the rApp's tests."""

from __future__ import annotations

import numpy as np

from cadran.policy.initialisation import (
    LEVELS,
    PARTS,
    Evaluation,
    InitialisationMeta,
    LevelShape,
    Lineage,
    Stream,
    encode_initialisation,
)

SHAPE = LevelShape(observation_dim=2, action_dim=1, hidden=(3,), activation="relu", layer_norm=True)


def meta(version: int, evaluation: Evaluation | None = None) -> InitialisationMeta:
    return InitialisationMeta(
        version=version,
        created_unix_s=1000.0 + version,
        problem={"observation": "hierarchy", "action": "hierarchy", "reward": "delivered"},
        decision_frames=10,
        levels={"higher": SHAPE, "lower": SHAPE},
        lineage=Lineage(
            parent=version - 1 or None,
            iterations=10 * version,
            region="demo",
            streams=(Stream(du=0, rows=100), Stream(du=1, rows=50)),
        ),
        metrics={"critic_loss": 0.25},
        evaluation=evaluation,
    )


def tensors(version: int, entries: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(version)
    return {
        f"{level}/{part}/weight": rng.standard_normal(entries).astype(np.float32)
        for level in LEVELS
        for part in PARTS
    }


def artifact(version: int, evaluation: Evaluation | None = None, entries: int = 4) -> bytes:
    return encode_initialisation(meta(version, evaluation), tensors(version, entries))
