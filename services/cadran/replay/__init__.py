"""Experience at rest: one contract, a store in memory and one in Redis (`cadran.replay.redis_store`)."""

from cadran.replay.limiter import RateLimiter
from cadran.replay.mirror import Batch, Mirror
from cadran.replay.npz import export, read_export
from cadran.replay.schema import (
    Identity,
    ReplayEmptiedError,
    ReplayError,
    ReplayUnavailable,
    RowFlag,
    Rows,
    TransitionSchema,
    identities,
    paper_buffer_bytes,
)
from cadran.replay.store import MemoryReplay, Replay, Slice

__all__ = [
    "Batch",
    "Identity",
    "MemoryReplay",
    "Mirror",
    "RateLimiter",
    "Replay",
    "ReplayEmptiedError",
    "ReplayError",
    "ReplayUnavailable",
    "RowFlag",
    "Rows",
    "Slice",
    "TransitionSchema",
    "export",
    "identities",
    "paper_buffer_bytes",
    "read_export",
]
