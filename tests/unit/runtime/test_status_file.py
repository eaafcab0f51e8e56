"""What stands in a status file was made after all that stood there before, whichever thread writes."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from cadran.runtime.disk import DiskWatch
from cadran.runtime.status_file import StatusFile


def disk() -> DiskWatch:
    return DiskWatch(Counter("refusals", "Refusals", ["file"], registry=CollectorRegistry()), health=None)


async def test_a_write_that_was_cancelled_comes_before_the_last_one(tmp_path: Path) -> None:
    made, made_first, go_on = [], threading.Event(), threading.Event()

    def status() -> bytes:
        made.append(len(made))
        text = str(made[-1]).encode()
        if not made_first.is_set():
            made_first.set()
            go_on.wait(60)
        return text

    file = StatusFile(tmp_path / "status.json", 1.0, status, disk())
    keeping = asyncio.create_task(file.keep())
    await asyncio.to_thread(made_first.wait, 60)
    keeping.cancel()
    await asyncio.wait({keeping})
    last = asyncio.create_task(asyncio.to_thread(file.write))
    await asyncio.sleep(0.05)  # so that it would be first, if it could
    go_on.set()
    await last
    assert (tmp_path / "status.json").read_text() == "1"


async def test_it_is_written_again_and_again(tmp_path: Path) -> None:
    statuses = iter(range(10**6))
    file = StatusFile(tmp_path / "status.json", 0.0, lambda: str(next(statuses)).encode(), disk())
    keeping = asyncio.create_task(file.keep())
    while next(statuses) < 10:
        await asyncio.sleep(0.001)
    keeping.cancel()
    await asyncio.wait({keeping})
    assert int((tmp_path / "status.json").read_text()) > 0
