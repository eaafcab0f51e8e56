from __future__ import annotations

import asyncio
import contextlib

import pytest

from cadran.xapp.cancellation import heed_cancellation


async def test_a_swallowed_cancellation_is_heeded() -> None:
    async def swallow() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        heed_cancellation()
        return "ran on"

    task = asyncio.create_task(swallow())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_a_cancellation_nothing_happens() -> None:
    heed_cancellation()
