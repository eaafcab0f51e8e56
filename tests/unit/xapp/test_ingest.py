from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.replay import Identity, MemoryReplay, ReplayUnavailable, Rows
from cadran.runtime.retry import RetrySpec
from cadran.xapp.ingest import Ingest, Report, ReportError, Stored, decode_report
from virtual_time import in_virtual_time

from .experience import DUS, SCHEMA, rows

RETRY = RetrySpec(first_s=0.0005, max_s=0.001)


class FlakyStore:
    """A store that fails when told to, before or after the rows came to rest."""

    def __init__(self) -> None:
        self.replay = MemoryReplay(SCHEMA, DUS, 10_000)
        self.failures = 0
        self.lost_replies = 0
        self.appends = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def append(self, du: int, new: Rows) -> int:
        await self.hold.wait()
        self.appends += 1
        if self.failures:
            self.failures -= 1
            raise ReplayUnavailable("away")
        stored = self.replay.append(du, new)
        if self.lost_replies:
            self.lost_replies -= 1
            raise ReplayUnavailable("the reply was lost")
        return stored

    async def last(self, du: int) -> Identity | None:
        return self.replay.last(du)

    async def count(self, du: int) -> int:
        return self.replay.count(du)


class Witness:
    def __init__(self, store: FlakyStore) -> None:
        self._store = store
        self.heard: list[Stored] = []
        self.retries = 0
        self.changed = asyncio.Event()
        self.is_open = asyncio.Event()

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None:
        assert list(counts) == [self._store.replay.count(du) for du in range(DUS)]
        self.is_open.set()

    def stored(self, stored: Stored) -> None:
        assert self._store.replay.last(stored.du) == stored.last, "announced before it was at rest"
        self.heard.append(stored)
        self.changed.set()

    def retried(self, du: int, error: ReplayUnavailable) -> None:
        self.retries += 1

    async def until(self, count: int) -> None:
        while len(self.heard) < count:
            self.changed.clear()
            await self.changed.wait()


@asynccontextmanager
async def running(store: FlakyStore, limit: int = 100) -> AsyncIterator[tuple[Ingest, Witness]]:
    witness = Witness(store)
    ingest = Ingest(SCHEMA, DUS, store, witness, RETRY, limit)
    task = asyncio.create_task(ingest.run())
    await witness.is_open.wait()
    yield ingest, witness
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def report(du: int, start: int, stop: int) -> Report:
    return Report(du, du, SCHEMA.fingerprint, stop - start, SCHEMA.encode(rows(du, start, stop)))


async def test_rows_come_to_rest_before_they_are_announced() -> None:
    store = FlakyStore()
    async with running(store) as (ingest, witness):
        ingest.offer(report(1, 0, 3))
        await witness.until(1)
    assert witness.heard[0].fresh == ((1, 0), (1, 1), (1, 2))
    assert witness.heard[0].last == (1, 2)
    assert store.replay.count(1) == 3


async def test_nothing_is_announced_while_the_store_is_away_and_all_of_it_after() -> None:
    store = FlakyStore()
    store.failures = 5
    async with running(store) as (ingest, witness):
        ingest.offer(report(0, 0, 2))
        await witness.until(1)
    assert witness.retries == 5
    assert store.replay.count(0) == 2


async def test_a_lost_reply_stores_nothing_twice() -> None:
    store = FlakyStore()
    store.lost_replies = 2
    async with running(store) as (ingest, witness):
        ingest.offer(report(0, 0, 4))
        ingest.offer(report(0, 2, 6))
        await witness.until(1)
    assert store.replay.count(0) == ingest.counts[0] == 6
    assert [row["frame"] for row in store.replay.rows(0, 0, 6)] == list(range(6))


@in_virtual_time
async def test_reports_that_queue_up_become_one_append() -> None:
    store = FlakyStore()
    store.hold.clear()
    async with running(store) as (ingest, witness):
        for start in range(0, 20, 2):
            ingest.offer(report(0, start, start + 2))
            await asyncio.sleep(0)
        store.hold.set()
        await witness.until(2)
        await asyncio.sleep(0.01)
    assert store.appends == 2
    assert store.replay.count(0) == 20


async def test_rows_sent_again_are_acknowledged_but_not_stored_again() -> None:
    store = FlakyStore()
    store.replay.append(0, rows(0, 0, 5))
    async with running(store) as (ingest, witness):
        ingest.offer(report(0, 1, 4))
        await witness.until(1)
    assert witness.heard[0] == Stored(0, (), 3, (1, 4), witness.heard[0].seconds)
    assert store.appends == 0


