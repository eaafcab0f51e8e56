from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cadran.replay import Identity, ReplayUnavailable
from cadran.xapp.acknowledger import Acknowledger
from cadran.xapp.frame_gate import CompleteFrame
from cadran.xapp.ingest import Stored
from cadran.xapp.row_flow import FreeFlow, LockstepFlow
from virtual_time import in_virtual_time


class Log:
    """What happened, in order."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        self.events.append("opened")

    def stored(self, stored: Stored) -> None:
        self.events.append(("stored", stored.du))

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        self.events.append("retried")

    def frame_forced(self, epoch: int, frame: int) -> None:
        self.events.append(("forced", frame))

    async def unseen(self, counts: Sequence[int]) -> list[list[Identity]]:
        return [[] for _ in counts]

    async def learn(self, frame: CompleteFrame) -> None:
        await asyncio.sleep(0)
        self.events.append(("learnt", frame.identity[1], frame.rows))


def acknowledger(log: Log, dus: int = 2) -> Acknowledger:
    made = Acknowledger(dus)
    for du in range(dus):
        made.connect(du, lambda identity, du=du: log.events.append(("ack", du, identity[1])))  # type: ignore[misc]
    return made


def stored(du: int, *frames: int, duplicates: int = 0, last: int | None = None) -> Stored:
    newest = frames[-1] if frames else last
    return Stored(du, tuple((1, f) for f in frames), duplicates, None if newest is None else (1, newest), 0.0)


def test_free_flow_acknowledges_at_once_and_again_when_rows_come_again() -> None:
    log = Log()
    flow = FreeFlow(acknowledger(log), log)
    flow.opened([3, 0], [(1, 2), None])
    flow.stored(stored(1, 0, 1))
    flow.stored(stored(1, duplicates=2, last=1))
    acks = [event for event in log.events if event[0] == "ack"]  # type: ignore[index]
    assert acks == [("ack", 0, 2), ("ack", 1, 1), ("ack", 1, 1)]


def test_acknowledgements_never_go_back_and_await_a_du_that_is_away() -> None:
    log = Log()
    made = acknowledger(log)
    made.disconnect(0)
    made.acknowledge(0, (1, 9))
    made.acknowledge(0, (1, 4))
    assert log.events == []
    made.connect(0, lambda identity: log.events.append(identity))
    assert log.events == [(1, 9)]
    assert made.upto(0) == (1, 9)
    assert made.upto(1) is None


@in_virtual_time
async def test_lock_step_learns_before_it_acknowledges_each_frame_in_order() -> None:
    log = Log()
    flow = LockstepFlow(acknowledger(log), log, log.unseen, log.learn, patience_s=60.0)
    flow.opened([5, 5], [None, None])
    task = asyncio.create_task(flow.run())
    flow.stored(stored(0, 0, 1))
    await asyncio.sleep(0.01)
    assert log.events == ["opened", ("stored", 0)]
    flow.stored(stored(1, 0, 1))
    await asyncio.sleep(0.01)
    assert log.events[3:] == [
        ("learnt", 0, (6, 6)),
        ("ack", 0, 0),
        ("ack", 1, 0),
        ("learnt", 1, (7, 7)),
        ("ack", 0, 1),
        ("ack", 1, 1),
    ]
    flow.stored(stored(0, duplicates=1, last=1))
    assert log.events[-1] == ("ack", 0, 1)
    task.cancel()


@in_virtual_time
async def test_lock_step_loses_patience_and_does_not_acknowledge_what_is_not_there() -> None:
    log = Log()
    flow = LockstepFlow(acknowledger(log), log, log.unseen, log.learn, patience_s=0.02)
    flow.opened([0, 0], [None, None])
    task = asyncio.create_task(flow.run())
    flow.stored(stored(0, 0))
    await asyncio.sleep(0.06)
    assert log.events[2:] == [("forced", 0), ("learnt", 0, (1, 0)), ("ack", 0, 0)]
    flow.stored(stored(1, 0))  # it comes late, and is acknowledged then
    await asyncio.sleep(0.06)
    assert log.events[-1] == ("ack", 1, 0)
    task.cancel()


@in_virtual_time
async def test_lock_step_completes_the_frames_that_a_restored_learner_has_not_seen() -> None:
    """The xApp died with frames 3 and 4 of DU 0 and frame 3 of DU 1 at rest, learnt up to frame 2."""
    log = Log()

    async def unseen(counts: Sequence[int]) -> list[list[Identity]]:
        assert list(counts) == [5, 4]
        await asyncio.sleep(0)
        return [[(1, 3), (1, 4)], [(1, 3)]]

    flow = LockstepFlow(acknowledger(log), log, unseen, log.learn, patience_s=60.0)
    flow.opened([5, 4], [(1, 4), (1, 3)])
    task = asyncio.create_task(flow.run())
    flow.stored(stored(1, 4))
    await asyncio.sleep(0.01)
    assert log.events[2:] == [
        ("learnt", 3, (4, 4)),
        ("ack", 0, 3),
        ("ack", 1, 3),
        ("learnt", 4, (5, 5)),
        ("ack", 0, 4),
        ("ack", 1, 4),
    ]
    task.cancel()


@in_virtual_time
async def test_lock_step_acknowledges_at_once_what_is_at_rest_and_seen() -> None:
    log = Log()
    flow = LockstepFlow(acknowledger(log), log, log.unseen, log.learn, patience_s=60.0)
    flow.opened([3, 0], [(1, 2), None])
    task = asyncio.create_task(flow.run())
    await asyncio.sleep(0.01)
    assert log.events == ["opened", ("ack", 0, 2)]
    task.cancel()
