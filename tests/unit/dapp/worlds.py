"""Small problems, measurements and policies for the dApp's tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cadran.dapp import PolicySlot
from cadran.policy import NetworkMeta, PolicyMeta, TwoLevelMeta, encode, encode_two_level
from cadran.problem import Frame, Measurements, Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem, HierarchySpec, UserMeasurements

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=12, dus=2)
HIDDEN = (8,)


def problem() -> Problem:
    return Problem(ProblemSpec(), FRAME)


def hierarchy(decision_frames: int = 3) -> HierarchicalProblem:
    return HierarchicalProblem(HierarchySpec(decision_frames=decision_frames), problem())


def measurements(rng: np.random.Generator) -> Measurements:
    counts = rng.integers(0, 1000, (4, 3))
    delays = rng.uniform(0, 0.05, (3, 4)).astype(np.float32)
    return Measurements(
        ues=np.full(3, 4, dtype=np.int32),
        arrived_bytes=counts[0],
        delivered_bytes=counts[1],
        dropped_bytes=counts[2],
        queued_bytes=counts[3],
        rbs_quota=rng.integers(0, 8, 3).astype(np.int32),
        rbs_used=rng.integers(0, 8, 3).astype(np.int32),
        backlog_rbs=rng.uniform(0, 20, 3).astype(np.float32),
        arrival_rbs=rng.uniform(0, 20, 3).astype(np.float32),
        arrival_ewma_bytes=rng.uniform(0, 1e4, 3).astype(np.float32),
        mean_se=rng.uniform(0.1, 5, 3).astype(np.float32),
        ue_rate_bps=np.full((3, 4), np.nan, dtype=np.float32),
        ue_delay_s=delays,
    )


def users(rng: np.random.Generator) -> UserMeasurements:
    volumes = rng.integers(0, 20_000, (3, 3, 4))
    return UserMeasurements(
        arrived_bytes=volumes[0],
        delivered_bytes=volumes[1],
        queued_bytes=volumes[2],
        mean_se=rng.uniform(0.1, 7, (3, 4)).astype(np.float32),
        rbs=rng.integers(0, 5, (3, 4)).astype(np.int32),
        power=rng.uniform(0, 1, 3).astype(np.float32),
    )


def artefact(problem: Problem, du: int = 0, version: int = 1, seed: int = 0) -> bytes:
    tensors = drawn(problem.observation_dim, problem.action_dim, np.random.default_rng(seed))
    return encode(policy_meta(problem, HIDDEN, du, version), tensors)


def overflowing(problem: Problem) -> bytes:
    """Weights that are finite, and whose action is not a number in whichever order a processor adds."""
    meta = policy_meta(problem, hidden=(2, 2))
    tensors = {name: np.zeros(shape, np.float32) for name, shape in meta.tensor_shapes.items()}
    tensors["layers.0.bias"][:] = 1e38
    tensors["layers.1.weight"][:] = 1e38
    tensors["mean.weight"][:] = [[1.0], [-1.0]]
    return encode(meta, tensors)


def policy_meta(problem: Problem, hidden: tuple[int, ...], du: int = 0, version: int = 1) -> PolicyMeta:
    return PolicyMeta(
        du=du,
        version=version,
        created_unix_s=0.0,
        observation_dim=problem.observation_dim,
        action_dim=problem.action_dim,
        hidden=hidden,
        activation="relu",
        layer_norm=False,
        problem=problem.names,
    )


def two_levels(made: HierarchicalProblem, du: int = 0, version: int = 1, seed: int = 0) -> bytes:
    dims = {
        "higher": (made.higher_observation_dim, made.higher_action_dim),
        "lower": (made.lower_observation_dim, made.lower_action_dim),
    }
    rng = np.random.default_rng(seed)
    meta = TwoLevelMeta(
        du=du,
        version=version,
        created_unix_s=0.0,
        problem=made.names,
        decision_frames=made.spec.decision_frames,
        **{level: NetworkMeta(*sizes, HIDDEN, "relu", False) for level, sizes in dims.items()},
    )
    return encode_two_level(meta, {level: drawn(*sizes, rng) for level, sizes in dims.items()})


def drawn(observation_dim: int, action_dim: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    tensors = {}
    for index, (rows, columns) in enumerate(pairwise((observation_dim, *HIDDEN))):
        tensors[f"layers.{index}.weight"] = rng.normal(0, 0.3, (rows, columns)).astype(np.float32)
        tensors[f"layers.{index}.bias"] = np.zeros(columns, dtype=np.float32)
    for head in ("mean", "log_std"):
        tensors[f"{head}.weight"] = rng.normal(0, 0.3, (HIDDEN[-1], action_dim)).astype(np.float32)
        tensors[f"{head}.bias"] = np.zeros(action_dim, dtype=np.float32)
    return tensors


def slot_with_policy(problem: Problem) -> PolicySlot:
    slot = PolicySlot(0, problem)
    slot.install(artefact(problem), delivery=1, effective_frame=0)
    return slot
