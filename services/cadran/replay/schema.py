"""The transition: what a dApp reports, Redis keeps and the learner samples. The one place for its layout.

A row is packed and little-endian, the same bytes on the wire, in Redis and in memory:

====================  ======  ================================================================================
field                 type    meaning
====================  ======  ================================================================================
epoch                 u8      run of the E2 node that the frame belongs to; never falls for a DU
frame                 u4      frame that was decided; rises within an epoch
sequence              u4      number of the DU's decision; a row's predecessor has the number before it
policy_version        u4      version of the policy that decided; 0 = none yet
flags                 u2      `RowFlag`
state                 f4[s]   state at the frame's start (`problem.Problem.state`)
action                f4[a]   action in (0, 1)
reward                f4      reward of the frame, as computed by the dApp
kpis                  f4[k]   what the reward was made of, so that it can be computed again
next_state            f4[s]   state after the frame
====================  ======  ================================================================================

(epoch, frame) is a row's identity. The observation is the state and the previous action; the previous action
is the predecessor's, so it is stored once.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]
"""A one-dimensional structured array of `TransitionSchema.dtype`."""

Identity = tuple[int, int]
"""(epoch, frame) of a row."""


class ReplayError(ValueError):
    """Experience that does not fit: wrong schema, damaged bytes, no such DU. Trying again does not help."""


class ReplayEmptiedError(ReplayError):
    """The store holds fewer rows of a DU than were read of it: it was emptied or replaced while in use.

    Attributes:
        du: the DU.
    """

    def __init__(self, du: int, text: str) -> None:
        super().__init__(text)
        self.du = du


class ReplayUnavailable(ConnectionError):
    """The store did not answer in the given attempts. Nothing is known to be stored; trying again is safe."""


_FLOAT_FIELDS = ("state", "action", "reward", "kpis", "next_state")


class RowFlag(IntFlag):
    """Bits of a row's `flags`."""

    PREVIOUS_IS_NEUTRAL = 1
    """The previous action is the neutral one (an episode's first decision), not the predecessor's."""
    EPISODE_END = 2
    """The episode ended with this frame, by its time limit: the value of the next state still counts."""
    DETERMINISTIC = 4
    """The action was the policy's mean; otherwise it was sampled."""
    GOAL = 8
    """Of two levels of decision, the higher one decided at this frame as well."""


@dataclass(frozen=True)
class TransitionSchema:
    """Sizes of a transition, and with them the row's exact bytes.

    Attributes:
        state_dim: numbers in the state, without the previous action; at least 1.
        action_dim: numbers in the action; at least 1.
        kpi_dim: numbers that the reward is made of; at least 0.
    """

    state_dim: int
    action_dim: int
    kpi_dim: int

    def __post_init__(self) -> None:
        if self.state_dim < 1 or self.action_dim < 1 or self.kpi_dim < 0:
            raise ReplayError(f"{self}: needs state_dim >= 1, action_dim >= 1 and kpi_dim >= 0")

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """Packed little-endian structured dtype of one row."""
        return np.dtype(
            [
                ("epoch", "<u8"),
                ("frame", "<u4"),
                ("sequence", "<u4"),
                ("policy_version", "<u4"),
                ("flags", "<u2"),
                ("state", "<f4", (self.state_dim,)),
                ("action", "<f4", (self.action_dim,)),
                ("reward", "<f4"),
                ("kpis", "<f4", (self.kpi_dim,)),
                ("next_state", "<f4", (self.state_dim,)),
            ]
        )

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.dtype.itemsize

    @cached_property
    def fingerprint(self) -> str:
        """Short text that two schemas share only if their rows have the same bytes."""
        sizes = f"s{self.state_dim}.a{self.action_dim}.k{self.kpi_dim}"
        return f"{sizes}.{zlib.crc32(repr(self.dtype.descr).encode()):08x}"

    @staticmethod
    def from_fingerprint(text: str) -> TransitionSchema:
        """The schema that a fingerprint names.

        Raises:
            ReplayError: not a fingerprint of this version's layout.
        """
        match = re.fullmatch(r"s([0-9]{1,7})\.a([0-9]{1,7})\.k([0-9]{1,7})\.[0-9a-f]{8}", text)
        if match:
            schema = TransitionSchema(*(int(number) for number in match.groups()))
            if schema.fingerprint == text:
                return schema
        raise ReplayError(f"transition schema '{text}': not one that this version can read")

    def empty(self, count: int) -> Rows:
        """`count` rows of zeros."""
        return np.zeros(count, self.dtype)

    def encode(self, rows: Rows) -> bytes:
        """The rows' bytes, as they travel and are stored.

        Raises:
            ReplayError: the array has another dtype or more than one dimension.
        """
        self.check(rows)
        return rows.tobytes()

    def decode(self, data: bytes | bytearray | memoryview) -> Rows:
        """Rows from bytes; read-only, and without a copy where `data` allows it.

        Raises:
            ReplayError: the length is no whole number of rows, or a number is not finite.
        """
        if len(data) % self.row_bytes:
            raise ReplayError(
                f"{len(data)} bytes are not a whole number of rows: "
                f"a row of schema {self.fingerprint} has {self.row_bytes} bytes"
            )
        rows: Rows = np.frombuffer(data, self.dtype)
        if not np.isfinite(rows.view(self._halves)["floats"]).all():
            for name in _FLOAT_FIELDS:
                bad = ~np.isfinite(rows[name]).reshape(len(rows), -1).all(axis=1)
                if bad.any():
                    frame = int(rows["frame"][bad][0])
                    raise ReplayError(f"the row of frame {frame} holds a {name} that is not finite")
        return rows

    @cached_property
    def _halves(self) -> np.dtype[np.void]:
        """A row as its integers and, behind them, all its floats: `decode` checks these at once."""
        floats = sum(self.dtype[name].itemsize for name in _FLOAT_FIELDS)
        return np.dtype([("integers", f"V{self.row_bytes - floats}"), ("floats", "<f4", (floats // 4,))])

    def check(self, rows: NDArray[Any]) -> None:
        """Raise `ReplayError` unless `rows` is a one-dimensional array of this schema."""
        if rows.dtype != self.dtype or rows.ndim != 1:
            raise ReplayError(
                f"rows are {rows.ndim}-dimensional of {rows.dtype.itemsize} bytes each, "
                f"not a list of rows of schema {self.fingerprint} ({self.row_bytes} bytes each)"
            )


def identities(rows: Rows) -> list[Identity]:
    """(epoch, frame) of each row."""
    return list(zip(rows["epoch"].tolist(), rows["frame"].tolist(), strict=True))


def adjacent(before: Rows, after: Rows) -> NDArray[np.bool_]:
    """bool[n]: `after` is the decision that followed `before`. Unsigned differences may wrap."""
    found: NDArray[np.bool_] = (
        (after["epoch"] == before["epoch"])
        & (after["frame"] - before["frame"] == 1)
        & (after["sequence"] - before["sequence"] == 1)
    )
    return found


def paper_buffer_bytes(schema: TransitionSchema, rows: int = 100_000, dus: int = 6) -> int:
    """Bytes that the rows of all buffers take at rest.

    Args:
        schema: layout of a row.
        rows: rows kept per DU (arXiv 2511.15002 keeps 1e5).
        dus: number of DUs, each with a buffer of its own.
    """
    return schema.row_bytes * rows * dus
