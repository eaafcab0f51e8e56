"""Transitions on their way to the xApp: kept until acknowledged, sent again when they were not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Parcel:
    """Rows to be sent together.

    Attributes:
        count: how many.
        rows: their bytes.
        previous: (epoch, frame) of the row right before them that is not acknowledged either; None if
            they begin with the oldest such row.
    """

    count: int
    rows: bytes
    previous: tuple[int, int] | None


class ReportBuffer:
    """A bounded first-in first-out buffer of transitions, in order of (epoch, frame).

    Rows are sent in order and acknowledged cumulatively. Sending again starts at the oldest row that is not
    acknowledged, so a row may arrive twice but never out of order; the xApp drops what it has.

    Args:
        capacity_rows: rows kept; a further one drops the oldest.
        window_rows: rows sent and not acknowledged at a time.

    Attributes:
        dropped_rows: rows that were dropped unacknowledged.
        resent_rows: rows that were sent more than once.
    """

    def __init__(self, capacity_rows: int, window_rows: int) -> None:
        self._capacity = capacity_rows
        self._window = window_rows
        self._rows: deque[tuple[tuple[int, int], bytes]] = deque()
        self._sent = 0
        self._sent_once = 0
        self.dropped_rows = 0
        self.resent_rows = 0

    def __len__(self) -> int:
        """Rows that are not acknowledged."""
        return len(self._rows)

    @property
    def unsent(self) -> int:
        """Rows that were not sent yet, or are to be sent again."""
        return len(self._rows) - self._sent

    @property
    def outstanding(self) -> int:
        """Rows sent and not acknowledged."""
        return self._sent

    def add(self, row: NDArray[Any]) -> None:
        """Takes one row of the transition schema."""
        if len(self._rows) == self._capacity:
            self._drop_oldest()
            self.dropped_rows += 1
        self._rows.append(((int(row["epoch"][0]), int(row["frame"][0])), row.tobytes()))

    def take(self, limit: int) -> Parcel | None:
        """The next rows to send, at most `limit`; None if there are none, or the window is full."""
        count = min(limit, self.unsent, self._window - self._sent)
        if count <= 0:
            return None
        rows = list(islice(self._rows, max(0, self._sent - 1), self._sent + count))
        previous = rows.pop(0)[0] if self._sent else None
        self._sent += count
        self.resent_rows += max(0, min(self._sent, self._sent_once) - (self._sent - count))
        self._sent_once = max(self._sent_once, self._sent)
        return Parcel(count, b"".join(row for _, row in rows), previous)

    def acknowledge(self, epoch: int, frame: int) -> int:
        """Forgets every row up to (epoch, frame); returns how many."""
        count = 0
        while self._rows and self._rows[0][0] <= (epoch, frame):
            self._drop_oldest()
            count += 1
        return count

    def discard_sent(self) -> int:
        """Forgets every row that was sent and not acknowledged; returns how many."""
        count = self._sent
        for _ in range(count):
            self._drop_oldest()
        return count

    def rewind(self) -> None:
        """Lets every row that is not acknowledged be sent again."""
        self._sent = 0

    def _drop_oldest(self) -> None:
        self._rows.popleft()
        self._sent = max(0, self._sent - 1)
        self._sent_once = max(0, self._sent_once - 1)
