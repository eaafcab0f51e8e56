"""Cancellation that a library has swallowed."""

from __future__ import annotations

import asyncio


def heed_cancellation() -> None:
    """Raise ``CancelledError`` if the current task was cancelled and somebody below took the exception away.

    redis.asyncio does so when a task is cancelled while it connects: the call returns as if nothing had
    happened, and the task would run on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
