"""Small problems, measurements and policies for the dApp's tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cadran.dapp import PolicySlot
from cadran.policy import PolicyMeta, encode
from cadran.problem import Frame, Measurements, Problem, ProblemSpec

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=12, dus=2)
HIDDEN = (8,)


def problem() -> Problem:
    return Problem(ProblemSpec(), FRAME)


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


def artefact(problem: Problem, du: int = 0, version: int = 1, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    widths = (problem.observation_dim, *HIDDEN)
    tensors = {}
    for index, (rows, columns) in enumerate(pairwise(widths)):
        tensors[f"layers.{index}.weight"] = rng.normal(0, 0.3, (rows, columns)).astype(np.float32)
        tensors[f"layers.{index}.bias"] = np.zeros(columns, dtype=np.float32)
    for head in ("mean", "log_std"):
        tensors[f"{head}.weight"] = rng.normal(0, 0.3, (HIDDEN[-1], problem.action_dim)).astype(np.float32)
        tensors[f"{head}.bias"] = np.zeros(problem.action_dim, dtype=np.float32)
    meta = PolicyMeta(
        du=du,
        version=version,
        created_unix_s=0.0,
        observation_dim=problem.observation_dim,
        action_dim=problem.action_dim,
        hidden=HIDDEN,
        activation="relu",
        layer_norm=False,
        problem=problem.names,
    )
    return encode(meta, tensors)


def slot_with_policy(problem: Problem) -> PolicySlot:
    slot = PolicySlot(0, problem)
    slot.install(artefact(problem), delivery=1, effective_frame=0)
    return slot
