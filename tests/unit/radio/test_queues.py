"""Queues: every byte accounted for, oldest first, with its wait."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cadran.radio.queues import age_ttis, expire, pop, push

BUDGET, RTT = 6, 4


class Queue(NamedTuple):
    """The queue of one UE at [1, 0, 2] of arrays that hold more."""

    entry_bytes: NDArray[np.int32]
    entry_tti: NDArray[np.int32]
    head: NDArray[np.int16]
    count: NDArray[np.int16]
    queued: NDArray[np.int64]

    def push(self, amount: int, limit: int, tti: int) -> int:
        return push(*self, 1, 0, 2, amount, limit, tti)

    def pop(self, amount: int, tti: int, late: NDArray[np.int64]) -> tuple[int, int, int]:
        return pop(*self, 1, 0, 2, amount, tti, BUDGET, RTT, late)

    def expire(self, tti: int, budget: int) -> int:
        return expire(*self, 1, 0, 2, tti, budget)

    def age(self, now: int) -> int:
        return age_ttis(*self[1:4], 1, 0, 2, now)

    @property
    def size(self) -> int:
        return int(self.queued[1, 0, 2])

    def untouched_elsewhere(self) -> bool:
        return all(array.astype(bool).sum() == array[1, 0, 2].astype(bool).sum() for array in self)


def queue(entries: int) -> Queue:
    shape = (2, 1, 3)
    return Queue(
        np.zeros((*shape, entries), np.int32),
        np.zeros((*shape, entries), np.int32),
        np.zeros(shape, np.int16),
        np.zeros(shape, np.int16),
        np.zeros(shape, np.int64),
    )


def nothing_late() -> NDArray[np.int64]:
    return np.zeros(4, dtype=np.int64)


STEP = st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from([None, None, 2, 5, 9]))
"""Bytes that arrive in a TTI, bytes that may leave, and after how long the others are dropped, if at all."""


@settings(deadline=None)
@given(st.lists(STEP, max_size=50), st.sampled_from([4, 8, 16]))
def test_queues_are_first_in_first_out_and_know_every_wait(
    steps: list[tuple[int, int, int | None]], entries: int
) -> None:
    """Against a list with one element per byte: the TTI of its arrival, and the entry that holds it."""
    real, model, newest = queue(entries), [], 0
    arrived = sent = expired = refused = 0
    for tti, (amount, capacity, budget) in enumerate(steps):
        taken = real.push(amount, 200, tti)
        assert taken == min(amount, 200 - len(model))
        held = len({entry for _, entry in model})
        if taken and held < entries:
            newest += 1
        since = tti if held < entries else model[-1][0]
        model += [(since, newest)] * taken
        if budget is not None:
            gone = real.expire(tti, budget)
            assert gone == sum(tti - since >= budget for since, _ in model)
            model = [byte for byte in model if tti - byte[0] < budget]
            expired += gone
        late = nothing_late()
        delivered, waits, oldest = real.pop(capacity, tti, late)
        out = [tti - since for since, _ in model[:delivered]]
        assert delivered == min(capacity, len(model))
        assert (waits, oldest) == (sum(out), max(out, default=0))
        assert late.tolist() == [sum(wait + 1 + r * RTT > BUDGET for wait in out) for r in range(4)]
        model = model[delivered:]
        assert real.size == len(model) == real.entry_bytes.sum()
        assert real.age(tti + 1) == (tti + 1 - model[0][0] if model else 0)
        arrived, sent, refused = arrived + amount, sent + delivered, refused + amount - taken
    assert arrived == sent + expired + refused + real.size
    assert real.untouched_elsewhere()


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_a_full_ring_loses_no_byte_and_overstates_ages_only(amounts: list[int]) -> None:
    real = queue(8)
    for tti, amount in enumerate(amounts):
        assert real.push(amount, 10**6, tti) == amount
    end = len(amounts)
    delivered, waits, oldest = real.pop(10**6, end, nothing_late())
    truth = sum(amount * (end - tti) for tti, amount in enumerate(amounts))
    assert delivered == sum(amounts)
    assert oldest == end
    assert waits == truth if end <= 8 else waits > truth


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=40))
def test_late_bytes_grow_with_the_tries_and_add_up(steps: list[tuple[int, int]]) -> None:
    real, late, total = queue(64), nothing_late(), 0
    for tti, (amount, capacity) in enumerate(steps):
        real.push(amount, 500, tti)
        before = late.copy()
        delivered, *_ = real.pop(capacity, tti, late)
        total += delivered
        assert (np.diff(late) >= 0).all()
        assert (late - before <= delivered).all()
    assert late.max() <= total


def test_a_budget_counts_the_wait_the_transmission_and_the_repetitions() -> None:
    """Received at the end of the TTI of the first try, a byte that waited 5 TTIs has taken 6."""
    for wait, expected in ((1, [0, 0, 1, 1]), (5, [0, 1, 1, 1]), (6, [1, 1, 1, 1])):
        real, late = queue(8), nothing_late()
        real.push(1, 10, 0)
        assert real.pop(1, wait, late) == (1, wait, wait)
        assert late.tolist() == expected


def test_a_byte_expires_when_it_cannot_be_received_in_time() -> None:
    real = queue(8)
    real.push(3, 10, 0)
    real.push(2, 10, 1)
    assert real.expire(5, 6) == 0
    assert real.expire(6, 6) == 3
    assert real.age(6) == 5
    assert real.expire(100, 6) == 2
    assert real.expire(101, 6) == 0
    assert real.size == 0


def test_an_empty_queue_gives_nothing() -> None:
    real, late = queue(8), nothing_late()
    assert real.pop(10, 3, late) == (0, 0, 0)
    assert real.push(0, 10, 3) == 0
    assert real.push(5, 0, 3) == 0
    assert real.age(3) == 0
    assert real.push(5, 10, 3) == 5
    assert real.pop(0, 4, late) == (0, 0, 0)
    assert real.push(9, 3, 5) == 0
    assert not late.any()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=60))
def test_littles_law_holds_to_the_byte(steps: list[tuple[int, int]]) -> None:
    """Bytes queued after each TTI, summed over TTIs, are the TTIs waited, summed over bytes."""
    real, late = queue(64), nothing_late()
    in_queue = waited = 0
    for tti, (amount, capacity) in enumerate(steps):
        real.push(amount, 300, tti)
        waited += real.pop(capacity, tti, late)[1]
        in_queue += real.size
    waited += real.pop(10**6, len(steps), late)[1]
    assert in_queue == waited


@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_a_server_of_fixed_speed_makes_an_md1_queue(rho: float) -> None:
    """Poisson packets of D bytes, one byte per TTI: packets wait rho / (2 mu (1 - rho)), mu = 1 / D.

    In slotted time that holds exactly: a byte waits (D + rho - 1) / (2 (1 - rho)) TTIs on average, which is
    the packet's wait and (D - 1) / 2 behind the bytes before it. The tolerance is three standard deviations
    of a run of this length.
    """
    packet, ttis = 10, 300_000
    packets = np.random.default_rng(3).poisson(rho / packet, ttis)
    real, late = queue(256), nothing_late()
    sent = waited = 0
    for tti in range(ttis):
        if packets[tti]:
            real.push(int(packets[tti]) * packet, 10**6, tti)
        if real.size:
            delivered, wait, _ = real.pop(1, tti, late)
            sent, waited = sent + delivered, waited + wait
    wait = waited / sent - (packet - 1) / 2
    assert wait == pytest.approx(rho * packet / (2 * (1 - rho)), rel=0.08)
