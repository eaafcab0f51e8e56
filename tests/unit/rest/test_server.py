"""The socket of a REST API."""

from __future__ import annotations

import asyncio
import socket

from cadran.rest import listen
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
