"""A frozen peer, or a line that carries nothing, ends the lease at both ends; then all is well again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cadran.wire.causes import Cause
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

from .parties import Counters, Dapp, Du, dapp_client, e3_server, running, until

TESTS = Path(__file__).resolve().parents[1]
HEARTBEAT_MS = 500
EXPIRED = "dapp/lease-expired"


@asynccontextmanager
async def _child(side: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "wire.e3_child", side, str(port), cwd=TESTS, env=dict(os.environ)
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_a_frozen_dapp_loses_its_lease_and_comes_back() -> None:
    du, counters = Du(heartbeat_period_ms=HEARTBEAT_MS), Counters()
    async with e3_server(du, counters) as (server, port), _child("dapp", port) as process:
        await until(lambda: du.kinds().count("connected") == 1, 30.0)
        process.send_signal(signal.SIGSTOP)
        frozen_s = asyncio.get_running_loop().time()
        await until(lambda: ("closed", 1, EXPIRED) in du.events)
        took_s = asyncio.get_running_loop().time() - frozen_s
        assert 2 <= took_s / (HEARTBEAT_MS / 1000) < 20  # three periods, less the one that had begun
        assert not server.sessions
        process.send_signal(signal.SIGCONT)
        await until(lambda: du.kinds().count("connected") == 2)
        server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(frame=4))
        await until(lambda: ("action", 4) in du.events)
    assert counters.seen["closed", "e3", EXPIRED] == 1


async def test_a_frozen_du_is_left_and_found_again() -> None:
    dapp, counters = Dapp(), Counters()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with _child("du", port) as process, running(dapp_client(port, dapp, counters)):
        await until(lambda: dapp.session and dapp.session.subscribed, 30.0)
        before = len(dapp.closed)
        process.send_signal(signal.SIGSTOP)
        await until(lambda: len(dapp.closed) > before)
        assert dapp.closed[before].label == EXPIRED
        first = dapp.session
        process.send_signal(signal.SIGCONT)
        await until(lambda: dapp.session is not first and dapp.session and dapp.session.subscribed)
    assert counters.seen["closed", "e3", EXPIRED] == 1


class _Line:
    """A TCP connection's path, which can be made to carry nothing while both ends stay open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.carries = asyncio.Event()
        self.carries.set()
        self._pumps: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._pumps.append(asyncio.create_task(self._pump(source, sink)))
            self._writers.append(sink)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                await self.carries.wait()
                sink.write(data)
                await sink.drain()
        sink.close()

    async def stop(self) -> None:
        for task in self._pumps:
            task.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_both_ends_of_a_half_open_connection_give_up_and_meet_again() -> None:
    du, dapp = Du(heartbeat_period_ms=HEARTBEAT_MS), Dapp()
    async with e3_server(du) as (_, port):
        line = _Line(port)
        proxy = await asyncio.start_server(line.connect, "127.0.0.1", 0)
        async with running(dapp_client(proxy.sockets[0].getsockname()[1], dapp)):
            await until(lambda: dapp.session and dapp.session.subscribed)
            line.carries.clear()
            await until(lambda: ("closed", 1, EXPIRED) in du.events)
            await until(lambda: dapp.closed)
            assert dapp.closed[0].label == EXPIRED
            line.carries.set()
            await until(lambda: dapp.session and dapp.session.open and dapp.session.subscribed)
        proxy.close()
        await line.stop()


async def test_a_release_tells_the_other_side_why_both_ways() -> None:
    du, dapp = Du(), Dapp()
    async with e3_server(du) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session and dapp.session.subscribed)
        first = dapp.session
        server.sessions[0].close(Cause("misc", "om-intervention", "maintenance"))
        await until(lambda: dapp.closed)
        assert dapp.closed == [Cause("misc", "om-intervention", "maintenance")]
        await until(lambda: dapp.session is not first)  # it was not told to stay away
        session = dapp.session
        assert session is not None
        session.close(Cause("misc", "hardware-failure", "the board"))
        await until(lambda: ("closed", 1, "misc/hardware-failure") in du.events)
