"""Delays, lateness and bursts as measured, against Little's law and against the definitions."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cadran.radio import Decisions, Radio, State, World

from .worlds import block_world, no_rbs, one_ue, pf_all, seeds, taken, tti_by_tti

LINKS = ["shannon", "mcs"]


def slotted(link: str, **changes: Any) -> World:
    """Blocks or not, TTI by TTI, with queues that tell every arrival apart."""
    settings: dict[str, Any] = {"queue_entries": 256}
    settings |= {"load": {"scale": 0.06}, "layout": {"indoor_fraction": 0.0}}
    return tti_by_tti(block_world(**(settings | changes), link={"adaptation": link}))


def ages(state: State, now: int) -> NDArray[np.int64]:
    """Bytes times TTIs that the bytes in the queues have waited at the end of TTI ``now`` - 1."""
    entries = state.ues.entry_bytes.shape[-1]
    order = np.arange(entries)
    used = (order - state.ues.entry_head[..., None]) % entries < state.ues.entry_count[..., None]
    waits: NDArray[np.int64] = np.where(used, state.ues.entry_bytes * (now - state.ues.entry_tti), 0)
    return waits.sum(axis=(-1, -2), dtype=np.int64)


@pytest.mark.parametrize("link", LINKS)
def test_littles_law_holds_exactly_byte_by_byte(link: str) -> None:
    """Bytes waiting at the ends of TTIs add up to the waits of all bytes: one UE in each slice."""
    world, ttis = slotted(link, dus=1, ues=3, load={"scale": 0.25}), 300
    radio = Radio(world)
    state, everyone = radio.new_state(seeds(2)), pf_all(world, 2)
    state.ues.gain[:] = 10.0
    waiting, in_flight, waits, on_air, failed = (np.zeros((2, 1, 3), dtype=np.int64) for _ in range(5))
    for tti in range(ttis):
        process = tti % state.ues.harq_bytes.shape[-1]
        waited = state.ues.harq_age[..., 0, process].copy()
        since = tti - state.ues.harq_tti[..., 0, process]
        radio.step(state, everyone)
        kpis = state.kpis
        waiting += state.ues.queued.sum(axis=-1)
        in_flight += state.ues.in_flight.sum(axis=-1)
        waits += kpis.queue_byte_ttis + np.where(kpis.lost_bytes > 0, waited, 0)
        # What is received in the TTI of its transmission spends one TTI on the air and is gone at its end.
        on_air += kpis.air_byte_ttis - kpis.delivered_bytes + kpis.lost_bytes * since
        failed += kpis.failed_blocks
    ues = state.ues
    assert (waits > state.ledger.delivered_bytes).any()
    assert link == "shannon" or failed.sum() > 50
    waits += ages(state, ttis) + np.where(ues.harq_bytes > 0, ues.harq_age, 0).sum(axis=(-1, -2))
    on_air += (ues.harq_bytes * (ttis - ues.harq_tti)).sum(axis=(-1, -2))
    np.testing.assert_array_equal(waiting, waits)
    np.testing.assert_array_equal(in_flight, on_air)


def test_littles_law_holds_over_frames_of_ten_ttis() -> None:
    world = block_world(load={"scale": 0.05}, queue_entries=256)
    radio = Radio(world)
    state = radio.new_state(seeds(16))
    waiting, byte_ttis = 0.0, 0.0
    for _ in range(300):
        radio.step(state, pf_all(world, 16))
        kpis = state.kpis
        waiting += float(kpis.queued_bytes.sum()) * world.ttis_per_frame
        byte_ttis += float((kpis.queue_byte_ttis + kpis.air_byte_ttis - kpis.delivered_bytes).sum())
    still = float((ages(state, 3000)).sum())
    assert still < 0.2 * byte_ttis
    assert byte_ttis + still == pytest.approx(waiting, rel=0.05)


def test_what_is_served_at_once_waits_no_tti_and_takes_one_on_the_air() -> None:
    load = {"sources": ("periodic",) * 3, "period_s": 0.004, "packet_bits": (800, 800, 800)}
    world = tti_by_tti(one_ue(load=load))
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.ues.gain[:] = 1e6
    for _ in range(40):
        radio.step(state, pf_all(world, 1))
        assert not state.kpis.queue_byte_ttis.any()
        np.testing.assert_array_equal(state.kpis.air_byte_ttis, state.kpis.delivered_bytes)
    assert state.ledger.delivered_bytes.sum() == 1000


def first_in_first_out(arrived: list[int], sent: list[int], budget: int) -> list[int]:
    """Bytes of ``sent`` in each TTI that are late, of one queue, which ``arrived`` came to."""
    queue: list[list[int]] = []
    late = []
    for tti, (fresh, left) in enumerate(zip(arrived, sent, strict=True)):
        queue.append([tti, fresh])
        late.append(0)
        while left:
            oldest, amount = queue[0]
            taken = min(left, amount)
            late[-1] += taken if tti - oldest + 1 > budget else 0
            left, queue[0][1] = left - taken, amount - taken
            if queue[0][1] == 0:
                queue.pop(0)
    return late


def test_late_bytes_are_those_of_a_first_in_first_out_queue_with_the_same_arrivals() -> None:
    load = {"sources": ("poisson",) * 3, "mean_bps": (4e6, 0, 0), "packet_bits": (8000, 800, 800)}
    budget = {"delay_budget_s": (0.012, 1, 1), "factor_min": 1, "factor_max": 1}
    world = tti_by_tti(one_ue(load=load | budget, link={"adaptation": "shannon"}, queue_entries=256))
    radio = Radio(world)
    state, rng = radio.new_state(seeds(1)), np.random.default_rng(2)
    state.ues.gain[:] = 30.0
    arrived, sent, late = [], [], []
    for _ in range(400):
        radio.step(state, pf_all(world, 1) if rng.random() < 0.6 else no_rbs(world, 1))
        arrived.append(int(state.kpis.arrived_bytes.sum() - state.kpis.dropped_bytes.sum()))
        sent.append(int(state.kpis.delivered_bytes.sum()))
        late.append(int(state.kpis.late_bytes.sum()))
    assert late == first_in_first_out(arrived, sent, budget=12)
    assert 0 < sum(late) < sum(sent)


def starved_then_served(link: str, starved: int, **load: Any) -> tuple[State, NDArray[np.int64]]:
    """State after TTIs without any RB, and the bytes delivered late while all RBs were there after that."""
    budget = (0.010, 0.010, 0.010)
    settings = {"scale": 0.05, "delay_budget_s": budget, "buffer_s": (10.0, 10.0, 10.0)}
    world = slotted(link, load=settings | load, channel={"fading": "none"})
    radio = Radio(world)
    state = radio.new_state(seeds(2))
    state.ues.gain[:] = 0
    for c in range(3):
        state.ues.gain[:, c, :, :, c] = 1e6
    decisions: list[Decisions] = [no_rbs(world, 2)] * starved + [pf_all(world, 2)] * 40
    late = np.zeros((2, 3, 3), dtype=np.int64)
    for number, decision in enumerate(decisions):
        if number == starved:
            # Nothing new arrives: all that is left is what waited.
            state.ues.queue_limit[:] = 0
        radio.step(state, decision)
        late += state.kpis.late_bytes
        assert (state.kpis.late_bytes <= state.kpis.delivered_bytes).all()
    return state, late


@pytest.mark.parametrize("link", LINKS)
def test_bytes_that_waited_longer_than_their_budget_are_late(link: str) -> None:
    state, late = starved_then_served(link, starved=5)
    assert state.ledger.delivered_bytes.sum() > 0
    assert not late[..., 1:].any()
    state, late = starved_then_served(link, starved=60)
    assert 0.6 * state.ledger.delivered_bytes.sum() < late.sum() < state.ledger.delivered_bytes.sum()


@pytest.mark.parametrize("link", LINKS)
def test_bytes_past_their_budget_are_dropped_where_the_world_says_so_and_then_none_is_late(link: str) -> None:
    state, late = starved_then_served(link, starved=60, discard_late=True)
    kept, _ = starved_then_served(link, starved=60)
    assert not late.any()
    assert state.ledger.delivered_bytes.sum() < 0.5 * kept.ledger.delivered_bytes.sum()
    assert state.ledger.dropped_bytes.sum() > kept.ledger.dropped_bytes.sum()


@pytest.mark.parametrize("link", LINKS)
def test_bursts_are_the_ttis_that_leave_something_in_the_queue(link: str) -> None:
    changes = {"load": {"sources": ("ftp3",) * 3, "mean_bps": (2e6, 0, 0), "ftp_file_bytes": 4000}}
    world = tti_by_tti(one_ue(**changes, link={"adaptation": link}))
    radio = Radio(world)
    state = radio.new_state(seeds(1))
    state.ues.gain[:] = 3.0
    bursts = 0
    for _ in range(400):
        before = int(state.ues.queued.sum())
        sent_before = int(state.ledger.delivered_bytes.sum() + state.ues.in_flight.sum())
        dropped_before = int(state.ledger.dropped_bytes.sum())
        radio.step(state, pf_all(world, 1))
        kpis, after = state.kpis, int(state.ues.queued.sum())
        had_data = before + int(kpis.arrived_bytes.sum()) > 0
        left = had_data and after > 0
        assert kpis.burst_ttis.sum() == left
        assert kpis.busy_ue_ttis.sum() == (had_data or state.ues.in_flight.sum() > 0)
        sent = state.ledger.delivered_bytes.sum() + state.ues.in_flight.sum() - sent_before
        sent += state.ledger.dropped_bytes.sum() - dropped_before
        assert kpis.burst_bytes.sum() == (sent if left else 0)
        bursts += left
    assert 20 < bursts < 380


@pytest.mark.parametrize("link", LINKS)
def test_measured_latency_is_the_age_of_the_oldest_byte_that_waits_or_was_delivered(link: str) -> None:
    world = slotted(link, kpis={"latency": "measured"}, load={"scale": 0.15})
    radio = Radio(world)
    state, rng = radio.new_state(seeds(2)), np.random.default_rng(1)
    for tti in range(150):
        decisions = pf_all(world, 2) if rng.random() < 0.6 else no_rbs(world, 2)
        oldest_before = oldest(state, tti)
        radio.step(state, decisions)
        delay = np.nan_to_num(state.kpis.ue_delay_s) / world.tti_s
        now = oldest(state, tti + 1)
        np.testing.assert_allclose(delay[:, :, :2], now[:, :, :2], rtol=1e-5)
        urllc = delay[:, :, 2]
        assert (urllc >= now[:, :, 2] - 1e-3).all()
        assert (urllc <= np.maximum(oldest_before + 1, 1)[:, :, 2] + 1e-3).all()
        np.testing.assert_array_equal(np.isnan(state.kpis.ue_delay_s), ~taken(state))


def oldest(state: State, now: int) -> NDArray[np.int64]:
    """TTIs that the oldest byte of each UE, waiting or in HARQ, has spent by the start of TTI ``now``."""
    ues = state.ues
    first = np.take_along_axis(ues.entry_tti, ues.entry_head[..., None].astype(np.int64), -1)[..., 0]
    waiting = np.where(ues.entry_count > 0, now - first, 0)
    in_harq = np.where(ues.harq_bytes > 0, now - ues.harq_tti + ues.harq_oldest, 0).max(axis=-1)
    found: NDArray[np.int64] = np.maximum(waiting, in_harq)
    return found
