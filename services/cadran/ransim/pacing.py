"""How long a frame waits for its decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

from cadran.runtime import ClockSpec


class Pace:
    """Waits out a frame.

    realtime: until the frame's own time, counted from the start, so that waits do not add up; a RAN that is
    itself behind by more than a frame goes on from where it is instead of hurrying. fast: until every
    connected dApp has decided, or the time-out. With lock-step the time-out is that of the start: a run that
    must repeat exactly does not go on without a decision.

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
        self._deadline_s = 0.0

    def start(self) -> None:
        """The first frame begins now."""
        self._deadline_s = self._now_s()

    async def wait(self, all_decided: Callable[[], bool], decided: asyncio.Event) -> None:
        """Returns when the frame is to be run.

        Args:
            all_decided: whether every connected dApp has decided; a dApp may leave while it is waited for.
            decided: set with the last decision, or when a dApp leaves.
        """
        if self._realtime:
            await self._until_the_frames_time()
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                while not all_decided():
                    await decided.wait()
                    decided.clear()
        except TimeoutError:
            return

    async def _until_the_frames_time(self) -> None:
        self._deadline_s += self._frame_s
        left_s = self._deadline_s - self._now_s()
        if left_s < -self._frame_s:
            self._deadline_s = self._now_s()
        # Also without time left: the decisions that are on their way must get in.
        await asyncio.sleep(max(0.0, left_s))
