"""What gRPC is told about an association, and what a server of E2 or E3 bounds: the length of a message."""

from __future__ import annotations

from pathlib import Path

import grpc
from grpc._cython import cygrpc

from cadran.wire.e3_session import E3_SERVICE
from cadran.wire.link import GRPC_OPTIONS, MOST_MESSAGE_BYTES
from cadran.wire.stream import _SERVER_OPTIONS

from .parties import Dapp, Du, dapp_client, e3_server, raw, running, until


def test_grpc_knows_every_option() -> None:
    """One that it does not know it passes over: then idle associations were cut for their pings."""
    library = Path(cygrpc.__file__).read_bytes()
    assert [name for name, _ in (*GRPC_OPTIONS, *_SERVER_OPTIONS) if name.encode() not in library] == []


async def test_a_message_that_is_too_long_ends_its_stream_and_nothing_else() -> None:
    dapp = Dapp()
    async with e3_server(Du()) as (server, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.session)
        async with raw(port, E3_SERVICE) as call:
            await call.write(bytes(MOST_MESSAGE_BYTES + 1))
            assert await call.code() is not grpc.StatusCode.OK
        assert dapp.session is not None
        assert dapp.session.open
        assert list(server.sessions) == [0]
