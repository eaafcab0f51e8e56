"""How fast a replay stores and samples: the measurements behind `cadran bench replay`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cadran.replay.mirror import Mirror
from cadran.replay.schema import ReplayError, RowFlag, Rows, TransitionSchema
from cadran.replay.store import Replay

_INSERT_ROWS = 256
_SAMPLE_ROWS = 256
_EPISODE_ROWS = 100


@dataclass(frozen=True)
class ReplayBench:
    """Figures of one store.

    Attributes:
        backend: name of the store.
        row_bytes: size of a row [bytes].
        insert_rows_per_s: rows stored and acknowledged per second, 256 per append.
        append_one_row_ms: median time until one row, appended alone, is acknowledged [ms].
        sample_256_ms: median time of one batch of 256 rows from the mirror [ms].
    """

    backend: str
    row_bytes: int
    insert_rows_per_s: float
    append_one_row_ms: float
    sample_256_ms: float


def bench_replay(replay: Replay, backend: str, rows: int = 25_600, repeats: int = 300) -> ReplayBench:
    """Measure an empty store with one DU.

    Args:
        replay: the store; its DU 0 is written to and must be empty.
        backend: name for the result.
        rows: rows stored, in appends of 256; rounded down to whole appends.
        repeats: single appends, and batches sampled.

    Raises:
        ReplayError: the store is not empty, or is too small for a batch.
    """
    if replay.count(0) or replay.dus != 1 or min(replay.capacity, rows) < _INSERT_ROWS:
        raise ReplayError(f"a replay is measured empty, with one DU and at least {_INSERT_ROWS} rows")
    appends = rows // _INSERT_ROWS
    pieces = [_rows(replay.schema, at * _INSERT_ROWS, _INSERT_ROWS) for at in range(appends)]
    started = time.perf_counter()
    for piece in pieces:
        replay.append(0, piece)
    insert_s = time.perf_counter() - started

    first = appends * _INSERT_ROWS
    singles = [_rows(replay.schema, first + at, 1) for at in range(repeats)]
    append_s = [_timed(partial(replay.append, 0, row)) for row in singles]

    mirror = Mirror(replay, replay.capacity, np.full(replay.schema.action_dim, 0.5, np.float32))
    mirror.refresh()
    rng = np.random.default_rng(0)
    sample_s = [_timed(partial(mirror.sample, rng, _SAMPLE_ROWS)) for _ in range(repeats)]
    return ReplayBench(
        backend=backend,
        row_bytes=replay.schema.row_bytes,
        insert_rows_per_s=appends * _INSERT_ROWS / insert_s,
        append_one_row_ms=float(np.median(append_s)) * 1e3,
        sample_256_ms=float(np.median(sample_s)) * 1e3,
    )


def _rows(schema: TransitionSchema, first: int, count: int) -> Rows:
    rows = schema.empty(count)
    number = first + np.arange(count)
    rows["frame"] = number
    rows["sequence"] = number
    rows["flags"] = np.where(number % _EPISODE_ROWS == 0, RowFlag.PREVIOUS_IS_NEUTRAL, 0)
    return rows


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
