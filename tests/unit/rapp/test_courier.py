from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from cadran.policy import PolicyError
from cadran.policy.initialisation import decode_initialisation
from cadran.rapp.courier import Courier
from cadran.rapp.registry import Registry
from cadran.rapp.xapp_client import Adaptation, XappAwayError, XappClient, XappRefusedError
from cadran.rest import add_errors, listen, serving
from cadran.runtime import Address
from cadran.runtime.tls import Tls
from certified import certificates_in

from .conftest import artifact


@dataclass
class Xapp:
    """An xApp that takes initialisations, over real HTTP."""

    taken: list[int] = field(default_factory=list)
    held: dict[str, object] | None = None
    refuses: str | None = None
    one_level: bool = False
    garbage: bool = False

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.put("/v1/initialisation")
        async def put(request: Request) -> dict[str, object]:
            if self.refuses:
                raise HTTPException(422, self.refuses)
            meta, _ = decode_initialisation(await request.body())
            self.taken.append(meta.version)
            self.held = {"version": meta.version, "sha256": meta.sha256}
            return {**self.held, "dus": []}

        @app.get("/v1/adaptation")
        async def adaptation() -> dict[str, object]:
            if self.one_level:
                raise HTTPException(409, "decisions have one level in this scenario")
            if self.garbage:
                return {"dus": "none"}
            du = {
                "du": 1, "cold": False, "start": self.held, "policy_version": 3, "policy_sha256": "x",
                "acknowledged": True, "shots": 2, "rewards": [0.5, 0.6, 0.7], "shots_to_95": None,
            }  # fmt: skip
            return {"initialisation": self.held, "shot_frames": 100, "dus": [du]}

        add_errors(app, {PolicyError: 422})
        return app


@dataclass
class Events:
    delivered_ones: list[int] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def delivered(self, version: int) -> None:
        self.delivered_ones.append(version)

    def delivery_refused(self, version: int, reason: str) -> None:
        self.refusals.append(reason)

    def adapting(self, adaptation: Adaptation) -> None: ...


@asynccontextmanager
async def running(xapp: Xapp) -> AsyncIterator[Address]:
    with listen(Address("127.0.0.1", 0)) as listening:
        async with serving(xapp.app(), listening):
            yield Address("127.0.0.1", listening.getsockname()[1])


def registry(root: Path, versions: int) -> Registry:
    made = Registry(root, 10, lambda: 1.0)
    for version in range(1, versions + 1):
        made.register(artifact(version))
    return made


def promote(made: Registry, version: int) -> None:
    made.promote(version, "better", made.promoted_version)


async def test_what_is_promoted_arrives_once_and_a_roll_back_as_well(tmp_path: Path) -> None:
    xapp, events, made = Xapp(), Events(), registry(tmp_path, 2)
    async with running(xapp) as address:
        courier = Courier(XappClient(address, 60.0), made, events, 1.0)
        await courier.look()
        assert (courier.state, xapp.taken) == ("nothing_promoted", [])
        for version in (1, 2):
            promote(made, version)
            await courier.look()
            await courier.look()
        made.roll_back()
        await courier.look()
        assert xapp.taken == events.delivered_ones == [1, 2, 1]
        assert courier.adaptation is not None
        assert courier.adaptation.dus[0].rewards == [0.5, 0.6, 0.7]
        xapp.held = None  # it lost its state
        await courier.look()
        assert xapp.taken == [1, 2, 1, 1]


async def test_a_rapp_that_comes_back_finds_what_the_xapp_holds(tmp_path: Path) -> None:
    xapp, events, made = Xapp(), Events(), registry(tmp_path, 1)
    promote(made, 1)
    xapp.held = {"version": 1, "sha256": made.entry(1).meta.sha256}
    async with running(xapp) as address:
        courier = Courier(XappClient(address, 60.0), made, events, 1.0)
        await courier.look()
    assert (courier.state, xapp.taken) == ("delivered", [])


async def test_a_refusal_is_told_and_not_repeated_until_something_else_is_promoted(tmp_path: Path) -> None:
    xapp, events, made = (
        Xapp(refuses="policy refused: shape"),
        Events(),
        registry(tmp_path, 2),
    )
    promote(made, 1)
    async with running(xapp) as address:
        courier = Courier(XappClient(address, 60.0), made, events, 1.0)
        for _ in range(3):
            await courier.look()
        assert (courier.state, courier.reason) == ("refused", xapp.refuses)
        assert events.refusals == [xapp.refuses]
        xapp.refuses = None
        await courier.look()
        assert xapp.taken == []
        promote(made, 2)
        await courier.look()
        assert (xapp.taken, courier.state) == ([2], "delivered")


async def test_an_xapp_without_two_levels_is_told(tmp_path: Path) -> None:
    made = registry(tmp_path, 1)
    promote(made, 1)
    async with running(Xapp(one_level=True)) as address:
        courier = Courier(XappClient(address, 60.0), made, Events(), 1.0)
        await courier.look()
    assert (courier.state, courier.reason) == ("refused", "decisions have one level in this scenario")


