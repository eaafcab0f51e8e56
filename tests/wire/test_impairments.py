"""What befalls PDUs on their way is what the scenario says, by the seed and nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.wire.causes import WireError
from cadran.wire.e3_client import E3Client
from cadran.wire.gen.e3ap.v1 import e3ap_pb2
from cadran.wire.impairments import MOST_UNDER_WAY, Fates, Impairments, ImpairmentSpec, Road
from cadran.wire.link import LinkSettings

from .parties import QUICK, Dapp, Du, e3_server, running, until

SEED = st.integers(0, 2**32)
P = st.floats(0, 0.9)
SPEC = st.builds(
    ImpairmentSpec,
    delay_s=st.floats(0, 0.002),
    jitter_s=st.floats(0, 0.002),
    loss=P,
    duplication=P,
    reordering=P,
    reordering_s=st.floats(0, 0.005),
)


def road_of(spec: ImpairmentSpec, seed: int, arrived: list[bytes]) -> Road:
    async def write(data: bytes) -> None:
        arrived.append(data)

    return Impairments(spec, np.random.default_rng(seed)).road(write)


def sent_over(spec: ImpairmentSpec, seed: int, count: int) -> list[int]:
    """Numbers of the PDUs that arrive, in the order in which they do."""
    arrived: list[bytes] = []

    async def send() -> None:
        road = road_of(spec, seed, arrived)

        async def fill() -> None:
            for number in range(count):
                await road.take(number.to_bytes(4, "big"))

        await road.run(fill)

    asyncio.run(send())
    return [int.from_bytes(data, "big") for data in arrived]


@given(SPEC, SEED, st.integers(1, 60))
def test_the_same_seed_gives_the_nth_pdu_the_same_fate(spec: ImpairmentSpec, seed: int, count: int) -> None:
    first, second = (Fates(spec, np.random.default_rng(seed)) for _ in range(2))
    assert [first.next() for _ in range(count)] == [second.next() for _ in range(count)]


@given(SPEC, SPEC, SEED)
def test_a_fate_does_not_depend_on_the_other_probabilities(
    spec: ImpairmentSpec, other: ImpairmentSpec, seed: int
) -> None:
    changed = other.model_copy(update={"loss": spec.loss})
    one, two = Fates(spec, np.random.default_rng(seed)), Fates(changed, np.random.default_rng(seed))
    for _ in range(30):
        assert (one.next().delay_s is None) == (two.next().delay_s is None)


@settings(max_examples=25, deadline=None)
@given(SPEC, SEED)
def test_each_pdu_arrives_as_often_as_its_fate_says(spec: ImpairmentSpec, seed: int) -> None:
    fates = Fates(spec, np.random.default_rng(seed).spawn(1)[0])
    wanted = {n: fate.copies for n in range(40) if (fate := fates.next()).delay_s is not None}
    assert Counter(sent_over(spec, seed, 40)) == wanted


@settings(max_examples=25, deadline=None)
@given(SPEC, SEED)
def test_without_reordering_the_order_stays(spec: ImpairmentSpec, seed: int) -> None:
    arrived = sent_over(spec.model_copy(update={"reordering": 0.0}), seed, 40)
    assert arrived == sorted(arrived)


def test_reordering_reorders_and_shares_are_as_said() -> None:
    spec = ImpairmentSpec(loss=0.1, duplication=0.2, reordering=0.3)
    arrived = sent_over(spec, 1, 1000)
    assert arrived != sorted(arrived)
    counts = Counter(arrived)
    assert 1000 - len(counts) == pytest.approx(100, abs=35)
    assert sum(count == 2 for count in counts.values()) == pytest.approx(180, abs=50)


async def test_a_delay_holds_what_it_says_and_does_not_hold_up_the_next() -> None:
    arrived: list[bytes] = []
    road = road_of(ImpairmentSpec(delay_s=1.0), 0, arrived)
    loop = asyncio.get_running_loop()
    began_s = loop.time()

    async def fill() -> None:
        for _ in range(50):
            await road.take(b"")
        assert not arrived

    await road.run(fill)
    assert len(arrived) == 50
    assert 1.0 <= loop.time() - began_s < 25.0  # one after the other it would be 50 s


async def test_what_is_under_way_is_bounded() -> None:
    arrived: list[bytes] = []
    road = road_of(ImpairmentSpec(delay_s=10.0), 0, arrived)
    for _ in range(MOST_UNDER_WAY):
        await road.take(b"")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(road.take(b""), 0.05)


async def test_a_cut_ends_the_road_with_its_cause() -> None:
    road = road_of(ImpairmentSpec(disconnection=0.5), 0, [])

    async def fill() -> None:
        for _ in range(1000):
            await road.take(b"")

    with pytest.raises(WireError, match="impairments"):
        await road.run(fill)


async def test_a_cut_lets_what_is_being_written_be_written() -> None:
    """gRPC cannot end a stream on which a write was given up: the peer would never hear of the cut."""
    begun, may_end, written = asyncio.Event(), asyncio.Event(), list[bytes]()

    async def write(data: bytes) -> None:
        begun.set()
        await may_end.wait()
        written.append(data)

    async def fill() -> None:
        await road.take(b"first")
        await begun.wait()
        asyncio.get_running_loop().call_later(0.01, may_end.set)
        while True:
            await road.take(b"under way")

    road = Impairments(ImpairmentSpec(disconnection=0.1), np.random.default_rng(0)).road(write)
    with pytest.raises(WireError, match="impairments"):
        await road.run(fill)
    assert written == [b"first"]


async def test_an_association_that_is_cut_comes_back() -> None:
    """Each association draws on: else the cut would strike the same PDU of each, for ever."""
    spec, du, dapp = ImpairmentSpec(disconnection=0.05), Du(), Dapp()
    impaired = LinkSettings(impairments=Impairments(spec, np.random.default_rng(5)))
    async with e3_server(du, settings=impaired) as (server, port):
        client = E3Client(f"127.0.0.1:{port}", dapp, np.random.default_rng(0), QUICK)
        async with running(client):
            frame = 0
            while len(dapp.closed) < 2:
                await until(lambda: server.sessions)
                server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(epoch=7, frame=frame))
                frame += 1
                await asyncio.sleep(0)
            await until(lambda: dapp.session is not None and dapp.session.open)
