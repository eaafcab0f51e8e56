"""A small scenario, and valid artefacts and rows of it, for seeds."""

from __future__ import annotations

import numpy as np

from cadran.policy import PolicyMeta, encode, tensor_shapes
from cadran.policy.initialisation import (
    LEVELS,
    PARTS,
    InitialisationMeta,
    LevelShape,
    Lineage,
    Stream,
    encode_initialisation,
)
from cadran.problem import Frame, Problem, ProblemSpec
from cadran.replay import TransitionSchema

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)
PROBLEM = Problem(ProblemSpec(), FRAME)
SCHEMA = TransitionSchema(PROBLEM.state_dim, PROBLEM.action_dim, PROBLEM.kpi_dim)


def rows(start: int, stop: int, epoch: int = 7) -> np.ndarray:
    """Frames start..stop-1 as a dApp reports them."""
    made = SCHEMA.empty(stop - start)
    made["epoch"], made["frame"], made["sequence"] = epoch, range(start, stop), range(start, stop)
    return made


def policy(version: int = 1, hidden: tuple[int, ...] = (2,)) -> bytes:
    """An artefact that fits DU 0."""
    shapes = tensor_shapes(PROBLEM.observation_dim, PROBLEM.action_dim, hidden, False)
    meta = PolicyMeta(
        du=0,
        version=version,
        created_unix_s=1.0,
        observation_dim=PROBLEM.observation_dim,
        action_dim=PROBLEM.action_dim,
        hidden=hidden,
        activation="relu",
        layer_norm=False,
        problem=PROBLEM.names,
    )
    return encode(meta, {name: np.full(shape, 0.1, np.float32) for name, shape in shapes.items()})


def initialisation(version: int = 1) -> bytes:
    """An initialisation as the rApp's registry holds it."""
    shape = LevelShape(observation_dim=2, action_dim=1, hidden=(3,), activation="relu", layer_norm=True)
    meta = InitialisationMeta(
        version=version,
        created_unix_s=1000.0,
        problem={"observation": "hierarchy", "action": "hierarchy", "reward": "delivered"},
        decision_frames=10,
        levels={"higher": shape, "lower": shape},
        lineage=Lineage(
            parent=version - 1 or None, iterations=10, region="fuzz", streams=(Stream(du=0, rows=100),)
        ),
        metrics={},
        evaluation=None,
    )
    tensors = {f"{level}/{part}/weight": np.ones(2, np.float32) for level in LEVELS for part in PARTS}
    return encode_initialisation(meta, tensors)
