"""Mutual TLS on E2 and E3, over gRPC on loopback: who gets in, who does not, and renewal."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest

from cadran.runtime.tls import Tls
from cadran.wire.connector import ChannelCredentials
from cadran.wire.e2_client import E2Client
from cadran.wire.e2_server import E2Server
from cadran.wire.e3_client import E3Client
from cadran.wire.e3_server import E3Server
from certified import STRANGERS, Certificates, certificates_in

from .parties import QUICK, Counters, Dapp, Du, Node, Xapp, running, until

REFUSED = "dapp/not-authorised"
SIDES = ("e2", "e3")


class Interface:
    """A server with TLS, and clients that want in as DU 1."""

    def __init__(self, side: str, server: E2Server | E3Server, counters: Counters) -> None:
        self.side = side
        self.counters = counters
        self.server = server
        self.begun = 0
        self.port = 0
        self.name, self.other = ("dapp-1", "dapp-0") if side == "e3" else ("ransim", "dapp-1")

    @property
    def sessions(self) -> list[int]:
        return list(self.server.sessions if isinstance(self.server, E3Server) else self.server.nodes)

    def client(self, credentials: ChannelCredentials | None) -> tuple[Dapp | Node, E2Client | E3Client]:
        target, rng = f"localhost:{self.port}", np.random.default_rng(1)
        if self.side == "e3":
            dapp = Dapp(du_id=1)
            return dapp, E3Client(target, dapp, rng, QUICK, credentials=credentials)
        node = Node(du_id=1)
        return node, E2Client(target, node, rng, QUICK, credentials=credentials)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=SIDES)
async def interface(request: pytest.FixtureRequest, certificates: Certificates) -> AsyncIterator[Interface]:
    async with served(request.param, certificates) as made:
        yield made


@asynccontextmanager
async def served(side: str, certificates: Certificates) -> AsyncIterator[Interface]:
    made: list[Interface] = []

    def begun() -> None:
        made[0].begun += 1

    counters = Counters()
    listen = "localhost:0"
    tls = certificates.of("ransim" if side == "e3" else "xapp").server_credentials(begun)
    server: E2Server | E3Server
    if side == "e3":
        server = E3Server(listen, Du(), QUICK, counters, tls)
    else:
        server = E2Server(listen, Xapp(), QUICK, counters, tls)
    made.append(Interface(side, server, counters))
    made[0].port = await server.start()
    try:
        yield made[0]
    finally:
        await server.stop()


async def gets_in(interface: Interface, certificates: Certificates) -> None:
    party, client = interface.client(certificates.of(interface.name).channel_credentials)
    async with running(client):
        await until(lambda: party.session)
        assert interface.sessions == [1]


async def test_who_has_the_certificate_of_its_du_gets_in(
    interface: Interface, certificates: Certificates
) -> None:
    await gets_in(interface, certificates)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", STRANGERS)
async def test_a_stranger_gets_nothing_and_is_counted(side: str, tmp_path: Path, kind: str) -> None:
    certificates = certificates_in(tmp_path)
    async with served(side, certificates) as asked:
        files = certificates.stranger(kind, asked.name, asked.other)
        party, client = asked.client(Tls(files).channel_credentials)
        async with running(client):
            await until(lambda: len(party.closed) >= 2 and asked.begun >= 2)
            if kind == "other DU":
                await until(lambda: asked.counters.seen.get(("closed", side, REFUSED), 0) >= 2)
            assert party.session is None
            assert not asked.sessions
        # On a slow machine an attempt may also end by its time-out.
        assert (REFUSED in {cause.label for cause in party.closed}) == (kind == "other DU")
        await gets_in(asked, certificates)  # the process lives


@pytest.mark.parametrize("how", ["clear text", "no certificate"])
async def test_without_a_certificate_nothing_is_read(
    interface: Interface, certificates: Certificates, how: str
) -> None:
    def anonymous() -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(certificates.files("ransim").ca.read_bytes())

    party, client = interface.client(None if how == "clear text" else anonymous)
    async with running(client):
        await until(lambda: len(party.closed) >= 2)
        assert party.session is None
        assert not interface.sessions
    await gets_in(interface, certificates)


async def test_a_client_talks_to_nobody_that_another_ca_has_signed(
    interface: Interface, tmp_path: Path
) -> None:
    theirs = certificates_in(tmp_path)
    party, client = interface.client(theirs.of(interface.name).channel_credentials)
    async with running(client):
        await until(lambda: len(party.closed) >= 2)
        assert party.session is None
        assert {cause.label for cause in party.closed} == {"transport/transport-resource-unavailable"}


async def test_a_dapp_cannot_pass_for_a_server(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    dapp = Tls(certificates.files("dapp-0")).server_credentials(lambda: None)
    server = E2Server("localhost:0", Xapp(), QUICK, credentials=dapp)
    port = await server.start()
    node = Node(du_id=1)
    ransim = certificates.of("ransim").channel_credentials
    client = E2Client(f"localhost:{port}", node, np.random.default_rng(1), QUICK, credentials=ransim)
    async with running(client):
        await until(lambda: len(node.closed) >= 2)
        assert node.session is None
    await server.stop()


async def test_a_renewed_certificate_is_taken_up_by_the_next_connection(tmp_path: Path) -> None:
    certificates = certificates_in(tmp_path)
    async with served("e3", certificates) as asked:
        own = certificates.of(asked.name)
        party, client = asked.client(own.channel_credentials)
        async with running(client):
            await until(lambda: party.session)
            first = party.session
            before = await shown(asked.port, certificates)
            certificates.renew()
            after = await shown(asked.port, certificates)
            assert before != after
            assert party.session is first  # nobody was thrown out
        party, client = asked.client(own.channel_credentials)
        async with running(client):
            await until(lambda: party.session)
        assert own.material().cert == certificates.files(asked.name).cert.read_bytes()


async def shown(port: int, certificates: Certificates) -> bytes | None:
    """The certificate that the server shows now."""
    context = certificates.of("xapp").client_context()
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("localhost", port, ssl=context)
    secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
    found = secured.getpeercert(binary_form=True)
    writer.close()
    return found
