from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cadran.wire.causes import Cause
from cadran.xapp.courier import Answer, Courier, Order, Refusal
from virtual_time import in_virtual_time


@dataclass
class Link:
    epoch: int = 7
    sent: list[tuple[Order, int]] = field(default_factory=list)

    async def deliver(self, order: Order, effective_frame: int) -> None:
        await asyncio.sleep(0)
        self.sent.append((order, effective_frame))


class Told:
    def __init__(self) -> None:
        self.events: list[str] = []

    def delivered(self, du: int, order: Order, seconds: float) -> None:
        self.events.append(f"delivered {order.delivery}")

    def refused(self, du: int, order: Order, cause: Cause) -> None:
        self.events.append(f"refused {order.delivery} {cause.label}")

    def repeated(self, du: int, order: Order) -> None:
        self.events.append(f"repeated {order.delivery}")

    def outnumbered(self, du: int, order: Order) -> None:
        self.events.append(f"outnumbered {order.delivery}")


@asynccontextmanager
async def running(timeout_s: float = 60.0) -> AsyncIterator[tuple[Courier, Link, Told]]:
    told, link = Told(), Link()
    courier = Courier(0, told, timeout_s)
    task = asyncio.create_task(courier.run())
    yield courier, link, told
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def accept(delivery: int, version: int) -> Answer:
    return Answer(delivery, accepted=True, cause=None, running_version=version)


FIRST = Order(version=1, delivery=1, artefact=b"one")
STALE = Cause("policy", "stale-version")
SECOND = Order(version=2, delivery=2, artefact=b"two", effective=(7, 40))


@in_virtual_time
async def test_an_order_goes_out_when_the_association_is_up_whatever_comes_first() -> None:
    async with running() as (courier, link, told):
        courier.assign(FIRST)
        await settle()
        courier.connected(link)
        await settle()
        courier.assign(SECOND)
        await settle()
        assert link.sent == [(FIRST, 0), (SECOND, 40)]
        courier.answer(accept(1, 1))
        courier.answer(accept(2, 1))
        courier.answer(accept(2, 2))
        assert told.events == ["delivered 2"]
        assert courier.running_version == 2


@in_virtual_time
async def test_push_and_run_send_an_order_once() -> None:
    async with running() as (courier, link, _):
        courier.connected(link)
        courier.assign(FIRST)
        await asyncio.gather(courier.push(), courier.push())
        await settle()
        assert link.sent == [(FIRST, 0)]


@in_virtual_time
async def test_a_frame_of_another_epoch_means_at_once() -> None:
    async with running() as (courier, _, _):
        link = Link(epoch=8)
        courier.connected(link)
        courier.assign(SECOND)
        await settle()
        assert link.sent == [(SECOND, 0)]


@in_virtual_time
async def test_a_restarted_dapp_gets_the_order_again_and_a_running_one_does_not() -> None:
    async with running() as (courier, link, told):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(accept(1, 1))
        courier.answer(Answer(0, accepted=True, cause=None, running_version=1))
        await settle()
        assert len(link.sent) == 1
        courier.answer(Answer(0, accepted=True, cause=None, running_version=0))
        await settle()
        assert len(link.sent) == 2
        assert told.events == ["delivered 1", "repeated 1"]


@in_virtual_time
async def test_a_new_association_gets_the_order_again() -> None:
    async with running() as (courier, link, _):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(accept(1, 1))
        again = Link()
        courier.connected(again)
        courier.disconnected(link)
        await settle()
        assert again.sent == [(FIRST, 0)]
        courier.disconnected(again)
        courier.assign(SECOND)
        await settle()
        assert len(again.sent) == 1
        assert courier.running_version is None


