"""Which transitions passed through a DU on their way to the RIC, and which of them are known to be stored."""

from __future__ import annotations

from collections import deque

import numpy as np

from cadran.replay.schema import ReplayError, TransitionSchema
from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e2sm.v1 import dapp_pb2

# As many as a dApp may have sent and not had acknowledged (its setting unacknowledged_rows is at most this):
# counts are exact wherever anybody acknowledges.
_WAITING_APART = 100_000


class RelayedRows:
    """Counts each transition of one DU once, however often it is sent.

    The rows themselves stay with the dApp until they are acknowledged. Here only frames wait: the newest
    100 000 each by itself; those before them only as a number, which counts as acknowledged together with the
    oldest that waits by itself.

    Attributes:
        reports: reports relayed, repetitions included.
        rows: different transitions relayed.
        acknowledged: of these, the ones acknowledged as stored.
        acknowledged_frame: frame up to which everything relayed is stored; -1 before the first.
    """

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._waiting: deque[int] = deque()
        self._before = 0
        self._newest_frame = -1
        self.reports = 0
        self.rows = 0
        self.acknowledged = 0
        self.acknowledged_frame = -1

    @property
    def newest_frame(self) -> int:
        """Newest frame of which a transition was relayed; -1 before the first."""
        return self._newest_frame

    def relayed(self, report: dapp_pb2.DappReport) -> None:
        """Notes a report that was handed on.

        Raises:
            WireError: its rows cannot be read by its own schema.
        """
        self.reports += 1
        for frame in self._frames(report):
            if frame > self._newest_frame:
                self._waiting.append(frame)
                self._newest_frame = frame
                self.rows += 1
        while len(self._waiting) > _WAITING_APART:
            self._waiting.popleft()
            self._before += 1

    def stored_up_to(self, epoch: int, frame: int) -> None:
        """Notes an acknowledgement; one of another epoch says nothing of this one."""
        if epoch != self._epoch:
            return
        while self._waiting and self._waiting[0] <= frame:
            self._waiting.popleft()
            self.acknowledged += 1 + self._before
            self._before = 0
        self.acknowledged_frame = max(self.acknowledged_frame, frame)

    def _frames(self, report: dapp_pb2.DappReport) -> list[int]:
        try:
            dtype = TransitionSchema.from_fingerprint(report.schema_fingerprint).dtype
            rows = np.frombuffer(report.rows, dtype)
        except (ReplayError, ValueError) as error:
            raise WireError(Cause("dapp", "schema-mismatch", str(error))) from error
        frames: list[int] = rows["frame"][rows["epoch"] == self._epoch].tolist()
        return frames