async def test_nothing_is_stored_beyond_a_gap() -> None:
    """Acknowledgements are cumulative: a row stored after a lost one would acknowledge the lost one too."""
    store = FlakyStore()
    async with running(store) as (ingest, witness):
        ingest.offer(report(0, 0, 4))
        await witness.until(1)
        fourth = witness.heard[0].last
        assert fourth is not None
        lost_before = (fourth[0], fourth[1] + 2)
        ingest.offer(replace(report(0, 7, 9), previous=lost_before))
        await witness.until(2)
        assert (witness.heard[1].last, witness.heard[1].beyond_gap) == (fourth, 2)
        ingest.offer(replace(report(0, 4, 9), previous=fourth))
        await witness.until(3)
    assert store.replay.count(0) == 9


class Sender:
    """A dApp's buffer: sends what is not acknowledged, and forgets what is."""

    def __init__(self, frames: int) -> None:
        self.unacknowledged = list(range(frames))

    def piece(self, start: int, size: int) -> Report | None:
        """A report of consecutive rows of the buffer."""
        chosen = self.unacknowledged[start : start + size]
        if not chosen:
            return None
        before = self.unacknowledged[start - 1] if start else None
        made = report(0, chosen[0], chosen[-1] + 1)
        return made if before is None else replace(made, previous=(1, before))

    def acknowledged(self, upto: Identity | None) -> None:
        if upto is not None:
            self.unacknowledged = [frame for frame in self.unacknowledged if frame > upto[1]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6), st.booleans(), st.booleans()), max_size=20))
def test_whatever_reports_are_lost_or_doubled_each_row_is_at_rest_once(
    sends: list[tuple[int, int, bool, bool]],
) -> None:
    """Each send: first row of the buffer, rows, whether it is lost, whether its acknowledgement is lost."""

    async def play() -> MemoryReplay:
        store, sender, heard = FlakyStore(), Sender(20), 0
        store.lost_replies = 1
        async with running(store) as (ingest, witness):
            for start, size, lost, ack_lost in [*sends, *[(0, 20, False, False)] * 2]:
                piece = sender.piece(start, size)
                if piece is None or lost:
                    continue
                ingest.offer(piece)
                heard += 1
                await witness.until(heard)
                if not ack_lost:
                    sender.acknowledged(witness.heard[-1].last)
        assert sender.unacknowledged == []
        return store.replay

    replay = asyncio.run(play())
    assert replay.rows(0, 0, replay.count(0))["frame"].tolist() == list(range(20))


@in_virtual_time
async def test_a_full_queue_refuses_and_says_so() -> None:
    store = FlakyStore()
    store.hold.clear()
    async with running(store, limit=2) as (ingest, _):
        ingest.offer(report(0, 0, 1))
        await asyncio.sleep(0.005)  # the writer has taken it and waits
        ingest.offer(report(0, 1, 2))
        ingest.offer(report(0, 2, 3))
        with pytest.raises(ReportError, match="2 reports wait") as refused:
            ingest.offer(report(0, 3, 4))
        assert refused.value.cause.label == "dapp/not-stored"
        ingest.offer(report(1, 0, 1))


def _with(**changes: object) -> Report:
    fields = {"du": 0, "stated_du": 0, "fingerprint": SCHEMA.fingerprint, "row_count": 2}
    return Report(**(fields | {"rows": SCHEMA.encode(rows(0, 0, 2))} | changes))  # type: ignore[arg-type]


def _not_finite() -> bytes:
    bad = rows(0, 0, 2)
    bad["reward"][1] = np.nan
    return bad.tobytes()


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        (_with(stated_du=1), "dapp/du-unknown"),
        (_with(fingerprint="s1.a1.k1.00000000"), "dapp/schema-mismatch"),
        (_with(row_count=3), "protocol/semantic-error"),
        (_with(rows=SCHEMA.encode(rows(0, 0, 2))[:-1]), "protocol/semantic-error"),
        (_with(rows=_not_finite()), "protocol/semantic-error"),
        (_with(rows=SCHEMA.encode(rows(0, 0, 2)[::-1].copy())), "protocol/semantic-error"),
    ],
)
def test_an_unsound_report_is_refused_with_its_cause(bad: Report, cause: str) -> None:
    with pytest.raises(ReportError) as refused:
        decode_report(bad, SCHEMA)
    assert refused.value.cause.label == cause
    assert "\n" not in str(refused.value)


def test_waits_double_up_to_the_longest() -> None:
    retry = RetrySpec(first_s=0.1, max_s=1.0)
    assert [retry.wait_s(n) for n in (1, 2, 3, 4, 5, 500)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