@in_virtual_time
async def test_silence_repeats_the_order_and_an_answer_ends_it() -> None:
    async with running(timeout_s=0.02) as (courier, link, _):
        courier.assign(FIRST)
        courier.connected(link)
        while len(link.sent) < 3:
            await asyncio.sleep(0.005)
        courier.answer(accept(1, 1))
        sent = len(link.sent)
        await asyncio.sleep(0.06)
        assert len(link.sent) == sent


@in_virtual_time
async def test_refusals_repeat_only_what_repetition_can_cure() -> None:
    async with running(timeout_s=0.02) as (courier, link, told):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(Answer(1, False, Cause("policy", "shape-mismatch"), 0))
        await asyncio.sleep(0.06)
        assert len(link.sent) == 1
        courier.assign(SECOND)
        await settle()
        courier.answer(Answer(2, False, Cause("policy", "hash-mismatch"), 0))
        while len(link.sent) < 3:
            await asyncio.sleep(0.005)
        assert told.events[:2] == ["refused 1 policy/shape-mismatch", "refused 2 policy/hash-mismatch"]


@in_virtual_time
async def test_a_dapp_with_higher_delivery_numbers_is_told_of() -> None:
    async with running() as (courier, link, told):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(Answer(1, False, Cause("policy", "stale-version"), 9))
        assert told.events == ["refused 1 policy/stale-version", "outnumbered 1"]


@in_virtual_time
async def test_a_dapp_that_refuses_for_ever_is_sent_each_order_once_and_numbers_leap_once() -> None:
    async with running(timeout_s=0.01) as (courier, link, told):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(Answer(1, False, Cause("policy", "stale-version"), 9))
        assert (courier.state, courier.refusal) == ("refused", Refusal(1, 1, STALE, False))
        for delivery in range(100_001, 100_011):
            courier.assign(Order(version=1, delivery=delivery, artefact=b"one"))
            await settle()
            courier.answer(Answer(delivery, False, STALE, 9))
            await asyncio.sleep(0.03)
        assert len(link.sent) == 11
        assert [event for event in told.events if event.startswith("outnumbered")] == ["outnumbered 1"]
        assert courier.refusal == Refusal(1, 100_010, STALE, True)
        courier.connected(Link())
        await settle()
        assert courier.state == "refused"
        courier.answer(accept(100_010, 1))
        assert (courier.state, courier.refusal) == ("accepted", None)


@in_virtual_time
async def test_a_stream_that_takes_nothing_is_given_up_until_the_next_try() -> None:
    class Stuck(Link):
        tries = 0

        async def deliver(self, order: Order, effective_frame: int) -> None:
            self.tries += 1
            await asyncio.sleep(60)

    async with running(timeout_s=0.02) as (courier, _, told):
        stuck = Stuck()
        courier.connected(stuck)
        courier.assign(FIRST)
        await asyncio.wait_for(courier.push(), 60)
        assert courier.state == "awaited"
        async with asyncio.timeout(60):
            while stuck.tries < 3:
                await asyncio.sleep(0.005)
        assert told.events == []


@in_virtual_time
async def test_the_state_tells_where_the_order_stands() -> None:
    async with running() as (courier, link, _):
        assert courier.state == "no_policy"
        courier.assign(FIRST)
        assert courier.state == "not_connected"
        courier.connected(link)
        await settle()
        assert courier.state == "awaited"
        courier.answer(accept(1, 1))
        assert courier.state == "accepted"


@in_virtual_time
async def test_a_chunk_that_came_once_more_does_not_undo_the_acceptance() -> None:
    """A relay that repeats the last chunk of a policy makes the dApp refuse that chunk, not the policy."""
    async with running() as (courier, link, told):
        courier.assign(FIRST)
        courier.connected(link)
        await settle()
        courier.answer(accept(1, 1))
        again = Cause("policy", "chunk-out-of-order", "chunk 1 comes first; 0 must")
        courier.answer(Answer(1, accepted=False, cause=again, running_version=1))
        assert courier.state == "accepted"
        assert courier.refusal is None
        assert told.events == ["delivered 1"]
