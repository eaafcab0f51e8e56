"""How long a frame waits for its decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from cadran.runtime import ClockSpec

# In real time other work is done when all have decided, at the latest from one part of the frame on; from the
# other on, none is begun.
_QUIET_FROM = 0.6
_QUIET_UNTIL = 0.7


class Pace:
    """Waits out a frame: first for its decisions, then for its end.

    realtime: a frame ends at its own time, counted from the start, so that waits do not add up; a RAN that is
    itself behind by more than a frame goes on from where it is instead of hurrying. fast: a frame ends when
    every connected dApp has decided, or with the time-out. With lock-step the time-out is that of the start:
    a run that must repeat exactly does not go on without a decision.

    Args:
        kind: which.
        clock: the scenario's clock.
        frame_s: length of a frame.
        now_s: monotonic seconds.
    """

    def __init__(
        self, kind: Literal["fast", "realtime"], clock: ClockSpec, frame_s: float, now_s: Callable[[], float]
    ) -> None:
        self._realtime = kind == "realtime" and not clock.lockstep
        self._timeout_s = clock.start_timeout_s if clock.lockstep else clock.decision_timeout_s
        self._frame_s = frame_s
        self._now_s = now_s
        self._began_s = 0.0

    def start(self) -> None:
        """The first frame begins now."""
        self._began_s = self._now_s()

    async def decisions(self, all_decided: Callable[[], bool], decided: asyncio.Event) -> None:
        """Returns when all have decided, or nobody is waited for any longer.

        Args:
            all_decided: whether every connected dApp has decided; a dApp may leave while it is waited for.
            decided: set with the last decision, or when a dApp leaves.
        """
        patience_s = self._timeout_s
        if self._realtime:
            patience_s = max(0.0, self._began_s + _QUIET_FROM * self._frame_s - self._now_s())
        try:
            async with asyncio.timeout(patience_s):
                while not all_decided():
                    await decided.wait()
                    decided.clear()
        except TimeoutError:
            return

    def ends_soon(self) -> bool:
        """Whether the frame's end, where it has a time, leaves none for other work."""
        return self._realtime and self._now_s() > self._began_s + _QUIET_UNTIL * self._frame_s

    async def frame_end(self) -> None:
        """Returns when the frame is to be run."""
        if not self._realtime:
            return
        self._began_s += self._frame_s
        left_s = self._began_s - self._now_s()
        if left_s < -self._frame_s:
            self._began_s = self._now_s()
        # Also without time left: the decisions that are on their way must get in.
        await asyncio.sleep(max(0.0, left_s))
