"""Small learners, networks and batches that the tests of both rooms share."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import torch

from cadran.learn import DdpgBatch, DdpgShape, DdpgSpec, Networks
from cadran.learn.ddpg.batch import Rows
from cadran.learn.ddpg.networks import new_networks, stacked

TASKS, OBSERVATION, ACTION, SIZE = 3, 4, 2, 6
KINDS = [("relu", True), ("tanh", False), ("crelu", True)]


def small_spec(**changes: object) -> DdpgSpec:
    base: dict[str, object] = {"hidden": (6, 5), "batch_size": SIZE, "activation": "tanh"}
    return DdpgSpec.model_validate(base | changes)


def small_shape(activation: str = "tanh", layer_norm: bool = True) -> DdpgShape:
    return DdpgShape(OBSERVATION, ACTION, (6, 5), activation, layer_norm)


def lively_networks(shape: DdpgShape, tasks: int = TASKS, seed: int = 0) -> Networks:
    """float64 networks whose heads are not small and whose targets differ from what they follow."""
    generator = torch.Generator().manual_seed(seed)
    drawn = stacked([new_networks(shape, generator, torch.float64) for _ in range(tasks)])
    for tensor in drawn.tensors().values():
        tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64))
    return drawn


def random_batch(seed: int, tasks: int = TASKS, size: int = SIZE, masked: float = 0.0) -> DdpgBatch:
    """Rows of differing weight, a share of which is masked; rewards spread more for later tasks."""
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.5, 2.0, (tasks, size)) * (rng.random((tasks, size)) >= masked)
    spread = np.arange(1, tasks + 1)[:, None]
    return DdpgBatch(
        observation=rng.normal(size=(tasks, size, OBSERVATION)),
        action=rng.random((tasks, size, ACTION)),
        reward=spread * rng.normal(size=(tasks, size)),
        next_observation=rng.normal(size=(tasks, size, OBSERVATION)),
        discount=rng.integers(0, 2, (tasks, size)).astype(float),
        weight=weight,
    )


def of_task(batch: DdpgBatch, task: int) -> DdpgBatch:
    return DdpgBatch(*(getattr(batch, field.name)[task : task + 1] for field in fields(batch)))


def changed(batch: DdpgBatch, **arrays: np.ndarray) -> DdpgBatch:
    return DdpgBatch(**(vars(batch) | arrays))


def float64_rows(shape: DdpgShape, batch: DdpgBatch) -> Rows:
    return batch.rows(shape, batch.tasks, torch.float64)


def same_networks(left: Networks, right: Networks, atol: float = 0.0) -> bool:
    mine, other = left.tensors(), right.tensors()
    return mine.keys() == other.keys() and all(
        torch.allclose(mine[name], other[name], rtol=0.0, atol=atol) for name in mine
    )
