"""Outgoing queues keep their order and bounds; waits between attempts stay in theirs."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import QueueFullError
from cadran.wire.link import Backoff, Lane, LinkSettings, Outbox
from cadran.wire.stream import first_pdu


async def _written(posts: list[tuple[Lane, bytes]], settings: LinkSettings) -> tuple[list[bytes], list[str]]:
    written: list[bytes] = []
    dropped: list[str] = []

    async def write(data: bytes) -> None:
        await asyncio.sleep(0)
        written.append(data)

    outbox = Outbox(write, settings, dropped.append)
    for lane, data in posts:
        outbox.post(lane, data.decode(), data)
    outbox.close()
    await outbox.run()
    return written, dropped


@given(st.lists(st.sampled_from(Lane), max_size=60))
def test_fast_goes_first_and_each_lane_keeps_its_order(lanes: list[Lane]) -> None:
    posts = [(lane, str(index).encode()) for index, lane in enumerate(lanes)]
    written, dropped = asyncio.run(_written(posts, LinkSettings()))
    fast = [data for lane, data in posts if lane is Lane.FAST]
    assert written == fast + [data for lane, data in posts if lane is Lane.ORDERED]
    assert dropped == []


class _Pdu:
    """A stream whose only PDU comes when told."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    async def read(self) -> bytes:
        await self.came.wait()
        return b"setup"

    async def write(self, data: bytes) -> None: ...


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_that_comes_together_with_the_first_pdu_is_not_lost(turns: int) -> None:
    stream = _Pdu()

    async def serve() -> None:
        await first_pdu(stream, 60.0)
        await asyncio.sleep(60.0)

    task = asyncio.create_task(serve())
    await asyncio.sleep(0.01)
    stream.came.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=60.0)
    assert task.cancelled()


async def test_a_fast_pdu_waits_for_at_most_one_ordered_pdu() -> None:
    written: list[bytes] = []
    gate = asyncio.Semaphore(0)

    async def write(data: bytes) -> None:
        await gate.acquire()
        written.append(data)

    outbox = Outbox(write, LinkSettings(), lambda kind: None)
    task = asyncio.create_task(outbox.run())
    for index in range(5):
        outbox.post(Lane.ORDERED, "chunk", b"c%d" % index)
    await asyncio.sleep(0)  # the first chunk is being written
    outbox.post(Lane.FAST, "indication", b"i")
    outbox.close()
    for _ in range(6):
        gate.release()
    await task
    assert written == [b"c0", b"i", b"c1", b"c2", b"c3", b"c4"]


async def test_a_fast_lane_that_never_empties_lets_the_ordered_one_go_on() -> None:
    written: list[bytes] = []

    async def write(data: bytes) -> None:
        written.append(data)
        outbox.post(Lane.FAST, "indication", b"i")  # as from a RAN that runs faster than its dApp reads
        if len(written) == 30:
            outbox.close()

    outbox = Outbox(write, LinkSettings(fast_limit=4), lambda kind: None)
    outbox.post(Lane.FAST, "indication", b"i")
    for index in range(3):
        outbox.post(Lane.ORDERED, "chunk", b"c%d" % index)
    await outbox.run()
    assert [(place, data) for place, data in enumerate(written) if data != b"i"] == [
        (4, b"c0"),
        (9, b"c1"),
        (14, b"c2"),
    ]


async def test_a_full_fast_lane_drops_its_oldest() -> None:
    posts = [(Lane.FAST, b"%d" % index) for index in range(5)]
    written, dropped = await _written(posts, LinkSettings(fast_limit=3))
    assert written == [b"2", b"3", b"4"]
    assert dropped == ["0", "1"]


async def test_a_full_ordered_lane_refuses_and_keeps_what_it_has() -> None:
    async def write(data: bytes) -> None:
        raise AssertionError("nothing is written before run")

    outbox = Outbox(write, LinkSettings(ordered_limit_bytes=10), lambda kind: None)
    outbox.post(Lane.ORDERED, "report", bytes(25))  # one PDU always passes, however long
    with pytest.raises(QueueFullError) as caught:
        outbox.post(Lane.ORDERED, "report", b"x")
    assert caught.value.cause.label == "misc/control-processing-overload"


async def test_nothing_is_taken_after_close() -> None:
    written: list[bytes] = []

    async def write(data: bytes) -> None:
        written.append(data)

    outbox = Outbox(write, LinkSettings(), lambda kind: None)
    outbox.post(Lane.FAST, "a", b"a")
    outbox.close()
    outbox.post(Lane.FAST, "b", b"b")
    await outbox.run()
    assert written == [b"a"]


@given(st.integers(0, 2**32 - 1))
def test_waits_grow_to_the_bound_and_start_again(seed: int) -> None:
    settings = LinkSettings(backoff_first_s=0.1, backoff_max_s=2.0)
    backoff = Backoff(settings, np.random.default_rng(seed))
    for failures in range(80):
        full = min(0.1 * 2**failures, 2.0)
        assert full / 2 <= backoff.next_s() <= full
    backoff.reset()
    assert backoff.next_s() <= 0.1


def test_the_same_generator_gives_the_same_waits() -> None:
    first, second = (Backoff(LinkSettings(), np.random.default_rng(5)) for _ in range(2))
    assert [first.next_s() for _ in range(9)] == [second.next_s() for _ in range(9)]
