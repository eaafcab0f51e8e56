"""The socket of a REST API."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from fastapi import FastAPI, Response

from cadran.rest import listen, serving
from cadran.runtime import Address


async def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Without TCP_NODELAY every answer on a kept connection came 40 ms late."""
    delays: asyncio.Queue[int] = asyncio.Queue()

    async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        delays.put_nowait(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listen(Address("127.0.0.1", 0)) as listening:
        server = await asyncio.start_server(accepted, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await asyncio.wait_for(delays.get(), 60)
        writer.close()
        server.close()


async def test_a_request_that_does_not_come_as_a_whole_is_cut_off_and_an_answer_that_takes_long_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answering = asyncio.Event(), asyncio.Event()
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> str:
        asked.set()
        await answering.wait()
        return "whole"

    @app.post("/body")
    async def take(body: dict[str, int]) -> int:
        return len(body)

    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with listen(Address("127.0.0.1", 0)) as listening:
        async with serving(app, listening), asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await asked.wait()
            with monkeypatch.context() as impatient:
                impatient.setattr("cadran.rest.server._REQUEST_S", 0.05)
                for begun in (b"", b"GET /slow HTT", head % 9 + b"{"):
                    silent, sending = await asyncio.open_connection(*listening.getsockname())
                    sending.write(begun)
                    with contextlib.suppress(ConnectionResetError):
                        assert await silent.read() == b""
                    sending.close()
            answering.set()
            assert b"whole" in await reader.readuntil(b'"whole"')
            monkeypatch.setattr("cadran.rest.server._REQUEST_S", 0.05)
            # One request behind the other: the second has begun before the first is answered.
            first, second = head % 2 + b"{}", head % 9 + b"{"
            writer.write(first + second)
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
            writer.close()


async def test_a_caller_that_reads_a_large_answer_slowly_gets_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than the system's buffers take; what was left in the server's was thrown away."""
    monkeypatch.setattr("cadran.rest.server._REQUEST_S", 0.05)
    body = bytes(32_000_000)
    app = FastAPI()

    @app.get("/large")
    async def large() -> Response:
        return Response(body)

    with listen(Address("127.0.0.1", 0)) as listening:
        async with serving(app, listening), asyncio.timeout(60):
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.5)
            assert await reader.readexactly(len(body)) == body
            writer.close()
