"""Work that can wait, done in the time that frames leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class Chores:
    """Pieces of work, done in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> int:
        """Pieces left for later."""
        return len(self._waiting)

    def put(self, piece: Callable[[], None]) -> None:
        """Leave a piece for later; no piece should take longer than a small part of a frame."""
        self._waiting.append(piece)

    def work(self, enough: Callable[[], bool]) -> None:
        """Do one piece, and more of them until it is enough: whoever calls this often falls never behind."""
        while self._waiting:
            self._waiting.popleft()()
            if enough():
                return

    def finish(self) -> None:
        """Do all that waits."""
        self.work(lambda: False)
