"""TorchRL's replay buffer on its Redis storage and in memory, with rows of the same fields."""

import time
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import torch

from cadran.replay import TransitionSchema

PEER = "torchrl"
MISSING = f"{PEER} is not installed: pip install cadran[torchrl]"
PIECE_ROWS = 256


def installed() -> bool:
    """Whether the peer can be measured here."""
    return find_spec("torchrl") is not None and find_spec("tensordict") is not None


def bench_torchrl(url: str, schema: TransitionSchema, rows: int, repeats: int) -> dict[str, Any]:
    """Figures like those of `bench_replay`, of both storages.

    Args:
        url: of a Redis that is empty; the storage is its only user.
        schema: gives the fields; observation and next observation are stored in full, as TorchRL does.
        rows: stored, 256 at a time.
        repeats: batches of 256 rows sampled.

    Raises:
        ModuleNotFoundError: the peer is not installed.
    """
    from torchrl.data import LazyTensorStorage
    from torchrl.data.replay_buffers.storages import StoreStorage

    server = urlsplit(url)
    storages = {
        "redis": StoreStorage(rows, host=server.hostname or "", port=server.port or 0),
        "memory": LazyTensorStorage(rows),
    }
    figures = {name: _measure(storage, schema, rows, repeats) for name, storage in storages.items()}
    return {"name": f"{PEER} {version(PEER)}", **figures}


def _measure(storage: Any, schema: TransitionSchema, rows: int, repeats: int) -> dict[str, float]:
    from torchrl.data import ReplayBuffer

    buffer = ReplayBuffer(storage=storage, batch_size=PIECE_ROWS)
    pieces = [_piece(schema) for _ in range(rows // PIECE_ROWS)]
    started_s = time.perf_counter()
    for piece in pieces:
        buffer.extend(piece)
    insert_s = time.perf_counter() - started_s
    taken_s = np.empty(repeats)
    for index in range(repeats):
        started_s = time.perf_counter()
        buffer.sample()
        taken_s[index] = time.perf_counter() - started_s
    return {
        "insert_rows_per_s": len(pieces) * PIECE_ROWS / insert_s,
        "sample_256_ms": 1e3 * float(np.median(taken_s)),
    }


def _piece(schema: TransitionSchema) -> Any:
    from tensordict import TensorDict

    widths = {
        "observation": schema.state_dim + schema.action_dim,
        "action": schema.action_dim,
        "reward": 1,
        "kpis": schema.kpi_dim,
        "next_observation": schema.state_dim + schema.action_dim,
    }
    fields = {name: torch.zeros(PIECE_ROWS, width) for name, width in widths.items()}
    return TensorDict(fields, batch_size=[PIECE_ROWS])
