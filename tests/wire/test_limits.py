"""What a server of E2 or E3 bounds: the length of a message."""

from __future__ import annotations

import grpc

from cadran.wire.e3_session import E3_SERVICE
from cadran.wire.link import MOST_MESSAGE_BYTES

from .parties import Dapp, Du, dapp_client, e3_server, raw, running, until


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
