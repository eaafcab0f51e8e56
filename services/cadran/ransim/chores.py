"""Work that can wait, done in the time that frames leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

MOST_WAITING = 8
"""Pieces left for later at most, however late the frames are."""


class Chores:
    """Pieces of work, done in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        """Pieces left for later."""
        return len(self._waiting)

    def put(self, piece: Callable[[], None]) -> None:
        """Leave a piece for later; no piece should take longer than a small part of a frame."""
        self._waiting.append(piece)

    def work(self, enough: Callable[[], bool]) -> None:
        """Do one piece, and more of them until it is enough and few are left."""
        while self._waiting:
            self._waiting.popleft()()
            if len(self._waiting) <= MOST_WAITING and enough():
                return

    def finish(self) -> None:
        """Do all that waits."""
        self.work(lambda: False)