async def test_a_promoted_file_that_cannot_be_read_is_told_and_delivered_once_it_can(tmp_path: Path) -> None:
    xapp, made = Xapp(), registry(tmp_path, 1)
    promote(made, 1)
    path = made.entry(1).path
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    async with running(xapp) as address:
        courier = Courier(XappClient(address, 60.0), made, Events(), 0.01)
        task = asyncio.create_task(courier.run())
        while courier.state != "damaged":
            await asyncio.sleep(0.01)
        assert "initialisation 1 cannot be read" in str(courier.reason)
        path.write_bytes(data)
        while courier.state != "delivered":
            await asyncio.sleep(0.01)
        task.cancel()
    assert xapp.taken == [1]


async def test_an_xapp_that_is_away_is_asked_again(tmp_path: Path, unused_tcp_port: int) -> None:
    xapp, made = Xapp(), registry(tmp_path, 1)
    promote(made, 1)
    courier = Courier(XappClient(Address("127.0.0.1", unused_tcp_port), 60.0), made, Events(), 0.01)
    task = asyncio.create_task(courier.run())
    while courier.state != "away":
        await asyncio.sleep(0.01)
    assert "does not answer" in str(courier.reason)
    with listen(Address("127.0.0.1", unused_tcp_port)) as listening:
        async with serving(xapp.app(), listening):
            while courier.state != "delivered":
                await asyncio.sleep(0.01)
            task.cancel()
    assert xapp.taken == [1]


async def test_an_xapp_that_comes_back_is_offered_again_what_it_refused(tmp_path: Path) -> None:
    xapp, made = Xapp(refuses="other networks"), registry(tmp_path, 1)
    promote(made, 1)
    async with running(xapp) as address:
        courier = Courier(XappClient(address, 60.0), made, Events(), 0.01)
        task = asyncio.create_task(courier.run())
        while courier.state != "refused":
            await asyncio.sleep(0.01)
    while courier.state != "away":
        await asyncio.sleep(0.01)
    xapp.refuses = None
    with listen(address) as listening:
        async with serving(xapp.app(), listening):
            while courier.state != "delivered":
                await asyncio.sleep(0.01)
            task.cancel()
    assert xapp.taken == [1]


@pytest.mark.parametrize("answer", [b"[" * 100_000, b'{"detail": 5}', b"\xff", b""])
async def test_a_refusal_that_cannot_be_read_is_one(answer: bytes) -> None:
    app = FastAPI()

    @app.put("/v1/initialisation")
    async def refuse() -> Response:
        return Response(answer, 422)

    @app.get("/v1/adaptation")
    async def endless() -> Response:
        return Response(b'{"initialisation": null, "shot_frames": 1' + 400 * b"0" + b', "dus": []}')

    with listen(Address("127.0.0.1", 0)) as listening:
        client = XappClient(Address("127.0.0.1", listening.getsockname()[1]), 60.0)
        async with serving(app, listening):
            with pytest.raises(XappRefusedError):
                await asyncio.to_thread(client.deliver, b"anything")
            with pytest.raises(XappAwayError):
                await asyncio.to_thread(client.adaptation)


async def test_an_answer_that_cannot_be_read_counts_as_none() -> None:
    async with running(Xapp(garbage=True)) as address:
        with pytest.raises(XappAwayError):
            await asyncio.to_thread(XappClient(address, 60.0).adaptation)
        with pytest.raises(XappRefusedError, match="corrupt"):
            await asyncio.to_thread(XappClient(address, 60.0).deliver, b"no artefact")


def test_certificates_that_are_being_renewed_are_no_answer(tmp_path: Path) -> None:
    files = certificates_in(tmp_path).files("rapp")
    client = XappClient(Address("127.0.0.1", 1), 5.0, Tls(files))
    files.cert.write_bytes(b"")  # its beginning
    with pytest.raises(XappAwayError):
        client.adaptation()
    files.cert.unlink()
    with pytest.raises(XappAwayError):
        client.deliver(b"anything")


Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


async def drips_its_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await drip(writer)


async def drips_its_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")  # ends with the connection
    await drip(writer)


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"0")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reads_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(50):
        await reader.read(1000)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("peer", [drips_its_head, drips_its_body, reads_slowly])
async def test_a_slow_xapp_holds_a_call_no_longer_than_its_time_out(peer: Peer) -> None:
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await peer(reader, writer)
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = XappClient(Address("127.0.0.1", server.sockets[0].getsockname()[1]), 0.3)
    call = partial(client.deliver, bytes(8 << 20)) if peer is reads_slowly else client.adaptation
    started = time.monotonic()
    async with asyncio.timeout(60):
        with pytest.raises(XappAwayError, match="does not answer"):
            await asyncio.to_thread(call)
        assert time.monotonic() - started < 20  # it would be for ever
        await done.wait()
    server.close()
