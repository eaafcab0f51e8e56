"""Lock-step: which frames are complete, so that their updates may be made and their rows acknowledged.

A frame is complete when every DU has a row of it, or a later one, at rest. Frames complete in order, each
once, whatever the order in which reports arrive, so the learner sees the same rows at the same update in
every run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from cadran.replay.schema import Identity


@dataclass(frozen=True)
class CompleteFrame:
    """One complete frame.

    Attributes:
        identity: (epoch, frame).
        rows: Per DU, rows ever stored up to and including this frame; the learner may see these.
    """

    identity: Identity
    rows: tuple[int, ...]


class FrameGate:
    """Collects identities of stored rows and releases complete frames.

    Args:
        rows: Per DU, rows at rest before the first call; they count as complete unless reopened.
    """

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = list(rows)
        self._waiting: list[deque[Identity]] = [deque() for _ in rows]

    def stored(self, du: int, fresh: Sequence[Identity]) -> None:
        """Rows of a DU came to rest, in ascending order."""
        self._waiting[du].extend(fresh)

    def reopen(self, du: int, unseen: Sequence[Identity]) -> None:
        """The DU's last rows that counted as complete are not, in ascending order; before any other call."""
        self._rows[du] -= len(unseen)
        self._waiting[du].extendleft(reversed(unseen))

    def waiting(self) -> bool:
        """True if a row waits for the rows of other DUs."""
        return any(self._waiting)

    def complete(self) -> CompleteFrame | None:
        """The next complete frame, or None while some DU has no row of it or beyond."""
        return self._take() if self._waiting and all(self._waiting) else None

    def force(self) -> CompleteFrame | None:
        """The next frame without the rows that are missing; None if no row waits."""
        return self._take() if any(self._waiting) else None

    def _take(self) -> CompleteFrame:
        identity = min(queue[0] for queue in self._waiting if queue)
        for du, queue in enumerate(self._waiting):
            if queue and queue[0] == identity:
                queue.popleft()
                self._rows[du] += 1
        return CompleteFrame(identity, tuple(self._rows))
